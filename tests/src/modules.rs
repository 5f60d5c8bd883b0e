//! The modules of this repository's plugins, built when they are asked for.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use transload_engine::toolchain::{Build, build_plugins};

/// The repository's root.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// A case of a plugin: `cases("corrigopro", "work-order-created")`.
///
/// # Errors
/// When the file is not there or is no JSON.
pub fn case(plugin: &str, name: &str) -> anyhow::Result<serde_json::Value> {
    let file = repository().join("plugins").join(plugin).join("cases").join(format!("{name}.json"));
    let text = std::fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("parse {}", file.display()))
}

/// Builds plugins of this repository into a folder: `build(&["readycloud"], folder)`. `moody` is the tests' own
/// guest.
///
/// # Errors
/// When one does not compile; with the compiler's words.
pub fn build(plugins: &[&str], folder: &Path) -> anyhow::Result<()> {
    let (guests, vendors): (Vec<&str>, Vec<&str>) =
        plugins.iter().partition(|name| **name == "moody");
    for guest in guests {
        build_in(repository().join("tests/guests").join(guest), Vec::new(), folder)?;
    }
    if vendors.is_empty() {
        return Ok(());
    }
    let packages = vendors.iter().map(|vendor| format!("transload-plugin-{vendor}")).collect();
    build_in(repository(), packages, folder)
}

fn build_in(manifest_dir: PathBuf, packages: Vec<String>, folder: &Path) -> anyhow::Result<()> {
    let build = Build { manifest_dir, packages, locked: true, show_progress: false };
    for module in build_plugins(&build)? {
        let name = module.path.file_name().context("a module without a name")?;
        std::fs::copy(&module.path, folder.join(name)).context("copy the module")?;
    }
    Ok(())
}
