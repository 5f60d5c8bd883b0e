//! What the loader says of files that are no plugins.

use std::fs;

use transload_domain::limits;
use transload_engine::Engine;

use crate::guests::{
    bare_module, call, engine, module, module_that_asks_for_memory, options, with_types,
};

fn refused(bytes: &[u8]) -> String {
    let engine = Engine::new(options()).unwrap();
    engine.load_bytes("x.wasm", bytes).unwrap_err().to_string()
}

#[test]
fn a_file_that_is_no_plugin_is_told_why_and_what_to_do() {
    let good = module("echo");
    let cut = &good[..good.len() - 100];
    let stripped = bare_module("echo");
    let mut damaged = stripped.clone();
    let functions = damaged.len() / 2;
    damaged[functions..functions + 40].fill(0xff);
    let damaged = with_types(damaged);
    let too_large = vec![0; limits::MODULE_BYTES_MAX + 1];
    for (bytes, words) in [
        (&b"#!/bin/sh\n"[..], &["no WebAssembly module", "plugin build"][..]),
        (b"", &["no WebAssembly module"]),
        (b"\0as", &["cut off after 3 bytes"]),
        (b"\0asm\x01\0", &["cut off after 6 bytes"]),
        (b"\0asm\x07\0\0\0", &["version"]),
        (b"\x7fELF\x02\x01\x01", &["precompiled machine code", ".wasm"]),
        (cut, &["cut off", "copy it again"]),
        (&damaged, &["not valid WebAssembly"]),
        (&too_large, &["16777217 bytes", "16777216"]),
        (&stripped, &["`component-type` section is missing", "objcopy", "strip = true"]),
        (&module("wasm-bindgen"), &["`__wbindgen_describe`", "`uuid`", "feature `js`"]),
        (&module("wasi"), &["`fd_write` from `wasi_snapshot_preview1`", "WASI yet"]),
        (
            &module("newer-interface"),
            &["transload:plugin/log@2.0.0", "serves transload:plugin@1.0.0"],
        ),
        (&module("no-transform"), &["does not export", "#transform", "export!"]),
        (&module("start-trap"), &["describe", "gave up without a message"]),
        (&module("start-loop"), &["describe", "did not end within 1000 ms"]),
        (&module("endless-describe"), &["describe", "did not end within 1000 ms"]),
        (&module("wrong-profile"), &["profile is wrong", "missing field"]),
        (&module("large-memory"), &["memory", "does not fit this host"]),
    ] {
        let reason = refused(bytes);
        for word in words {
            assert!(reason.contains(word), "{reason:?} should say {word:?}");
        }
    }
}

#[test]
fn a_bad_file_never_stops_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("a-broken.wasm", b"nonsense");
    put("b-echo.wasm", &module("echo"));
    put("c-echo-again.wasm", &module("echo"));
    put("d-counter.wasm", &module("counter"));
    put("notes.txt", b"not looked at");
    let engine = Engine::new(options()).unwrap();
    let catalog = engine.load_folder(folder.path());

    let running: Vec<_> = catalog.running.values().map(|plugin| plugin.file.as_str()).collect();
    assert_eq!(running, ["d-counter.wasm", "b-echo.wasm"], "by the plugins' names");
    let failed: Vec<_> = catalog.failed.iter().map(|failed| failed.file.as_str()).collect();
    assert_eq!(failed, ["a-broken.wasm", "c-echo-again.wasm"]);
    let taken = &catalog.failed[1].reason;
    assert!(taken.contains("echo is taken by b-echo.wasm"), "{taken}");
    assert!(engine.transform_here(call("echo")).unwrap().result.is_ok());
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let engine = Engine::new(options()).unwrap();
    let catalog = engine.load_folder("/there/is/no/such/folder".as_ref());
    let reason = &catalog.failed[0].reason;
    assert!(reason.contains("/there/is/no/such/folder cannot be read"), "{reason}");
}

#[test]
fn what_is_loaded_says_what_it_is() {
    let engine = engine(&[]);
    let bytes = module("echo");
    let plugin = engine.load_bytes("echo.wasm", &bytes).unwrap();
    assert_eq!(plugin.reference.digest, transload_domain::Digest::of_file(&bytes));
    assert_eq!((plugin.reference.version.as_str(), plugin.bytes), ("1.0.0", bytes.len() as u64));
    assert_eq!(plugin.loaded_at, crate::guests::NOW);
    assert_eq!(plugin.profile.hooks.len(), 1);
}

#[test]
fn a_catalogue_changes_in_one_step_and_is_told_once() {
    let engine = engine(&["echo"]);
    let mut told = engine.catalog();
    assert_eq!(told.borrow_and_update().running.len(), 1);

    // The same file with another content: the new one runs.
    engine.load_bytes("echo.wasm", &module("counter")).unwrap();
    assert!(told.has_changed().unwrap());
    let names: Vec<_> = told.borrow_and_update().running.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["counter"]);
    assert!(engine.transform_here(call("echo")).is_err());
    assert!(engine.transform_here(call("counter")).unwrap().result.is_ok());

    // A failure changes nothing.
    engine.load_bytes("echo.wasm", b"nonsense").unwrap_err();
    assert!(!told.has_changed().unwrap());
    assert!(engine.transform_here(call("counter")).unwrap().result.is_ok());
}

#[test]
fn a_component_is_taken_as_it_is() {
    let component = wit_component::ComponentEncoder::default()
        .module(&module("echo"))
        .and_then(|encoder| encoder.encode())
        .unwrap();
    let engine = engine(&[]);
    engine.load_bytes("echo.wasm", &component).unwrap();
    assert!(engine.transform_here(call("echo")).unwrap().result.is_ok());
}

#[test]
fn a_plugin_that_asks_for_less_memory_than_it_needs_is_told_at_load() {
    let words = refused(&module_that_asks_for_memory("echo", 64 << 10));
    assert!(words.contains("more than 64 KiB of memory"), "{words}");
    let engine = engine(&[]);
    let enough = module_that_asks_for_memory("echo", 1 << 20);
    engine.load_bytes("echo.wasm", &enough).unwrap();
}

#[test]
fn what_is_no_file_does_not_hold_up_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(folder.path().join("folder.wasm")).unwrap();
    fs::write(folder.path().join("echo.wasm"), module("echo")).unwrap();
    let catalog = engine(&[]).load_folder(folder.path());
    assert_eq!(catalog.running.len(), 1);
    assert_eq!(catalog.failed.len(), 2);
    for failed in &catalog.failed {
        assert!(failed.reason.contains("it is no file"), "{failed:?}");
    }
}
