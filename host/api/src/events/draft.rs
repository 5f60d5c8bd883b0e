//! An event as it came in, before it is judged.

use std::collections::BTreeMap;

use transload_domain::{Event, Organization, Timestamp, limits::EVENT_EXTENSIONS_MAX};

use super::attributes::{JSON, fault_of_name, fault_of_value};
use crate::{body::MediaType, pointer::Pointer, problem::InputError, raw};

/// An event as it came in, in whichever form, and the faults that were seen so far.
///
/// Pointers lead into the event in its JSON form, also where it came in headers: `ce-type` is `#/type`.
pub(crate) struct Draft {
    at: Pointer,
    attributes: BTreeMap<String, String>,
    data: Option<String>,
    faults: Vec<InputError>,
}

impl Draft {
    /// An empty one, which stands at that place of the posted document.
    pub(crate) fn new(at: Pointer) -> Self {
        Self { at, attributes: BTreeMap::new(), data: None, faults: Vec::new() }
    }

    /// Notes a fault of a member.
    pub(crate) fn fault(&mut self, member: &str, detail: impl Into<String>) {
        self.faults.push(InputError::new(self.at.member(member), detail));
    }

    /// Adds an attribute.
    pub(crate) fn attribute(&mut self, name: &str, value: String) {
        if let Some(detail) = fault_of_name(name).or_else(|| fault_of_value(name, &value)) {
            self.fault(name, detail);
        }
        if self.attributes.insert(name.to_owned(), value).is_some() {
            self.fault(name, format!("{name} stands there twice"));
        }
    }

    /// Adds an attribute that is not there.
    pub(crate) fn attribute_or(&mut self, name: &str, value: impl FnOnce() -> String) {
        if !self.attributes.contains_key(name) {
            self.attribute(name, value());
        }
    }

    /// Adds the data, which must be JSON. It is kept as it is, but for white space around it, so that numbers keep
    /// their digits and members their order.
    pub(crate) fn data(&mut self, member: &str, text: &str) {
        if let Err(error) = raw::check(text) {
            self.fault(member, format!("the data is not sound JSON: {error}"));
        }
        if self.data.replace(raw::trim(text).to_owned()).is_some() {
            self.fault(member, "an event has either data or data_base64");
        }
    }

    /// The event, or all that is wrong with it. An event without data gets the data `null`.
    ///
    /// # Errors
    /// The faults, in the order in which they were met; at least one.
    pub(crate) fn judge(
        mut self,
        organization: Organization,
        accepted_at: Timestamp,
    ) -> Result<Event, Vec<InputError>> {
        for required in ["specversion", "id", "source", "type"] {
            if !self.attributes.contains_key(required) {
                let seen = self.faults.iter().any(|f| f.pointer == self.at.member(required));
                if !seen {
                    self.fault(required, format!("{required} is missing"));
                }
            }
        }
        self.attributes.remove("specversion");
        // What JSON data is anyway need not be said; another +json type is kept like an extension.
        let plain = |text: &String| {
            text == JSON || MediaType::parse(text).is_some_and(|media| media.essence == JSON)
        };
        if self.attributes.get("datacontenttype").is_some_and(plain) {
            self.attributes.remove("datacontenttype");
        }
        let mut take = |name: &str| self.attributes.remove(name);
        let (id, source, kind) = (take("id"), take("source"), take("type"));
        let (subject, time) = (take("subject"), take("time"));
        if self.attributes.len() > EVENT_EXTENSIONS_MAX {
            let detail = format!("an event has at most {EVENT_EXTENSIONS_MAX} extensions");
            self.faults.push(InputError::new(self.at.clone(), detail));
        }
        match (self.faults.is_empty(), id, source, kind) {
            (true, Some(id), Some(source), Some(kind)) => Ok(Event {
                organization,
                id,
                source,
                kind,
                subject,
                time,
                // A map gives them sorted and without repeats.
                extensions: self.attributes.into_iter().collect(),
                data: self.data.unwrap_or_else(|| "null".to_owned()),
                accepted_at,
                emulated_for: None,
            }),
            _ => Err(self.faults),
        }
    }
}
