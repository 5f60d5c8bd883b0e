//! The commands that are run.

use std::{env, ffi::OsString, process::Command};

use super::Build;

/// What a plugin is built for.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// A profile of its own, so that an author's `release` stays what it is.
const PROFILE: &str = "transload-plugin";

/// What that profile is, in the words of cargo's configuration.
const CONFIG: [&str; 8] = [
    r#"profile.transload-plugin.inherits="release""#,
    "profile.transload-plugin.opt-level=3",
    r#"profile.transload-plugin.lto="fat""#,
    "profile.transload-plugin.codegen-units=1",
    r#"profile.transload-plugin.panic="abort""#,
    "profile.transload-plugin.strip=true",
    "profile.transload-plugin.debug=false",
    // Of the same name several can be given; the last, which is this one, counts.
    r#"target.wasm32-unknown-unknown.rustflags=["-Clink-arg=-zstack-size=65536"]"#,
];

/// Variables of a cargo that this process was started by, or of its user, that would override the settings above.
const NOT_INHERITED: [&str; 6] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// `cargo build` of the plugins.
pub(super) fn cargo(build: &Build) -> Command {
    let mut command = tool("CARGO", "cargo", build);
    command.args(["build", "--lib", "--profile", PROFILE, "--target", TARGET]);
    command.arg("--message-format=json-render-diagnostics");
    for setting in CONFIG {
        command.args(["--config", setting]);
    }
    for package in &build.packages {
        command.args(["--package", package]);
    }
    if build.locked {
        command.arg("--locked");
    }
    command
}

/// Asks where the target's libraries are.
pub(super) fn rustc(build: &Build) -> Command {
    let mut command = tool("RUSTC", "rustc", build);
    command.args(["--print", "target-libdir", "--target", TARGET]);
    command
}

/// Adds the target to the toolchain that builds in this folder.
pub(super) fn rustup(build: &Build) -> Command {
    let mut command = tool("RUSTUP", "rustup", build);
    command.args(["target", "add", TARGET]);
    command
}

/// In the author's folder, so that the author's `rust-toolchain.toml` and `.cargo/config.toml` count.
fn tool(variable: &str, name: &str, build: &Build) -> Command {
    let program = env::var_os(variable).unwrap_or_else(|| OsString::from(name));
    let mut command = Command::new(program);
    command.current_dir(&build.manifest_dir);
    for variable in NOT_INHERITED {
        command.env_remove(variable);
    }
    command
}
