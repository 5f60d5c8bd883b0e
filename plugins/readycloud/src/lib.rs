//! transload plugin for readycloud.
