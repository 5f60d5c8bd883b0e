//! transload plugin for corrigopro.
