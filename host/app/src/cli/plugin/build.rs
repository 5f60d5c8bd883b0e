//! `transload plugin build`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use transload_engine::toolchain::{Build, build_plugins};

use crate::cli::{Settings, output};

/// Build plugins from their crates into the plugin folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload plugin build        every plugin of this workspace, or this crate's
  transload plugin build -p acme --plugin-dir /srv/transload/modules

A plugin is a crate with `crate-type = [\"cdylib\", ...]` that depends on
transload-plugin. It is built optimised for wasm32-unknown-unknown, whatever its
own profiles say; the target is added through rustup when it is missing. A module
file that is there is replaced in one step.")]
pub(super) struct Args {
    /// The crate's or workspace's folder.
    #[arg(long, value_name = "DIR", default_value = ".")]
    manifest_dir: PathBuf,
    /// Only these packages.
    #[arg(short, long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// Refuse to change Cargo.lock.
    #[arg(long)]
    locked: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let plugin_dir = self.settings.load()?.config.plugin_dir;
        let packages = match self.packages {
            packages if packages.is_empty() => find_plugins(&self.manifest_dir)?,
            packages => packages,
        };
        let built = build_into(&plugin_dir, &self.manifest_dir, packages, self.locked)?;
        if self.json {
            output::json(&built)?;
        } else {
            built.iter().for_each(|path| output::line(path.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Builds the packages and puts their modules into a folder. What cargo does is shown on stderr.
///
/// # Errors
/// When they do not build, or the folder cannot be written.
pub(in crate::cli) fn build_into(
    folder: &Path,
    manifest_dir: &Path,
    packages: Vec<String>,
    locked: bool,
) -> Result<Vec<PathBuf>> {
    let build =
        Build { manifest_dir: manifest_dir.to_owned(), packages, locked, show_progress: true };
    let modules = build_plugins(&build).context("build the plugins")?;
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    modules
        .iter()
        .map(|module| put(&module.path, &folder.join(format!("{}.wasm", module.name))))
        .collect()
}

/// Copies beside and renames, so that nobody ever sees half a module.
fn put(from: &Path, to: &Path) -> Result<PathBuf> {
    let beside = to.with_extension("new");
    let copied = fs::copy(from, &beside).and_then(|_| fs::rename(&beside, to));
    copied.with_context(|| format!("write {}", to.display()))?;
    Ok(to.to_owned())
}

/// The plugins among the packages of a folder's workspace: those that become a `cdylib` and depend on the SDK. A
/// folder that is a plugin itself has only itself.
///
/// # Errors
/// When cargo cannot tell, or there is none.
pub(super) fn find_plugins(folder: &Path) -> Result<Vec<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(folder)
        .output()
        .context("ask cargo for the packages")?;
    if !told.status.success() {
        bail!("{}", String::from_utf8_lossy(&told.stderr).trim());
    }
    let metadata: Metadata =
        serde_json::from_slice(&told.stdout).context("read what cargo tells of the packages")?;
    let here = folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).join("Cargo.toml");
    let plugins: Vec<&Package> = metadata.packages.iter().filter(|p| p.is_plugin()).collect();
    let names = |plugins: &[&Package]| plugins.iter().map(|p| p.name.clone()).collect();
    if let Some(this) = plugins.iter().find(|package| package.manifest_path == here) {
        return Ok(names(&[this]));
    }
    if plugins.is_empty() {
        bail!(
            "{} has no plugin: a crate with `crate-type = [\"cdylib\", \"rlib\"]` that depends on transload-plugin",
            folder.display()
        );
    }
    Ok(names(&plugins))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

impl Package {
    fn is_plugin(&self) -> bool {
        let is_module = |target: &Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        let is_sdk = |dependency: &Dependency| dependency.name == "transload-plugin";
        self.targets.iter().any(is_module) && self.dependencies.iter().any(is_sdk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspaces_plugins_are_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = find_plugins(&root).unwrap();
        assert!(found.contains(&"transload-plugin-readycloud".to_owned()), "{found:?}");
        assert!(!found.contains(&"transload".to_owned()), "{found:?}");
        let one = find_plugins(&root.join("plugins/readycloud")).unwrap();
        assert_eq!(one, ["transload-plugin-readycloud"]);
        let none = find_plugins(Path::new("/")).unwrap_err().to_string();
        assert!(none.contains("Cargo.toml"), "{none}");
    }

    #[test]
    fn a_module_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("new"), dir.path().join("a.wasm"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        put(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
