//! The way from a crate to a module: `cargo build` for `wasm32-unknown-unknown`, as a plugin wants to be built.
//!
//! It knows cargo and rustup and nothing of wasmtime. `transload plugin build`, the demo, tests and benchmarks all
//! build through it, so that what is tested is what is shipped. Several processes may build at the same time:
//! cargo's own lock makes them wait for each other.

mod command;
mod error;
mod output;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

pub use self::error::ToolchainError;
use self::{
    command::{TARGET, cargo, rustc, rustup},
    output::modules_of,
};

/// What to build, and how.
#[derive(Clone, Debug)]
pub struct Build {
    /// The folder of the author's crate or workspace, with its `Cargo.toml`.
    pub manifest_dir: PathBuf,
    /// Packages of the workspace; empty for the one in the folder.
    pub packages: Vec<String>,
    /// Refuses to change `Cargo.lock` (`cargo --locked`).
    pub locked: bool,
    /// Lets cargo and rustup write what they do to this process's standard error, as progress for people.
    pub show_progress: bool,
}

/// A module that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The crate's name, with underscores.
    pub name: String,
    /// The `.wasm` file, in the author's target folder.
    pub path: PathBuf,
}

/// Builds plugins: optimised, stripped of names but not of types, a panic a trap, and a stack of 64 KiB, because the
/// host clears a plugin's memory for each call. None of it has to stand in the author's manifest. The wasm target is
/// installed through rustup where it is missing.
///
/// # Errors
/// What is missing or does not compile, with the compiler's own words.
pub fn build_plugins(build: &Build) -> Result<Vec<Module>, ToolchainError> {
    add_target_if_missing(build)?;
    let errors = tempfile::tempfile().map_err(ToolchainError::Io)?;
    let mut command = cargo(build);
    command.stdout(Stdio::piped()).stderr(sink(build, &errors)?);
    let mut child = command.spawn().map_err(|error| ToolchainError::no_tool("cargo", error))?;
    let modules = modules_of(&mut child).map_err(ToolchainError::Io)?;
    finish(child, errors, ToolchainError::Build)?;
    if modules.is_empty() {
        return Err(ToolchainError::NoModule(build.manifest_dir.clone()));
    }
    Ok(modules)
}

fn add_target_if_missing(build: &Build) -> Result<(), ToolchainError> {
    let output = rustc(build).output().map_err(|error| ToolchainError::no_tool("rustc", error))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(ToolchainError::Target(text));
    }
    // rustc names the folder of a target's libraries whether they are there or not.
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    if build.show_progress {
        eprintln!("adding the target {TARGET} through rustup");
    }
    let errors = tempfile::tempfile().map_err(ToolchainError::Io)?;
    let mut command = rustup(build);
    command.stdout(Stdio::null()).stderr(sink(build, &errors)?);
    let child = command.spawn().map_err(|_| ToolchainError::NoRustup)?;
    finish(child, errors, ToolchainError::Target)
}

/// Where a tool's messages go: to the person who waits, or to a file for the error's text.
fn sink(build: &Build, errors: &File) -> Result<Stdio, ToolchainError> {
    if build.show_progress {
        return Ok(Stdio::inherit());
    }
    Ok(errors.try_clone().map_err(ToolchainError::Io)?.into())
}

fn finish(
    mut child: Child,
    mut errors: File,
    failed: fn(String) -> ToolchainError,
) -> Result<(), ToolchainError> {
    use std::io::Seek;
    let status = child.wait().map_err(ToolchainError::Io)?;
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    errors.rewind().map_err(ToolchainError::Io)?;
    errors.read_to_string(&mut text).map_err(ToolchainError::Io)?;
    Err(failed(if text.is_empty() { "its messages are above".to_owned() } else { text }))
}
