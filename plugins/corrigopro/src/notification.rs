//! A notification: the header, and what its action has beside it.

use serde::Serialize;
use transload_model::WorkOrderEvent;
use transload_plugin::{Event, Fault, Hook};

use crate::{
    Action, Settings,
    body::{self, Body},
    header::Header,
};

/// What the vendor receives.
#[derive(Serialize)]
pub(crate) struct Notification {
    #[serde(rename = "Header")]
    header: Header,
    #[serde(flatten)]
    body: Body,
}

impl Notification {
    /// The notification about this event.
    ///
    /// # Errors
    /// [`Fault::InvalidEvent`] when the action cannot do without something that the event does not have.
    pub(crate) fn new(
        action: Action,
        event: Event<WorkOrderEvent>,
        hook: &Hook<Settings>,
    ) -> Result<Self, Fault> {
        let header = Header::new(action, &event, hook)?;
        let body = body::of(action, event, &hook.settings)?;
        Ok(Self { header, body })
    }
}
