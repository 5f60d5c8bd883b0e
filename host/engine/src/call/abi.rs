//! The types of `transload:plugin@1.0.0` as they cross the border. They follow `plugin-sdk/wit/transload.wit`
//! word by word; wasmtime compares them with what a component declares before they are used.

use wasmtime::component::{ComponentType, Lift, Lower};

/// The interface that a plugin exports.
pub(crate) const PLUGIN: &str = "transload:plugin/plugin@1.0.0";
/// The interface by which a plugin logs.
pub(crate) const LOG: &str = "transload:plugin/log@1.0.0";
/// The interface by which a plugin keeps state.
pub(crate) const STATE: &str = "transload:plugin/state@1.0.0";

#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Event<'a> {
    pub(super) id: &'a str,
    pub(super) source: &'a str,
    #[component(name = "type")]
    pub(super) kind: &'a str,
    pub(super) subject: Option<&'a str>,
    pub(super) time: &'a str,
    pub(super) organization: &'a str,
    pub(super) extensions: &'a [(String, String)],
    pub(super) data: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Hook<'a> {
    #[component(name = "type")]
    pub(super) kind: &'a str,
    #[component(name = "webhook-id")]
    pub(super) webhook: &'a str,
    #[component(name = "delivery-id")]
    pub(super) delivery: &'a str,
    #[component(name = "accepted-at")]
    pub(super) accepted_at: &'a str,
    pub(super) settings: &'a str,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct Request {
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum Outcome {
    #[component(name = "deliver")]
    Deliver(Vec<Request>),
    #[component(name = "skip")]
    Skip(String),
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum Fault {
    #[component(name = "invalid-event")]
    InvalidEvent(String),
    #[component(name = "retry-later")]
    RetryLater(String),
    #[component(name = "internal")]
    Internal(String),
}

#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "the values are made by what `Lift` derives")]
pub(super) enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// `describe`.
pub(super) type Describe = wasmtime::component::TypedFunc<(), (String,)>;
/// `transform`.
pub(super) type Transform<'a> =
    wasmtime::component::TypedFunc<(Event<'a>, Hook<'a>), (Result<Outcome, Fault>,)>;
