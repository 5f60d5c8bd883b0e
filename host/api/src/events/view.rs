//! How answers show an event.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use transload_domain::{Event, EventId, EventNo, Timestamp};

/// Which event something belongs to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EventSummary {
    /// The id that we gave it.
    pub(crate) id: String,
    /// Its own `id`.
    pub(crate) event_id: String,
    /// Its `source`.
    pub(crate) source: String,
    /// Its `type`.
    pub(crate) r#type: String,
    /// Its `subject`, which is what deliveries are ordered by where a webhook asks for it.
    pub(crate) subject: Option<String>,
    /// When it was accepted; an event that is shown whole tells it.
    #[serde(skip)]
    pub(crate) accepted_at: Timestamp,
}

/// A CloudEvent in its JSON form, the data as it came in.
pub(super) struct CloudEvent<'a>(pub(super) &'a Event);

impl EventSummary {
    /// Of the event with that number.
    pub(crate) fn new(no: EventNo, event: &Event) -> Self {
        let id = EventId::new(no, &event.organization, &event.source, &event.id);
        Self {
            id: id.to_string(),
            event_id: event.id.clone(),
            source: event.source.clone(),
            r#type: event.kind.clone(),
            subject: event.subject.clone(),
            accepted_at: event.accepted_at,
        }
    }
}

impl Serialize for CloudEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let data = RawValue::from_string(event.data.clone()).map_err(serde::ser::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", "1.0")?;
        map.serialize_entry("id", &event.id)?;
        map.serialize_entry("source", &event.source)?;
        map.serialize_entry("type", &event.kind)?;
        if let Some(subject) = &event.subject {
            map.serialize_entry("subject", subject)?;
        }
        if let Some(time) = &event.time {
            map.serialize_entry("time", time)?;
        }
        for (name, value) in &event.extensions {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("data", &data)?;
        map.end()
    }
}
