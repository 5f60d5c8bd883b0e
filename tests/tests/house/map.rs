//! The map is true: every test that `host/ARCHITECTURE.md` names exists, and every promise has one.

use std::{collections::HashSet, fs, path::Path};

use transload_tests::modules::repository;

/// Folders that hold no source of ours.
const SKIPPED: [&str; 2] = ["target", ".git"];

#[test]
fn every_promise_is_held_by_tests_that_exist() {
    let map = fs::read_to_string(repository().join("host/ARCHITECTURE.md")).unwrap();
    let mut tests = HashSet::new();
    for folder in ["host", "plugins", "plugin-sdk", "tests"] {
        collect(&repository().join(folder), &mut tests);
    }
    for promise in 1..=10 {
        let prefix = format!("`i{promise}_");
        let mut named = map.match_indices(&prefix).map(|(at, _)| {
            let name = &map[at + 1..];
            &name[..name.find('`').unwrap()]
        });
        let first = named.next();
        assert!(first.is_some(), "the map names no test for I{promise}");
        for name in first.into_iter().chain(named) {
            assert!(tests.contains(name), "the map names {name}, which is no test");
        }
    }
}

/// The names of the functions in a folder's sources.
fn collect(folder: &Path, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let is_skipped = SKIPPED.iter().any(|name| path.ends_with(name));
        if path.is_dir() && !is_skipped {
            collect(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let functions = text.split("fn ").skip(1);
            let name = |text: &str| {
                text.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned)
            };
            names.extend(functions.filter_map(name));
        }
    }
}
