//! Suspended webhooks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DateTime;

/// transload holds a webhook's deliveries because its vendor failed too often or somebody said so:
/// `transload.webhook.suspended`. transload itself tells of it, to whatever other webhook wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspension {
    /// The webhook's id.
    pub webhook_id: String,
    /// The webhook's name, for people.
    pub name: String,
    /// The plugin that serves it.
    pub plugin: String,
    /// Since when it has been suspended.
    pub suspended_at: DateTime,
    /// Why, in words.
    pub reason: String,
}
