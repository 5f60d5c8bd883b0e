//! Why a file did not become a plugin, and what to do about it.

use std::io;

use transload_domain::{Fault, PluginName, limits};

use super::ProfileError;

/// Why a file did not become a plugin. Each text says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than a module may be.
    #[error(
        "it has {0} bytes and a module may have {max}; build it with `transload plugin build`, which optimises and strips",
        max = limits::MODULE_BYTES_MAX
    )]
    TooLarge(u64),
    /// It is a folder, a pipe or a device.
    #[error("it is no file; the plugin folder holds .wasm files only")]
    NoFile,
    /// It is machine code.
    #[error(
        "it is precompiled machine code (ELF), which is never taken from the plugin folder; put the .wasm file there"
    )]
    Precompiled,
    /// It is something else than WebAssembly.
    #[error(
        "it is no WebAssembly module (one begins with the bytes 00 61 73 6d); build one with `transload plugin build`"
    )]
    NotWasm,
    /// It ends too early.
    #[error(
        "it is cut off after {0} bytes; copy it again, and rename it into the folder when it is whole"
    )]
    Truncated(usize),
    /// It is not valid WebAssembly.
    #[error("it is not valid WebAssembly: {0}")]
    Invalid(String),
    /// It wants WASI.
    #[error(
        "it imports {0} (WASI), and this version of transload does not serve WASI yet; build it for the target wasm32-unknown-unknown, where no crate may use files, clocks, environment or random numbers of the system"
    )]
    Wasi(String),
    /// It wants something that the host does not have.
    #[error("it imports {import}, which transload does not have; {hint}")]
    Foreign {
        /// What it imports.
        import: String,
        /// What usually brings such an import.
        hint: &'static str,
    },
    /// It was built for another version of the contract.
    #[error(
        "it is built for {0}, and this version of transload serves transload:plugin@1.0.0; build it with a matching transload-plugin crate, or update transload"
    )]
    Version(String),
    /// It exports more of the contract than this version calls.
    #[error(
        "it exports {0}, and this version of transload does not ask a plugin to judge answers yet; export only the world `transform`"
    )]
    Judge(String),
    /// It has lost the description of its types.
    #[error(
        "its `component-type` section is missing, so its types are not known; `wasm-tools strip --all`, `objcopy` and `wasm-opt` with stripping remove it: strip with `strip = true` in the Cargo profile instead, or build with `transload plugin build`"
    )]
    NoTypes,
    /// It does not have what the host would call.
    #[error(
        "it does not export {0}; a plugin crate is a `cdylib` and has `transload_plugin::export!(YourPlugin);` in it"
    )]
    NoExport(String),
    /// It cannot be made a component.
    #[error("it cannot be made a component: {0}")]
    Componentize(String),
    /// It is WebAssembly, but not for this host.
    #[error("it does not fit this host: {0}")]
    Unfit(String),
    /// It could not say what it is.
    #[error("it was asked to describe itself (`describe`), and failed: {0}")]
    Describe(Fault),
    /// What it says of itself is wrong.
    #[error("its profile is wrong {0}")]
    Profile(#[from] ProfileError),
    /// Another file has a plugin of that name.
    #[error(
        "its plugin name {name} is taken by {by}; remove one of the two files, or give the plugin another name"
    )]
    NameTaken {
        /// The name.
        name: PluginName,
        /// The file that has it.
        by: String,
    },
}

impl LoadError {
    pub(super) fn unfit(error: &wasmtime::Error) -> Self {
        Self::Unfit(format!("{error:#}"))
    }
}
