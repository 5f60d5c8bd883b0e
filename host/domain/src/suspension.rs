//! When a failing webhook is suspended, and how others are told.

use std::fmt::Write as _;

use crate::{Event, Timestamp, Webhook};

/// The type of the event that tells of a suspension.
pub const SUSPENDED_EVENT: &str = "transload.webhook.suspended";

/// The event that tells of a webhook's suspension at `at`. It is accepted together with the suspension, and goes to
/// every webhook of the organization whose plugin takes events of this type.
///
/// Its identity is made of the webhook and the time, so that one suspension is told once.
pub fn suspended_event(webhook: &Webhook, at: Timestamp, reason: &str) -> Event {
    let id = webhook.id.to_string();
    let time = at.rfc3339();
    let data = format!(
        r#"{{"webhook_id":{},"name":{},"plugin":{},"suspended_at":{},"reason":{}}}"#,
        quoted(&id),
        quoted(&webhook.name),
        quoted(webhook.plugin.as_str()),
        quoted(&time),
        quoted(reason),
    );
    Event {
        organization: webhook.organization.clone(),
        id: format!("{id}/{}", at.as_micros()),
        source: format!("/transload/webhooks/{id}"),
        kind: SUSPENDED_EVENT.to_owned(),
        subject: Some(id),
        time: Some(time),
        extensions: Vec::new(),
        data,
        accepted_at: at,
        emulated_for: None,
    }
}

/// The text as a JSON string (RFC 8259, section 7). This room knows no serde; five texts need none.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{0}'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::webhook;

    #[test]
    fn a_suspension_is_told_as_an_event_of_its_own() {
        let mut webhook = webhook();
        webhook.name = "the \"big\" one\n".into();
        let at = Timestamp::from_micros(1_536_055_928_167_161);
        let event = suspended_event(&webhook, at, r"C:\ is gone");
        let id = webhook.id;
        assert_eq!(event.kind, "transload.webhook.suspended");
        assert_eq!(event.source, format!("/transload/webhooks/{id}"));
        assert_eq!(event.id, format!("{id}/1536055928167161"));
        assert_eq!(event.subject, Some(id.to_string()));
        assert_eq!((event.organization, event.accepted_at), (webhook.organization, at));
        assert_eq!(
            event.data,
            format!(
                r#"{{"webhook_id":"{id}","name":"the \"big\" one\u000a","plugin":"acme","suspended_at":"2018-09-04T10:12:08.167161Z","reason":"C:\\ is gone"}}"#
            )
        );
    }
}
