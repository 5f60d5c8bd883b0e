//! When a failing webhook is suspended, and how others are told.

use std::{collections::VecDeque, fmt::Write as _, time::Duration};

use crate::{Event, SuspendRule, Timestamp, Webhook, limits};

/// The type of the event that tells of a suspension.
pub const SUSPENDED_EVENT: &str = "transload.webhook.suspended";

/// A webhook's recent failures, oldest first: what its rule for suspension looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentFailures(VecDeque<Timestamp>);

impl SuspendRule {
    /// How many of the latest failures must be known to obey it.
    pub fn keep(&self) -> u32 {
        self.more_than.saturating_add(1).min(limits::FAILURES_KEPT_MAX)
    }
}

impl RecentFailures {
    /// These failures, oldest first.
    pub fn new(failures: Vec<Timestamp>) -> Self {
        Self(failures.into())
    }

    /// Adds a failure, and forgets all but the latest `keep`.
    pub fn add(&mut self, at: Timestamp, keep: u32) {
        self.0.push_back(at);
        while self.0.len() > usize::try_from(keep).unwrap_or(usize::MAX) {
            self.0.pop_front();
        }
    }

    /// Why the webhook is to be suspended at `now` by this rule, if it is: more failures than tolerated lie within
    /// the rule's time before now.
    pub fn suspend(&self, rule: SuspendRule, now: Timestamp) -> Option<String> {
        let counts = |at: &&Timestamp| now.since(**at) <= rule.within;
        let count = self.0.iter().filter(counts).count();
        (count >= usize::try_from(rule.keep()).unwrap_or(usize::MAX)).then(|| {
            format!(
                "{count} failures within {}: its rules tolerate {}",
                in_words(rule.within),
                rule.keep() - 1
            )
        })
    }
}

/// Why a webhook is suspended whose vendor showed no sign of life since `since`.
pub fn no_sign_of_life(since: Timestamp, now: Timestamp, latest: &str) -> String {
    let time = in_words(now.since(since));
    format!("no sign of life for {time}: every attempt failed, the latest with: {latest}")
}

/// A time in the largest unit that leaves at least two of it, rounded down.
fn in_words(time: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let seconds = time.as_secs();
    match UNITS.into_iter().find(|(unit, _)| seconds >= 2 * unit) {
        Some((unit, name)) => format!("{} {name}", seconds / unit),
        None => format!("{seconds} seconds"),
    }
}

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

    const HOUR: u64 = 3_600;

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(second))
    }

    /// ReadyCloud: "more than 3 responses other than 200 within 6 hours".
    const READYCLOUD: SuspendRule =
        SuspendRule { more_than: 3, within: Duration::from_secs(6 * HOUR) };

    #[test]
    fn the_fourth_failure_within_six_hours_suspends() {
        let h = HOUR;
        for (what, failures, now, suspends) in [
            ("three are tolerated", vec![1, 2, 3], 3, false),
            ("the fourth is one too many", vec![1, 2, 3, 4], 4, true),
            ("the window slides", vec![0, 2 * h, 4 * h, 6 * h + 1], 6 * h + 1, false),
            ("its edge is within", vec![0, 2 * h, 4 * h, 6 * h], 6 * h, true),
            ("old ones do not count", vec![0, 7 * h, 8 * h, 9 * h], 9 * h, false),
            ("later they are forgotten", vec![1, 2, 3, 4], 9 * h, false),
            ("a clock that is set back forgets none", vec![1, 2, 3, 4], 0, true),
        ] {
            let mut recent = RecentFailures::default();
            for failure in failures {
                recent.add(at(failure), READYCLOUD.keep());
            }
            let found = recent.suspend(READYCLOUD, at(now));
            assert_eq!(found.is_some(), suspends, "{what}: {found:?}");
        }
    }

    #[test]
    fn a_suspension_says_why() {
        let recent = RecentFailures::new((0..4).map(at).collect());
        assert_eq!(
            recent.suspend(READYCLOUD, at(4)).unwrap(),
            "4 failures within 6 hours: its rules tolerate 3"
        );
        assert_eq!(
            no_sign_of_life(at(0), at(5 * 24 * HOUR), "connection refused"),
            "no sign of life for 5 days: every attempt failed, the latest with: connection refused"
        );
    }

    #[test]
    fn a_rule_that_tolerates_more_than_is_kept_is_obeyed_by_what_is_kept() {
        let rule = SuspendRule { more_than: u32::MAX, within: Duration::from_secs(1) };
        let mut recent = RecentFailures::default();
        for _ in 1..limits::FAILURES_KEPT_MAX {
            recent.add(at(0), rule.keep());
        }
        assert_eq!(recent.suspend(rule, at(0)), None);
        recent.add(at(0), rule.keep());
        recent.add(at(0), rule.keep());
        assert!(recent.suspend(rule, at(0)).is_some());
        assert_eq!(recent.0.len(), 1_000);
    }

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
