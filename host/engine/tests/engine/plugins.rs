//! A plugin as an author builds it, from its crate to its request.

use std::sync::{Arc, OnceLock};

use serde_json::Value;
use transload_domain::{Call, Event, HookType, NoState, Outcome};
use transload_engine::toolchain::{Build, ToolchainError, build_plugins};

use crate::guests::{call_with, engine, event, repository};

fn readycloud() -> &'static [u8] {
    static MODULE: OnceLock<Vec<u8>> = OnceLock::new();
    MODULE.get_or_init(|| {
        let modules = build_plugins(&build("plugins/readycloud", &[])).unwrap();
        let [module] = &modules[..] else { panic!("{modules:?}") };
        std::fs::read(&module.path).unwrap()
    })
}

fn build(folder: &str, packages: &[&str]) -> Build {
    Build {
        manifest_dir: repository(folder),
        packages: packages.iter().map(ToString::to_string).collect(),
        locked: true,
        show_progress: false,
    }
}

fn case(name: &str) -> Value {
    let path = repository("plugins/readycloud/cases").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn order_call(data: &str) -> Call {
    let case = case("orders-sample.json");
    let text = |name: &str| case["event"][name].as_str().unwrap().to_owned();
    let event = Event { id: text("id"), source: text("source"), kind: text("type"), ..event(data) };
    let mut call = call_with("readycloud", event, NoState);
    Arc::make_mut(&mut call.hook).kind = HookType::new("orders").unwrap();
    call
}

#[test]
fn readyclouds_sample_order_goes_through_the_sandbox() {
    let engine = engine(&[]);
    let plugin = engine.load_bytes("readycloud.wasm", readycloud()).unwrap();
    assert_eq!(plugin.reference.name.as_str(), "readycloud");
    let case = case("orders-sample.json");
    let ran = engine.transform_here(order_call(&case["event"]["data"].to_string())).unwrap();
    let Ok(Outcome::Deliver(requests)) = ran.result else { panic!("{:?}", ran.result) };
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body, case["expect"]["requests"][0]["body"]);
    assert_eq!(requests[0].method.as_str(), "PUT");
}

#[test]
fn an_event_that_is_wrong_is_refused_with_its_place() {
    let engine = engine(&[]);
    engine.load_bytes("readycloud.wasm", readycloud()).unwrap();
    let fault = engine.transform_here(order_call(r#"{"id": 7}"#)).unwrap().result.unwrap_err();
    assert_eq!(fault.kind(), "invalid_event", "{fault}");
    assert!(fault.to_string().contains("id"), "{fault}");
}

#[test]
fn a_crate_that_does_not_compile_shows_the_compilers_words() {
    let folder = author("[lib]\ncrate-type = [\"cdylib\"]\n", "fn broken( {}");
    let Err(ToolchainError::Build(text)) = build_plugins(&author_build(&folder)) else { panic!() };
    assert!(text.contains("fn broken( {}"), "{text}");
}

#[test]
fn a_crate_that_is_no_plugin_is_told() {
    let folder = author("", "pub fn nothing() {}");
    let refused = build_plugins(&author_build(&folder)).unwrap_err().to_string();
    assert!(refused.contains("crate-type"), "{refused}");
}

#[test]
fn a_package_that_is_not_there_is_told() {
    let refused = build_plugins(&build(".", &["no-such-plugin"])).unwrap_err().to_string();
    assert!(refused.contains("no-such-plugin"), "{refused}");
}

#[test]
fn i10_what_an_authors_code_does_wrong_is_told_with_text_and_place() {
    let sdk = repository("plugin-sdk").canonicalize().unwrap();
    let lib = format!(
        "[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\ntransload-plugin = {{ path = {sdk:?} }}\n"
    );
    let folder = author(&lib, MISBEHAVES);
    let modules = build_plugins(&author_build(&folder)).unwrap();
    let engine = engine(&[]);
    engine.load_file(&modules[0].path).unwrap();
    for (kind, fault, words) in [
        ("go.panic", "panic", "the plugin panicked: boom of event 1 at src/lib.rs:"),
        ("go.index", "panic", "index out of bounds"),
        ("go.deep", "stack", "used up its stack"),
        ("go.hoard", "memory", "more than 64 MiB"),
        ("go.loop", "time", "within 250 ms"),
    ] {
        let event = Event { kind: kind.into(), ..event("{}") };
        let ran = engine.transform_here(call_with("acme", event, NoState)).unwrap();
        let told = ran.result.unwrap_err();
        assert_eq!(told.kind(), fault, "{kind}: {told}");
        assert!(told.to_string().contains(words), "{kind}: {told}");
    }
}

/// A plugin that does what its event's type says.
const MISBEHAVES: &str = r#"
use transload_plugin::prelude::*;

struct Misbehaves;

impl Plugin for Misbehaves {
    type Data = Json;
    type Settings = NoSettings;

    fn profile() -> Profile {
        Profile::new("acme", "1.0.0").title("Acme").hook(Hook::new("h").on("go.*").put())
    }

    fn transform(event: Event<Json>, _: Hook<NoSettings>, _: &mut State) -> Result<Outcome, Fault> {
        match event.kind.as_str() {
            "go.panic" => panic!("boom of event {}", event.id),
            "go.index" => Ok(skip(event.id.as_bytes()[event.id.len()].to_string())),
            "go.deep" => Ok(skip(deeper(event.id.len()).to_string())),
            "go.hoard" => Ok(skip(hoard(event.id.len()).len().to_string())),
            _ => loop {
                std::hint::black_box(&event);
            },
        }
    }
}

fn deeper(depth: usize) -> usize {
    let room = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + std::hint::black_box(&room)[depth % 64]
}

fn hoard(bytes: usize) -> Vec<Vec<u8>> {
    (0..1_000).map(|n| std::hint::black_box(vec![n as u8; bytes << 20])).collect()
}

transload_plugin::export!(Misbehaves);
"#;

/// A crate in a folder of its own.
fn author(lib: &str, source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The repository's lock file and target folder, so that nothing is fetched or compiled that is there already.
    std::fs::copy(repository("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    std::fs::create_dir(folder.path().join(".cargo")).unwrap();
    let target = format!("[build]\ntarget-dir = {:?}\n", repository("target"));
    std::fs::write(folder.path().join(".cargo/config.toml"), target).unwrap();
    let manifest = format!(
        "[package]\nname = \"acme\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{lib}[workspace]\n"
    );
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/lib.rs"), source).unwrap();
    folder
}

fn author_build(folder: &tempfile::TempDir) -> Build {
    Build {
        manifest_dir: folder.path().to_owned(),
        packages: vec![],
        locked: false,
        show_progress: false,
    }
}
