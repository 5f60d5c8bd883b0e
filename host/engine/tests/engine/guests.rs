//! Guests made from `tests/hostile`, and an engine to put them into.

use std::{fs, path::PathBuf, sync::Arc};

use transload_domain::{
    Call, Clock, DeliveryKey, Event, EventNo, HookContext, HookNo, HookType, Method, NoState,
    Organization, Part, PluginName, StateSource, Timestamp, WebhookId,
};
use transload_engine::{Engine, EngineOptions, LoadError};
use wit_component::{StringEncoding, embed_component_metadata};

/// The time at which every test takes place.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_123_456);

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

pub(crate) fn options() -> EngineOptions {
    EngineOptions { cache_dir: None, threads: 2, clock: Arc::new(Stopped), memory: None }
}

/// An engine in which these guests run.
pub(crate) fn engine(guests: &[&str]) -> Engine {
    let engine = Engine::new(options()).unwrap();
    for name in guests {
        load(&engine, name).unwrap();
    }
    engine
}

/// Loads a guest of `tests/hostile`.
pub(crate) fn load(engine: &Engine, name: &str) -> Result<(), LoadError> {
    engine.load_bytes(&format!("{name}.wasm"), &module(name)).map(drop)
}

/// A guest's module, with the section that tells its types.
pub(crate) fn module(name: &str) -> Vec<u8> {
    with_types(bare_module(name))
}

/// A guest's module whose profile asks for so many bytes of memory.
pub(crate) fn module_that_asks_for_memory(name: &str, bytes: u32) -> Vec<u8> {
    let limits = format!(r#","limits":{{"memory":{bytes}}}}}"#);
    let profile = profile(name);
    let profile = format!("{}{limits}", profile.strip_suffix('}').unwrap());
    with_types(module_with_profile(name, &profile))
}

/// A guest's module without that section.
pub(crate) fn bare_module(name: &str) -> Vec<u8> {
    module_with_profile(name, &profile(name))
}

fn module_with_profile(name: &str, profile: &str) -> Vec<u8> {
    let own = read(&format!("{name}.wat"));
    let parts = own.lines().next().and_then(|line| line.strip_prefix(";; with:")).unwrap();
    let mut fields: Vec<_> =
        parts.split_whitespace().map(|part| read(&format!("parts/{part}.wat"))).collect();
    fields.push(own.clone());
    let text = format!("(module\n{})", fields.join("\n"))
        .replace("PROFILE_TEXT", &profile.replace('"', "\\22"))
        .replace("PROFILE_BYTES", &profile.len().to_string());
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn with_types(mut module: Vec<u8>) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_path(repository("plugin-sdk/wit")).unwrap();
    let world = resolve.select_world(&[package], Some("transform")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

fn profile(name: &str) -> String {
    format!(
        r#"{{"name":"{name}","version":"1.0.0","title":"{name}","hooks":[{{"type":"h","events":["*"],"method":"PUT"}}]}}"#
    )
}

fn read(file: &str) -> String {
    let path = repository("tests/hostile").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A call of that plugin with a small event.
pub(crate) fn call(plugin: &str) -> Call {
    call_with(plugin, event(r#"{"n":1}"#), NoState)
}

pub(crate) fn call_with(plugin: &str, event: Event, state: impl StateSource + 'static) -> Call {
    let webhook = WebhookId::from_random([7; 16]);
    let key = DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) };
    let hook = HookContext {
        kind: HookType::new("h").unwrap(),
        webhook,
        delivery: key.id(),
        method: Method::Put,
        settings: "{}".into(),
    };
    let plugin = PluginName::new(plugin).unwrap();
    Call { plugin, event: Arc::new(event), hook: Arc::new(hook), state: Box::new(state) }
}

pub(crate) fn event(data: &str) -> Event {
    Event {
        organization: Organization::new("acme").unwrap(),
        id: "1".into(),
        source: "/shop".into(),
        kind: "order.created".into(),
        subject: None,
        time: None,
        extensions: vec![("origin".into(), "shop".into())],
        data: data.into(),
        accepted_at: NOW,
        emulated_for: None,
    }
}
