//! ReadyCloud's sample order, natively and through the sandbox.

use std::{fs, path::PathBuf, sync::Arc};

use serde_json::Value;
use transload_domain::{
    Call, DeliveryKey, Event, EventNo, HookContext, HookNo, HookType, Method, NoState,
    Organization, Outcome, Part, PluginName, Timestamp, WebhookId,
};
use transload_engine::{
    Engine,
    toolchain::{Build, build_plugins},
};
use transload_plugin::{self as sdk, Json, State, testing::MemoryState};
use transload_plugin_readycloud::ReadyCloud;

pub(crate) struct Order {
    event: Arc<Event>,
    hook: Arc<HookContext>,
}

/// The plugin, as `transload plugin build` makes it.
pub(crate) fn module() -> Vec<u8> {
    let build = Build {
        manifest_dir: repository("plugins/readycloud"),
        packages: Vec::new(),
        locked: true,
        show_progress: true,
    };
    let modules = build_plugins(&build).expect("the plugin builds");
    fs::read(&modules[0].path).expect("cargo says where the module is")
}

impl Order {
    pub(crate) fn read() -> Self {
        let path = repository("plugins/readycloud/cases/orders-with-one-item.json");
        let text = fs::read_to_string(path).expect("the case is there");
        let case: Value = serde_json::from_str(&text).expect("the case is JSON");
        let member = |name: &str| case["event"][name].as_str().expect("a text").to_owned();
        let event = Event {
            organization: Organization::new("acme").expect("a name"),
            id: member("id"),
            source: member("source"),
            kind: member("type"),
            subject: Some(member("subject")),
            time: Some(member("time")),
            extensions: Vec::new(),
            data: case["event"]["data"].to_string(),
            accepted_at: Timestamp::from_micros(1_700_000_000_000_000),
            emulated_for: None,
        };
        let webhook = WebhookId::from_random([7; 16]);
        let key = DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) };
        let hook = Arc::new(HookContext {
            kind: HookType::new("orders").expect("a name"),
            webhook,
            delivery: key.id(),
            method: Method::Put,
            settings: "{}".into(),
        });
        Self { event: Arc::new(event), hook }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.event.data.len()
    }

    pub(crate) fn call(&self) -> Call {
        self.call_of("readycloud")
    }

    /// The same for the plugin under another name.
    pub(crate) fn call_of(&self, plugin: &str) -> Call {
        Call {
            plugin: PluginName::new(plugin).expect("a name"),
            event: Arc::clone(&self.event),
            hook: Arc::clone(&self.hook),
            state: Box::new(NoState),
        }
    }

    /// The body, made by the plugin's own code on this machine: what a host without a sandbox would do.
    pub(crate) fn native(&self) -> Vec<u8> {
        let event = &*self.event;
        let event = sdk::Event {
            id: event.id.clone(),
            source: event.source.clone(),
            kind: event.kind.clone(),
            subject: event.subject.clone(),
            time: event.time.clone().unwrap_or_default(),
            organization: event.organization.as_str().to_owned(),
            extensions: event.extensions.clone(),
            data: Json::new(event.data.clone()),
        };
        let hook = sdk::Hook {
            kind: self.hook.kind.as_str().to_owned(),
            webhook_id: self.hook.webhook.to_string(),
            delivery_id: self.hook.delivery.to_string(),
            accepted_at: String::new(),
            settings: Json::new(self.hook.settings.clone()),
        };
        let mut state = State::new(MemoryState::default());
        let made = sdk::testing::run::<ReadyCloud>(event, hook, &mut state).expect("it transforms");
        let sdk::Outcome::Deliver(requests) = made else { panic!("it delivers") };
        requests[0].body().to_vec()
    }

    /// The body, made in the sandbox.
    pub(crate) fn sandboxed(&self, engine: &Engine) -> Vec<u8> {
        let ran = engine.transform_here(self.call()).expect("it runs");
        let Ok(Outcome::Deliver(mut requests)) = ran.result else { panic!("{:?}", ran.result) };
        requests.remove(0).body
    }
}

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
