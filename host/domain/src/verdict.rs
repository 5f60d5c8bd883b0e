//! What an answer means, and what becomes of the delivery.

use crate::{
    AttemptOutcome, Head, Profile, RetryPolicy, SendFailureKind, Status, Success, Timestamp,
};

/// What was decided about a delivery after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The vendor has it.
    Delivered,
    /// It is tried again at that time, and why.
    Retry {
        /// When.
        at: Timestamp,
        /// What was wrong.
        reason: String,
    },
    /// It is a dead letter, and why.
    Dead {
        /// Why.
        reason: String,
    },
}

/// Judges the attempt with this `number`, which ended at `now`, by the vendor's rules.
///
/// Everything but success is tried again by the schedule, because the vendors document "anything else is sent
/// again" (doo, ReadyCloud, CorrigoPro); a profile can name statuses that are final. A request that cannot be made
/// is final too: it would fail in the same way every time.
pub fn judge(
    outcome: &AttemptOutcome,
    profile: &Profile,
    number: u32,
    now: Timestamp,
    random: u32,
) -> Verdict {
    let (reason, asked) = match outcome {
        AttemptOutcome::Answered(answer) => {
            if profile.success.includes(answer.status) {
                return Verdict::Delivered;
            }
            let reason =
                format!("the vendor answered {}, {}", answer.status, wanted(&profile.success));
            if profile.final_statuses.contains(&answer.status) {
                return Verdict::Dead {
                    reason: format!("{reason}; its profile says that this is final"),
                };
            }
            (reason, answer.retry_after)
        }
        AttemptOutcome::Failed(failure) => {
            let reason = failure.detail.clone();
            if failure.kind == SendFailureKind::Unsendable {
                return Verdict::Dead { reason };
            }
            (reason, None)
        }
    };
    again(&profile.retry, number, now, asked, random, reason)
}

/// The head after a verdict on an attempt that ended at `now`.
#[must_use]
pub fn advance(head: &Head, verdict: &Verdict, now: Timestamp) -> Head {
    let (status, due) = match verdict {
        Verdict::Delivered => (Status::Delivered, now),
        Verdict::Retry { at, .. } => (head.status, *at),
        Verdict::Dead { .. } => (Status::Dead, now),
    };
    Head { status, attempts: head.attempts + 1, due, at: now, ..*head }
}

fn again(
    policy: &RetryPolicy,
    number: u32,
    now: Timestamp,
    asked: Option<std::time::Duration>,
    random: u32,
    reason: String,
) -> Verdict {
    match policy.next(number, now, asked, random) {
        Some(at) => Verdict::Retry { at, reason },
        None => Verdict::Dead { reason: format!("given up after {number} attempts: {reason}") },
    }
}

fn wanted(success: &Success) -> String {
    match success {
        Success::Any2xx => "not 2xx".to_owned(),
        Success::Exactly(statuses) => {
            let list: Vec<String> = statuses.iter().map(u16::to_string).collect();
            format!("not {}", list.join(" or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        Answer, AskedLimits, AuthenticationKind, DeliveryKey, EventNo, HookNo, Part, PluginName,
        SendFailure, TokenHeader, WebhookId,
    };

    const NOW: Timestamp = Timestamp::from_micros(5_000_000);

    fn profile(success: Success, max_attempts: u32) -> Profile {
        Profile {
            name: PluginName::new("acme").unwrap(),
            version: "1.0.0".into(),
            title: "Acme".into(),
            homepage: None,
            hooks: vec![],
            authentication: vec![AuthenticationKind::None],
            token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
            success,
            final_statuses: vec![422],
            retry: RetryPolicy {
                schedule: vec![Duration::from_secs(60)],
                repeat_last: true,
                max_attempts,
                jitter_percent: 0,
            },
            suspend: None,
            suppress_echo: false,
            expect_continue: false,
            settings_schema: None,
            limits: AskedLimits::default(),
        }
    }

    fn answered(status: u16, retry_after: Option<u64>) -> AttemptOutcome {
        let retry_after = retry_after.map(Duration::from_secs);
        AttemptOutcome::Answered(Answer {
            status,
            headers: vec![],
            body: vec![],
            cut: false,
            retry_after,
            resent: false,
        })
    }

    fn failed(kind: SendFailureKind) -> AttemptOutcome {
        AttemptOutcome::Failed(SendFailure { kind, detail: "it broke".into() })
    }

    /// `Some(seconds)` for a retry, `None` for delivered, a text for dead.
    fn in_short(verdict: &Verdict) -> String {
        match verdict {
            Verdict::Delivered => "delivered".into(),
            Verdict::Retry { at, .. } => format!("retry in {}", at.since(NOW).as_secs()),
            Verdict::Dead { reason } => format!("dead: {reason}"),
        }
    }

    #[test]
    fn answers_are_judged_by_the_vendors_rules() {
        let exactly_200 = profile(Success::Exactly(vec![200]), 3);
        let any_2xx = profile(Success::Any2xx, 3);
        for (profile, number, outcome, expected) in [
            (&exactly_200, 1, answered(200, None), "delivered"),
            (&exactly_200, 1, answered(201, None), "retry in 60"),
            (&any_2xx, 1, answered(204, None), "delivered"),
            (&any_2xx, 1, answered(302, None), "retry in 60"),
            (&any_2xx, 1, answered(400, None), "retry in 60"),
            (&any_2xx, 1, answered(503, Some(90)), "retry in 90"),
            (&any_2xx, 2, failed(SendFailureKind::Timeout), "retry in 60"),
            (
                &any_2xx,
                3,
                failed(SendFailureKind::Connect),
                "dead: given up after 3 attempts: it broke",
            ),
            (&any_2xx, 1, failed(SendFailureKind::Unsendable), "dead: it broke"),
            (
                &exactly_200,
                1,
                answered(422, None),
                "dead: the vendor answered 422, not 200; its profile says that this is final",
            ),
        ] {
            let verdict = judge(&outcome, profile, number, NOW, 0);
            assert_eq!(in_short(&verdict), expected, "{outcome:?}");
        }
    }

    #[test]
    fn i9_every_delivery_ends_whatever_the_vendor_does() {
        let profile = profile(Success::Any2xx, 5);
        let mut head = head();
        let mut now = NOW;
        let mut steps = 0;
        while head.status.is_open() {
            now = now.max(head.due);
            let verdict = judge(&answered(500, None), &profile, head.attempts + 1, now, u32::MAX);
            head = advance(&head, &verdict, now);
            steps += 1;
            assert!(steps <= 5, "{head:?}");
        }
        assert_eq!((head.status, head.attempts), (Status::Dead, 5));
    }

    #[test]
    fn a_verdict_moves_the_head() {
        let later = NOW.after(Duration::from_secs(9));
        for (verdict, status, due) in [
            (Verdict::Delivered, Status::Delivered, NOW),
            (Verdict::Retry { at: later, reason: String::new() }, Status::Scheduled, later),
            (Verdict::Dead { reason: String::new() }, Status::Dead, NOW),
        ] {
            let after = advance(&head(), &verdict, NOW);
            assert_eq!((after.status, after.due, after.attempts, after.at), (status, due, 1, NOW));
        }
    }

    fn head() -> Head {
        let webhook = WebhookId::from_random([1; 16]);
        let key = DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) };
        Head::new(key, Status::Scheduled, NOW, NOW)
    }
}
