//! Subscriptions to webhooks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DateTime;

/// Somebody's subscription to webhooks was made, changed or suspended: `webhook.created`, `webhook.updated`. Its
/// token is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: String,
    /// What it is about, as the source names it.
    pub entity: String,
    /// Where its notifications go.
    pub remote_url: String,
    /// Since when it has been suspended, where it is.
    pub suspended_at: Option<DateTime>,
    /// When it was made.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
}
