//! What happened.

use serde::de::DeserializeOwned;

use crate::{Fault, Json};

/// A CloudEvents 1.0 event. Source: CloudEvents specification 1.0.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<T> {
    /// `id`, unique within the source.
    pub id: String,
    /// `source`, a URI reference.
    pub source: String,
    /// `type`, dotted lower case: `order.created`.
    pub kind: String,
    /// `subject`.
    pub subject: Option<String>,
    /// `time`, RFC 3339; the time of acceptance where the event brought none.
    pub time: String,
    /// Whose event it is.
    pub organization: String,
    /// Extension attributes, sorted by name.
    pub extensions: Vec<(String, String)>,
    /// What is told.
    pub data: T,
}

impl<T> Event<T> {
    /// The value of an extension attribute.
    pub fn extension(&self, name: &str) -> Option<&str> {
        let found = self.extensions.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The event without its data, and the data.
    pub fn split(self) -> (Event<()>, T) {
        let Self { id, source, kind, subject, time, organization, extensions, data } = self;
        (Event { id, source, kind, subject, time, organization, extensions, data: () }, data)
    }

    /// The same event with other data.
    pub fn with<U>(self, data: U) -> Event<U> {
        let (event, _) = self.split();
        let Event { id, source, kind, subject, time, organization, extensions, data: () } = event;
        Event { id, source, kind, subject, time, organization, extensions, data }
    }
}

impl Event<Json> {
    /// Reads the data.
    ///
    /// # Errors
    /// [`Fault::InvalidEvent`] with the path to what does not fit, and what was expected there.
    pub fn parse<T: DeserializeOwned>(self) -> Result<Event<T>, Fault> {
        let (event, data) = self.split();
        let data = data.parse("data").map_err(Fault::InvalidEvent)?;
        Ok(event.with(data))
    }
}
