//! The message header, which every notification has.

use serde::Serialize;
use transload_model::{DateTime, WorkOrderEvent, work_order::Role};
use transload_plugin::{Event, Fault, Hook};

use crate::{Action, Settings, value::Time};

/// The version of the interface that is followed.
const API_VERSION: &str = "1.1";
/// Who sends when a technician has checked out by telephone.
const TELEPHONE_SYSTEM: &str = "IVR";

/// The message header.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Header {
    work_order_id: i64,
    branch_id: i64,
    sender: Sender,
    action: &'static str,
    action_date: Time,
    api_version: &'static str,
    message_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sender {
    name: String,
    phone: Option<String>,
    #[serde(rename = "Type")]
    kind: &'static str,
}

impl Header {
    /// The header of a notification about this event. The branch and who acted are the webhook's where the event does
    /// not say.
    pub(crate) fn new(
        action: Action,
        event: &Event<WorkOrderEvent>,
        hook: &Hook<Settings>,
    ) -> Result<Self, Fault> {
        let branch = event.data.branch_id.or(hook.settings.branch_id).ok_or_else(|| {
            Fault::invalid_event("data.branch_id is missing, and this webhook has no branch_id set")
        })?;
        Ok(Self {
            work_order_id: event.data.work_order_id,
            branch_id: branch,
            sender: sender(action, event, &hook.settings)?,
            action: action.name(),
            action_date: Time(action_date(event)?),
            api_version: API_VERSION,
            message_id: hook.delivery_id.clone(),
        })
    }
}

/// When it happened; the event's time where its data does not say.
pub(crate) fn action_date(event: &Event<WorkOrderEvent>) -> Result<DateTime, Fault> {
    match &event.data.occurred_at {
        Some(time) => Ok(time.clone()),
        None => event
            .time
            .parse()
            .map_err(|error| Fault::invalid_event(format!("the event's time: {error}"))),
    }
}

fn sender(
    action: Action,
    event: &Event<WorkOrderEvent>,
    settings: &Settings,
) -> Result<Sender, Fault> {
    let role = event.data.actor.as_ref().and_then(|actor| actor.role);
    let kind = match role.unwrap_or(action.usual_role()) {
        Role::Customer => "Customer",
        Role::Provider => "CorrigoPro",
    };
    let (name, phone) = match (&event.data.actor, &settings.sender) {
        (Some(actor), _) => (actor.name.clone(), actor.phone.clone()),
        (None, _) if action == Action::NeedsCompletionDetails => (TELEPHONE_SYSTEM.into(), None),
        (None, Some(sender)) => (sender.name.clone(), sender.phone.clone()),
        (None, None) => {
            return Err(Fault::invalid_event(
                "data.actor is missing, and this webhook has no sender set",
            ));
        }
    };
    Ok(Sender { name, phone, kind })
}
