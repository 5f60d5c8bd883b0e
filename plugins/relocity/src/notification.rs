//! The default body.

use serde::Serialize;
use transload_model::WorkOrderEvent;
use transload_plugin::Event;

/// Our own assumption, all of it. `type`, `timestamp` and `data` are what Standard Webhooks 1.0.0 advises for a body;
/// `id` is the delivery's, so that a receiver can tell a repetition.
#[derive(Serialize)]
pub(crate) struct Notification {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: WorkOrderEvent,
}

impl Notification {
    /// The body about this event.
    pub(crate) fn new(event: Event<WorkOrderEvent>, delivery_id: &str) -> Self {
        let occurred_at = event.data.occurred_at.as_ref().map(ToString::to_string);
        Self {
            id: delivery_id.to_owned(),
            kind: event.kind,
            timestamp: occurred_at.unwrap_or(event.time),
            data: event.data,
        }
    }
}
