//! transload's nouns and decisions.
//!
//! This crate decides and never does: no I/O, no clock, no randomness of its own, no async, no serde.
//! Time and random numbers come in as arguments, so that a delivery's whole life can be tested in
//! microseconds. How a value looks as JSON, as a stored row or to a plugin is the business of the rooms
//! above.

mod agenda;
mod attempt;
mod authentication;
mod breaker;
mod catalog;
mod delivery;
mod event;
mod id;
pub mod limits;
pub mod made;
mod pattern;
mod profile;
mod redrive;
mod replay;
mod retry;
mod signing;
mod suspension;
#[cfg(test)]
mod testing;
mod time;
mod transform;
mod vault;
mod verdict;
mod webhook;

pub use agenda::{Agenda, Gate, Lane};
pub use attempt::{Answer, Attempt, AttemptOutcome, SendFailure, SendFailureKind};
pub use authentication::{
    Authentication, AuthenticationKind, ClientAuthentication, ClientCredentials,
};
pub use breaker::{Breaker, Cause, Sign, Tripped};
pub use catalog::{Catalog, FailedPlugin, LoadedPlugin};
pub use delivery::{Content, Delivery, Head, Made, Method, PluginRef, Request, Status};
pub use event::Event;
pub use id::{
    DeliveryId, DeliveryKey, Digest, EventId, EventNo, HookNo, HookType, InvalidName, OrderKey,
    Organization, Part, PluginName, ReplayId, WebhookId,
};
pub use pattern::{InvalidPattern, Pattern};
pub use profile::{
    AskedLimits, Example, Profile, ProfileHook, Rules, Success, SuspendRule, TokenHeader,
};
pub use redrive::{Wish, redrive};
pub use replay::{Place, Progress, Replay, Selection, Stage};
pub use retry::RetryPolicy;
pub use signing::{Signing, SigningKey, SigningScheme};
pub use suspension::{RecentFailures, SUSPENDED_EVENT, no_sign_of_life, suspended_event};
pub use time::{Clock, Random, Timestamp};
pub use transform::{
    Call, Fault, HookContext, LogLevel, LogLine, NoState, NotRun, Outcome, StateRead, StateSource,
    StateWrite, Transformed,
};
pub use vault::{Sealed, Unsealable, Vault};
pub use verdict::{Judgement, Verdict, advance, judge};
pub use webhook::{Filter, Hook, Ordering, Overrides, Suspend, Webhook, WebhookLimits};
