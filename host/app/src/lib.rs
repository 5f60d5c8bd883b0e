//! transload: delivers events to vendors through sandboxed WebAssembly plugins.
