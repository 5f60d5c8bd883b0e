//! transload's plugin host: the only crate that knows wasmtime.
//!
//! It loads the modules of the plugin folder, checks what they want and what they say of themselves, and runs
//! transforms: each in a fresh instance, under limits, on threads of its own. It answers with an outcome or a
//! fault; what a fault means is decided by the domain. It knows nothing of deliveries, stores and HTTP clients.
//!
//! Where to begin: [`Engine`] is all that other rooms use; `load` is the way of a file to a plugin, `call` the way
//! of an event through it, `toolchain` the way from a crate to a module (no wasmtime in it).

mod call;
mod engine;
mod load;
mod pool;
mod runtime;
mod ticker;
pub mod toolchain;

pub use engine::{Engine, EngineError, EngineOptions};
pub use load::{LoadError, ProfileError};
pub use runtime::MemoryMode;
