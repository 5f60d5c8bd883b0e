//! What a webhook can set.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use transload_plugin::prelude::*;
use transload_template::JsonTemplate;

use crate::HookType;

/// What a webhook can set.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Only what belongs to this event is sent, by its id, as doo's configurations have it.
    pub event_id: Option<String>,
    /// The body of each hook type, as JSON with placeholders: `%EVENT_ID%` is the id of doo's event. Where there is
    /// none for a hook type, a body is sent whose form is our own assumption, since doo publishes no list of members.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"enum": HookType::ALL.map(HookType::name)}))]
    pub bodies: BTreeMap<HookType, JsonTemplate>,
}

impl Settings {
    /// Why this webhook does not want to hear of something that belongs to this event.
    pub(crate) fn leaves_out(&self, event_id: Option<&str>) -> Option<String> {
        let wanted = self.event_id.as_deref()?;
        if event_id == Some(wanted) {
            return None;
        }
        let about = event_id.map_or_else(|| "no event".to_owned(), |id| format!("event {id:?}"));
        Some(format!("this webhook is for event {wanted:?} only, and this belongs to {about}"))
    }
}
