//! The hook types that doo knows.

use schemars::JsonSchema;
use serde::Deserialize;
use transload_plugin::{Hook, profile};

/// What a notification tells, as doo names it. The first seven are in doo's document, those about attendees in newer
/// pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are doo's, and say all that is known")]
pub enum HookType {
    EventCreated,
    EventRemoved,
    EventUpdated,
    OrderCreated,
    OrderRemoved,
    OrderUpdated,
    OrderCancelled,
    AttendeePending,
    AttendeeValidated,
    AttendeeCancelled,
    AttendeeCheckin,
}

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Event,
    Order,
    Attendee,
}

impl HookType {
    /// Every type.
    pub const ALL: [Self; 11] = [
        Self::EventCreated,
        Self::EventRemoved,
        Self::EventUpdated,
        Self::OrderCreated,
        Self::OrderRemoved,
        Self::OrderUpdated,
        Self::OrderCancelled,
        Self::AttendeePending,
        Self::AttendeeValidated,
        Self::AttendeeCancelled,
        Self::AttendeeCheckin,
    ];

    /// The type of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// doo's name of it.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// doo's name, and the type of the events that are told with it.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::EventCreated => ("event_created", "event.created"),
            Self::EventRemoved => ("event_removed", "event.removed"),
            Self::EventUpdated => ("event_updated", "event.updated"),
            Self::OrderCreated => ("order_created", "order.created"),
            Self::OrderRemoved => ("order_removed", "order.removed"),
            Self::OrderUpdated => ("order_updated", "order.updated"),
            Self::OrderCancelled => ("order_cancelled", "order.cancelled"),
            Self::AttendeePending => ("attendee_pending", "attendee.pending"),
            Self::AttendeeValidated => ("attendee_validated", "attendee.validated"),
            Self::AttendeeCancelled => ("attendee_cancelled", "attendee.cancelled"),
            Self::AttendeeCheckin => ("attendee_checkin", "attendee.checked_in"),
        }
    }

    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::EventCreated | Self::EventRemoved | Self::EventUpdated => Subject::Event,
            Self::OrderCreated | Self::OrderRemoved | Self::OrderUpdated | Self::OrderCancelled => {
                Subject::Order
            }
            Self::AttendeePending
            | Self::AttendeeValidated
            | Self::AttendeeCancelled
            | Self::AttendeeCheckin => Subject::Attendee,
        }
    }

    /// The hook for the plugin's profile.
    pub(crate) fn described(self) -> profile::Hook {
        let (name, event_type) = self.names();
        Hook::new(name).post().on(event_type).example(event_type, self.subject().example())
    }
}

impl Subject {
    /// Where the data names doo's event, a JSON Pointer.
    pub(crate) fn place_of_event_id(self) -> &'static str {
        match self {
            Self::Event => "/id",
            Self::Order => "/booking/appointment_id",
            Self::Attendee => "/appointment_id",
        }
    }

    /// Data of an event to try it with.
    fn example(self) -> &'static str {
        match self {
            Self::Event => include_str!("../examples/event.json"),
            Self::Order => include_str!("../examples/order.json"),
            Self::Attendee => include_str!("../examples/attendee.json"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use transload_plugin::serde_json;

    #[test]
    fn a_name_in_the_settings_is_the_hook_types_name() {
        for kind in HookType::ALL {
            let name = serde_json::Value::from(kind.name());
            assert_eq!(serde_json::from_value::<HookType>(name).unwrap(), kind);
            assert_eq!(HookType::of(kind.name()), Some(kind));
        }
    }
}
