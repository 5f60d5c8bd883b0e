//! Where an event is to go.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::profile;

/// The hook that the event is for: one notification type of one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook<S> {
    /// One of the hook types of the plugin's profile.
    pub kind: String,
    /// The webhook.
    pub webhook_id: String,
    /// A lower-case UUID, the same on every retry and every re-run. Where an outcome has several requests, it is the
    /// id of the first.
    pub delivery_id: String,
    /// RFC 3339, UTC, with microseconds. It stands in for a clock.
    pub accepted_at: String,
    /// The webhook's settings.
    pub settings: S,
}

/// A webhook of this plugin has nothing to set. A setting is refused, since nobody would read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

impl Hook<()> {
    /// Begins the description of a hook type for a [`Profile`](profile::Profile).
    #[expect(clippy::new_ret_no_self, reason = "an author writes Hook::new in a profile too")]
    pub fn new(kind: impl Into<String>) -> profile::Hook {
        profile::Hook::new(kind)
    }
}

impl<S> Hook<S> {
    /// The same hook with other settings.
    pub fn with<T>(self, settings: T) -> Hook<T> {
        let Self { kind, webhook_id, delivery_id, accepted_at, settings: _ } = self;
        Hook { kind, webhook_id, delivery_id, accepted_at, settings }
    }
}
