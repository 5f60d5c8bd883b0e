//! What comes out of running a plugin.

use std::{sync::Arc, time::Duration};

use crate::{DeliveryId, Event, HookType, Method, PluginName, PluginRef, Request, WebhookId};

/// What a plugin made of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Requests for the vendor, at least one. `None` as method means the hook's own, already filled in here.
    Deliver(Vec<Request>),
    /// Nothing is to be sent, and why.
    Skip(String),
}

/// Why a transform made nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The plugin says that the event cannot become this vendor's payload.
    #[error("the plugin refuses the event: {0}")]
    InvalidEvent(String),
    /// The plugin asks for time.
    #[error("the plugin asks to be run again later: {0}")]
    RetryLater(String),
    /// The plugin says that it is at fault.
    #[error("the plugin reports a fault of its own: {0}")]
    Internal(String),
    /// The plugin panicked; the text and its place, where it told them.
    #[error("the plugin panicked: {0}")]
    Panic(String),
    /// The plugin trapped in another way.
    #[error("the plugin trapped: {0}")]
    Trap(String),
    /// The plugin did not end in time.
    #[error("the plugin did not end within {} ms", .0.as_millis())]
    Time(Duration),
    /// The plugin wanted more memory than it may have.
    #[error("the plugin wanted more than {} of memory", bytes_in_words(*.0))]
    Memory(u64),
    /// The plugin used up its stack: the host's for its calls, or its own for its values.
    #[error("the plugin used up its stack; does it call itself without end?")]
    Stack,
    /// The plugin returned what it must not: too much, or what is no request.
    #[error("the plugin returned what cannot be sent: {0}")]
    Output(String),
    /// The plugin used its state wrongly.
    #[error("the plugin used its state wrongly: {0}")]
    State(String),
}

fn bytes_in_words(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{} KiB", bytes >> 10)
    }
}

impl Fault {
    /// Its kind, for metrics and the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidEvent(_) => "invalid_event",
            Self::RetryLater(_) => "retry_later",
            Self::Internal(_) => "internal",
            Self::Panic(_) => "panic",
            Self::Trap(_) => "trap",
            Self::Time(_) => "time",
            Self::Memory(_) => "memory",
            Self::Stack => "stack",
            Self::Output(_) => "output",
            Self::State(_) => "state",
        }
    }

    /// Whether running the same plugin on the same event again could end differently.
    pub fn is_worth_another_run(&self) -> bool {
        matches!(self, Self::RetryLater(_))
    }
}

/// All that one run of a transform left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transformed {
    /// Which plugin ran.
    pub plugin: PluginRef,
    /// The outcome, or why there is none.
    pub result: Result<Outcome, Fault>,
    /// What was read of the plugin's state, first reads only.
    pub reads: Vec<StateRead>,
    /// What is to change in the plugin's state, the last change of each key; empty after a fault.
    pub writes: Vec<StateWrite>,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
    /// Log lines that were over the limit.
    pub log_dropped: u32,
    /// How long the run held its thread: processor time, and what it waited for its state. Time in which the machine
    /// ran something else is no part of it.
    pub took: Duration,
}

/// A state key that a run read, and the revision that it saw. 0 stands for a key that was not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRead {
    /// The key.
    pub key: String,
    /// The revision.
    pub revision: u64,
}

/// A state key that is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWrite {
    /// The key.
    pub key: String,
    /// The new value; none deletes.
    pub value: Option<Vec<u8>>,
}

/// A line that a plugin logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How grave it is.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
}

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For the plugin's author.
    Debug,
    /// For those who want to follow.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

/// One run of a transform: which plugin, on what.
pub struct Call {
    /// Which plugin; the version that runs when the call begins.
    pub plugin: PluginName,
    /// The event.
    pub event: Arc<Event>,
    /// Where it is to go.
    pub hook: Arc<HookContext>,
    /// Where the plugin's state is read.
    pub state: Box<dyn StateSource>,
}

/// What a plugin is told about the hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookContext {
    /// The hook's type.
    pub kind: HookType,
    /// The webhook.
    pub webhook: WebhookId,
    /// The id of the outcome's first delivery.
    pub delivery: DeliveryId,
    /// The method of a request that names none.
    pub method: Method,
    /// The webhook's settings, JSON text.
    pub settings: String,
}

/// Where a running plugin's state is read. Called on the plugin's thread, which may block.
pub trait StateSource: Send {
    /// The value of a key and its revision, from 1; `None` where there is none.
    ///
    /// # Errors
    /// When the store cannot be read; the run is then given up and may be repeated.
    fn get(&self, key: &str) -> Result<Option<(u64, Vec<u8>)>, String>;
}

/// Plugin state that is always empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoState;

impl StateSource for NoState {
    fn get(&self, _key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
        Ok(None)
    }
}

/// Why a transform was not run at all. Nothing is said about the event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRun {
    /// No plugin of that name runs.
    #[error("plugin {0} is not loaded")]
    Missing(PluginName),
    /// The plugin's state could not be read.
    #[error("plugin state could not be read: {0}")]
    State(String),
    /// The host lacks what it takes to run the plugin.
    #[error("the host could not run the plugin: {0}")]
    Host(String),
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    Closed,
}
