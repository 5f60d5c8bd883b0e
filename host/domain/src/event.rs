//! What a company's system posts.

use crate::{Digest, Organization, Timestamp, WebhookId};

/// A CloudEvents 1.0 event with JSON data.
///
/// It is unique by organization, source and id. Source: CloudEvents specification 1.0.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose event it is.
    pub organization: Organization,
    /// `id`, unique within the source.
    pub id: String,
    /// `source`, a URI reference.
    pub source: String,
    /// `type`, dotted lower case.
    pub kind: String,
    /// `subject`.
    pub subject: Option<String>,
    /// `time` as it was given, RFC 3339.
    pub time: Option<String>,
    /// Extension attributes, sorted by name, without repeats. `origin` names the plugin that an event came from.
    pub extensions: Vec<(String, String)>,
    /// `data`: JSON as UTF-8 text.
    pub data: String,
    /// When it was accepted. Not part of its content.
    pub accepted_at: Timestamp,
    /// Where this event was made to try one webhook (`/emulate`): only that webhook gets it. Not part of its content.
    pub emulated_for: Option<WebhookId>,
}

impl Event {
    /// A digest of what makes two events the same: organization, source and id.
    pub fn identity(&self) -> Digest {
        Digest::of_parts(&[
            self.organization.as_str().as_bytes(),
            self.source.as_bytes(),
            self.id.as_bytes(),
        ])
    }

    /// A digest of all that was posted. The same identity with another content is refused.
    pub fn content(&self) -> Digest {
        fn present(text: Option<&String>) -> (&[u8], &[u8]) {
            text.map_or((b"0", b""), |text| (b"1", text.as_bytes()))
        }
        let (has_subject, subject) = present(self.subject.as_ref());
        let (has_time, time) = present(self.time.as_ref());
        let mut parts = vec![
            self.organization.as_str().as_bytes(),
            self.source.as_bytes(),
            self.id.as_bytes(),
            self.kind.as_bytes(),
            has_subject,
            subject,
            has_time,
            time,
            self.data.as_bytes(),
        ];
        for (name, value) in &self.extensions {
            parts.push(name.as_bytes());
            parts.push(value.as_bytes());
        }
        Digest::of_parts(&parts)
    }

    /// The value of an extension attribute.
    pub fn extension(&self, name: &str) -> Option<&str> {
        let found = self.extensions.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The name of the plugin whose vendor this event came from, where it did.
    pub fn origin(&self) -> Option<&str> {
        self.extension("origin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            organization: Organization::new("acme").unwrap(),
            id: "1".into(),
            source: "/shop".into(),
            kind: "order.created".into(),
            subject: None,
            time: None,
            extensions: vec![("origin".into(), "corrigopro".into())],
            data: "{}".into(),
            accepted_at: Timestamp::EPOCH,
            emulated_for: None,
        }
    }

    #[test]
    fn content_is_all_but_the_time_of_acceptance() {
        let later = Event { accepted_at: Timestamp::from_micros(9), ..event() };
        assert_eq!(later.content(), event().content());
        for other in [
            Event { data: "[]".into(), ..event() },
            Event { kind: "order.updated".into(), ..event() },
            Event { subject: Some(String::new()), ..event() },
            Event { time: Some("2026-01-01T00:00:00Z".into()), ..event() },
            Event { extensions: vec![], ..event() },
        ] {
            assert_eq!(other.identity(), event().identity());
            assert_ne!(other.content(), event().content(), "{other:?}");
        }
    }

    #[test]
    fn origin_is_an_extension() {
        assert_eq!(event().origin(), Some("corrigopro"));
    }
}
