//! Compiled modules on disk: used, private, and never trusted blindly.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use transload_engine::{Engine, EngineError, EngineOptions};

use crate::guests::{call, load, module, options};

fn engine(cache: &Path) -> Result<Engine, EngineError> {
    Engine::new(EngineOptions { cache_dir: Some(cache.to_owned()), ..options() })
}

/// Loads `echo`, which must work whatever lies in the cache.
fn start(cache: &Path) {
    let engine = engine(cache).unwrap();
    load(&engine, "echo").unwrap();
    assert!(engine.transform_here(call("echo")).unwrap().result.is_ok());
}

fn files(cache: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(cache).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

fn compiled(cache: &Path) -> PathBuf {
    let mut files = files(cache);
    files.retain(|path| path.extension().unwrap() == "cwasm");
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn written(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn a_module_is_compiled_once() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("deep/cache");
    start(&cache);
    let mode = fs::metadata(&cache).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{mode:o}");
    let before = written(&compiled(&cache));
    start(&cache);
    assert_eq!(written(&compiled(&cache)), before, "it was not written again");
    assert_eq!(files(&cache).len(), 2, "nothing temporary is left");
}

#[test]
fn a_damaged_file_is_ignored_and_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    start(&cache);
    let file = compiled(&cache);
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&b""[..], b"not machine code", &whole[..whole.len() / 2], &flipped] {
        fs::write(&file, damaged).unwrap();
        start(&cache);
        assert_eq!(fs::read(&file).unwrap().len(), whole.len());
        assert!(fs::read(&file).unwrap() != damaged, "it is still the damaged one");
    }
}

#[test]
fn a_file_of_another_engine_is_ignored_and_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    start(&cache);
    // Whole, as its digest says, but no code of this wasmtime.
    let foreign = b"\x7fELF of another engine";
    let file = compiled(&cache);
    fs::write(&file, foreign).unwrap();
    let digest = transload_domain::Digest::of_file(foreign).to_string();
    fs::write(file.with_extension("sha256"), digest).unwrap();
    start(&cache);
    assert!(fs::read(&file).unwrap() != foreign, "it is still the foreign one");
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).unwrap();
    for mode in [0o777, 0o770, 0o755, 0o701] {
        fs::set_permissions(&cache, fs::Permissions::from_mode(mode)).unwrap();
        let refused = engine(&cache).err().expect("it is open to others").to_string();
        assert!(refused.contains("is open to other users"), "{refused}");
        assert!(refused.contains("remove it"), "{refused}");
    }
}

#[test]
fn machine_code_is_never_taken_from_the_plugin_folder() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    start(&cache);
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    fs::copy(compiled(&cache), plugins.join("echo.wasm")).unwrap();
    fs::write(plugins.join("good.wasm"), module("echo")).unwrap();
    let catalog = engine(&cache).unwrap().load_folder(&plugins);
    assert!(catalog.failed[0].reason.contains("precompiled machine code"));
    assert_eq!(catalog.running.len(), 1);
}
