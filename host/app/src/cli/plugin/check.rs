//! `transload plugin check`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use serde::Serialize;
use transload_domain::LoadedPlugin;
use transload_engine::Engine;

use super::engine;
use crate::cli::output;

/// Load modules as the host would, and say why one does not load.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload plugin check modules/acme.wasm
  transload plugin check modules --json

A folder is checked as the host loads it: every *.wasm in it, and no two with the
same plugin name. Exit code 1 when one does not load, or when there is none.")]
pub(super) struct Args {
    /// Modules (.wasm), or folders of them.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What a module turned out to be.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    ok: bool,
    plugin: Option<String>,
    version: Option<String>,
    digest: Option<String>,
    hooks: Vec<String>,
    reason: Option<String>,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut all = Vec::new();
        for path in &self.paths {
            // An engine of its own for each: two folders may well hold the same plugin.
            let engine = engine()?;
            if path.is_dir() {
                all.extend(check_folder(&engine, path));
            } else {
                all.push(check_file(&engine, path));
            }
        }
        let ok = !all.is_empty() && all.iter().all(|checked| checked.ok);
        if self.json {
            output::json(&all)?;
        } else {
            all.iter().for_each(Checked::print);
            if all.is_empty() {
                output::error("there is no .wasm file; `transload plugin build` makes them");
            }
        }
        Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn check_file(engine: &Engine, path: &Path) -> Checked {
    match engine.load_file(path) {
        Ok(plugin) => Checked::good(path, &plugin),
        Err(error) => Checked::bad(path, error.to_string()),
    }
}

fn check_folder(engine: &Engine, folder: &Path) -> Vec<Checked> {
    let catalog = engine.load_folder(folder);
    let good =
        catalog.running.values().map(|plugin| Checked::good(&folder.join(&plugin.file), plugin));
    let bad = catalog
        .failed
        .iter()
        .map(|failed| Checked::bad(&folder.join(&failed.file), failed.reason.clone()));
    let mut all: Vec<Checked> = good.chain(bad).collect();
    all.sort_by(|one, other| one.file.cmp(&other.file));
    all
}

impl Checked {
    fn good(path: &Path, plugin: &LoadedPlugin) -> Self {
        let hooks = plugin.profile.hooks.iter().map(|hook| hook.kind.to_string());
        Self {
            file: path.display().to_string(),
            ok: true,
            plugin: Some(plugin.reference.name.to_string()),
            version: Some(plugin.reference.version.clone()),
            digest: Some(plugin.reference.digest.to_string()),
            hooks: hooks.collect(),
            reason: None,
        }
    }

    fn bad(path: &Path, reason: String) -> Self {
        Self {
            file: path.display().to_string(),
            ok: false,
            plugin: None,
            version: None,
            digest: None,
            hooks: Vec::new(),
            reason: Some(reason),
        }
    }

    fn print(&self) {
        match (&self.plugin, &self.version, &self.reason) {
            (Some(plugin), Some(version), _) => output::line(format_args!(
                "ok    {}: {plugin} {version}, hooks {}",
                self.file,
                self.hooks.join(", ")
            )),
            (_, _, reason) => output::line(format_args!(
                "FAIL  {}: {}",
                self.file,
                reason.as_deref().unwrap_or_default()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_folder_say_why_a_module_does_not_load() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("text.wasm"), "not a module").unwrap();
        std::fs::write(dir.path().join("note.txt"), "not looked at").unwrap();
        let engine = engine().unwrap();
        let file = check_file(&engine, &dir.path().join("text.wasm"));
        assert!(!file.ok && file.reason.unwrap().contains("no WebAssembly module"));
        let folder = check_folder(&engine, dir.path());
        assert_eq!(folder.len(), 1);
        assert!(!folder[0].ok && folder[0].file.ends_with("text.wasm"));
        let missing = check_file(&engine, &dir.path().join("gone.wasm"));
        assert!(missing.reason.unwrap().contains("cannot be read"));
    }
}
