//! transload's HTTP API: status codes and JSON.
