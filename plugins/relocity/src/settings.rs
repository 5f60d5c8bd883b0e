//! What a webhook can set.

use schemars::JsonSchema;
use transload_plugin::prelude::*;
use transload_template::{JsonTemplate, PathTemplate};

/// What a webhook can set. Relocity publishes neither a path nor a body; what is sent where these are not set is our
/// own assumption.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is appended to the hook's endpoint, like `/work-orders/%WORK_ORDER_ID%`; nothing where it is not set.
    pub path: Option<PathTemplate>,
    /// The body, as JSON with placeholders: `%WORK_ORDER_ID%` is the work order's number. The event's data can then
    /// have any form.
    pub body: Option<JsonTemplate>,
}
