//! transload's plugin host: the only crate that knows wasmtime.
