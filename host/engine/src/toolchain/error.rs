//! Why a crate did not become a module.

use std::{io, path::PathBuf};

/// Why a crate did not become a module.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// A tool of the Rust toolchain cannot be started.
    #[error(
        "`{tool}` cannot be started: {error}; install Rust from https://rustup.rs and open a new shell"
    )]
    NoTool {
        /// Which.
        tool: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The target is missing and rustup is not there to add it.
    #[error(
        "this Rust toolchain cannot build for wasm32-unknown-unknown, and rustup, which could add that target, cannot be started; install Rust from https://rustup.rs, or the distribution's package of that target"
    )]
    NoRustup,
    /// The target could not be added.
    #[error("the target wasm32-unknown-unknown could not be added: {0}")]
    Target(String),
    /// It does not compile.
    #[error("cargo could not build it:\n{0}")]
    Build(String),
    /// It compiles, but not to a module.
    #[error(
        "{} has no plugin: put `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]` in the plugin's Cargo.toml, or name the package",
        .0.display()
    )]
    NoModule(PathBuf),
    /// The machine.
    #[error("the build could not be watched: {0}")]
    Io(#[source] io::Error),
}

impl ToolchainError {
    pub(super) fn no_tool(tool: &'static str, error: io::Error) -> Self {
        Self::NoTool { tool, error }
    }
}
