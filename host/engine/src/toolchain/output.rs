//! What cargo says that it has built.

use std::{
    io::{self, BufRead, BufReader},
    path::PathBuf,
    process::Child,
};

use serde::Deserialize;

use super::Module;

/// A line of `cargo build --message-format=json`; other members and other reasons are left aside.
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// Reads all that cargo says until it ends, and keeps the modules.
pub(super) fn modules_of(child: &mut Child) -> io::Result<Vec<Module>> {
    let Some(stdout) = child.stdout.take() else { return Ok(Vec::new()) };
    let mut modules = Vec::new();
    for line in BufReader::new(stdout).lines() {
        modules.extend(module(&line?));
    }
    Ok(modules)
}

fn module(line: &str) -> Option<Module> {
    let message: Message = serde_json::from_str(line).ok()?;
    let target = message.target?;
    let is_module = message.reason == "compiler-artifact"
        && target.crate_types.iter().any(|kind| kind == "cdylib");
    let wasm = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "wasm");
    let path = is_module.then(|| message.filenames.into_iter().find(wasm))??;
    Some(Module { name: target.name, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_module_among_what_cargo_says() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///w#acme@1.0.0",
            "target":{"kind":["cdylib","rlib"],"crate_types":["cdylib","rlib"],"name":"acme"},
            "filenames":["/w/target/libacme.rlib","/w/target/acme.wasm"],"fresh":true}"#;
        let acme = Module { name: "acme".into(), path: "/w/target/acme.wasm".into() };
        assert_eq!(module(line), Some(acme));
        for other in [
            line.replace("compiler-artifact", "build-finished"),
            line.replace("cdylib", "lib"),
            line.replace(".wasm", ".so"),
            r#"{"reason":"build-finished","success":true}"#.into(),
            "Hello from a build script".into(),
        ] {
            assert_eq!(module(&other), None, "{other}");
        }
    }
}
