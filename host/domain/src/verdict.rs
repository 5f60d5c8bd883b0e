//! What an answer means, and what becomes of the delivery.

use std::time::Duration;

use crate::{
    AttemptOutcome, Head, Rules, SendFailureKind, Sign, Status, Success, Timestamp, limits,
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

/// What follows from an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of the delivery.
    pub verdict: Verdict,
    /// What the exchange shows about the vendor.
    pub sign: Sign,
    /// How long the vendor asks to be left alone by all of the webhook's deliveries (429 and 503).
    pub pause: Option<Duration>,
    /// Whether it is a failure by the rule for suspension.
    pub counts: bool,
    /// Why the webhook is to be suspended, whatever its rule says.
    pub suspend: Option<String>,
}

/// Judges the exchange of this delivery that ended at `now`, by the webhook's rules. `random` is any number, spread
/// over its whole range.
///
/// Everything but success is tried again by the schedule, because the vendors document "anything else is sent
/// again" (doo, ReadyCloud, CorrigoPro); rules can name statuses that are final. A request that cannot be made is
/// final too: it would fail in the same way every time. 410 means that the endpoint is gone for good (Standard
/// Webhooks): the webhook is suspended and the delivery is kept, to go out first when somebody resumes it. The
/// schedule counts from the last time that somebody asked for the delivery. What is on trial suspends nothing.
pub fn judge(
    outcome: &AttemptOutcome,
    rules: &Rules<'_>,
    head: &Head,
    now: Timestamp,
    random: u32,
) -> Judgement {
    let number = head.round() + 1;
    let again = |reason: String, asked| match rules.retry.next(number, now, asked, random) {
        Some(at) => Verdict::Retry { at, reason },
        None => Verdict::Dead { reason: format!("given up after {number} attempts: {reason}") },
    };
    let mut judgement = Judgement {
        verdict: Verdict::Delivered,
        sign: Sign::of(outcome, rules.success),
        pause: None,
        counts: false,
        suspend: None,
    };
    match outcome {
        AttemptOutcome::Answered(answer) if rules.success.includes(answer.status) => {}
        AttemptOutcome::Answered(answer) => {
            let status = answer.status;
            let redirects =
                if (300..400).contains(&status) { "; redirects are not followed" } else { "" };
            let wanted = wanted(rules.success);
            let reason = format!("the vendor answered {status}, {wanted}{redirects}");
            let gone = status == GONE && !head.emulated;
            judgement.verdict = if rules.final_statuses.contains(&status) {
                Verdict::Dead { reason: format!("{reason}; by the webhook's rules this is final") }
            } else if gone && number < limits::ATTEMPTS_MAX {
                Verdict::Retry { at: now, reason }
            } else {
                again(reason, answer.retry_after)
            };
            judgement.pause = answer.retry_after.filter(|_| matches!(status, 429 | 503));
            judgement.counts = !head.emulated;
            judgement.suspend = gone.then(|| {
                "the vendor answered 410: it says that this endpoint is gone for good".to_owned()
            });
        }
        AttemptOutcome::Failed(failure) => {
            let reason = failure.detail.clone();
            judgement.verdict = match failure.kind {
                SendFailureKind::Unsendable => Verdict::Dead { reason },
                _ => again(reason, None),
            };
            judgement.counts = !head.emulated && is_the_vendors(failure.kind);
        }
    }
    judgement
}

/// The status of an endpoint that is gone for good.
const GONE: u16 = 410;

/// Whether the vendor is to blame, and not the webhook's configuration or its token endpoint.
fn is_the_vendors(kind: SendFailureKind) -> bool {
    match kind {
        SendFailureKind::Resolve
        | SendFailureKind::Connect
        | SendFailureKind::Tls
        | SendFailureKind::Timeout
        | SendFailureKind::Broken => true,
        SendFailureKind::Refused
        | SendFailureKind::Token
        | SendFailureKind::Credentials
        | SendFailureKind::Unsendable => false,
    }
}

/// The head after a verdict on an attempt that ended at `now`. Its time never goes back, so that what was moved after
/// some time is known to have been.
#[must_use]
pub fn advance(head: &Head, verdict: &Verdict, now: Timestamp) -> Head {
    let (status, due) = match verdict {
        Verdict::Delivered => (Status::Delivered, now),
        Verdict::Retry { at, .. } => (head.status, *at),
        Verdict::Dead { .. } => (Status::Dead, now),
    };
    Head { status, attempts: head.attempts + 1, due, at: now.max(head.at), ..*head }
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
    use super::*;
    use crate::{
        Answer, DeliveryKey, EventNo, HookNo, Overrides, Part, Profile, SendFailure, WebhookId,
        testing,
    };

    const NOW: Timestamp = Timestamp::from_micros(5_000_000);

    fn profile(success: Success, max_attempts: u32) -> Profile {
        let mut profile = testing::profile();
        profile.success = success;
        profile.retry.max_attempts = max_attempts;
        profile
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

    fn head() -> Head {
        let webhook = WebhookId::from_random([1; 16]);
        let key = DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) };
        Head::new(key, Status::Scheduled, NOW, NOW)
    }

    /// The judgement on the attempt with this number of the round.
    fn judged(outcome: &AttemptOutcome, profile: &Profile, number: u32) -> Judgement {
        let head = Head { attempts: 40 + number - 1, earlier: 40, ..head() };
        judge(outcome, &profile.rules(&Overrides::default()), &head, NOW, 0)
    }

    /// A verdict in short: seconds for a retry, a text for dead.
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
        let gone_is_good = profile(Success::Exactly(vec![200, 410]), 3);
        for (profile, number, outcome, expected) in [
            (&exactly_200, 1, answered(200, None), "delivered"),
            (&exactly_200, 1, answered(201, None), "retry in 60"),
            (&any_2xx, 1, answered(204, None), "delivered"),
            (&any_2xx, 1, answered(302, None), "retry in 60"),
            (&any_2xx, 1, answered(400, None), "retry in 60"),
            (&any_2xx, 1, answered(503, Some(90)), "retry in 90"),
            (&any_2xx, 1, answered(410, None), "retry in 0"),
            (&any_2xx, 3, answered(410, None), "retry in 0"),
            (&gone_is_good, 1, answered(410, None), "delivered"),
            (&any_2xx, 2, failed(SendFailureKind::Timeout), "retry in 60"),
            (&any_2xx, 2, failed(SendFailureKind::Credentials), "retry in 60"),
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
                "dead: the vendor answered 422, not 200; by the webhook's rules this is final",
            ),
        ] {
            let verdict = judged(&outcome, profile, number).verdict;
            assert_eq!(in_short(&verdict), expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_webhooks_own_rules_come_before_its_profiles() {
        let profile = profile(Success::Exactly(vec![200]), 3);
        let schedule = vec![Duration::from_secs(7)];
        let overrides = Overrides {
            success: Some(Success::Any2xx),
            final_statuses: Some(vec![404]),
            retry: Some(crate::RetryPolicy { schedule, ..crate::RetryPolicy::standard() }),
            ..Overrides::default()
        };
        for (status, expected) in [(201, "delivered"), (404, "dead"), (422, "retry in 7")] {
            let outcome = answered(status, None);
            let judgement = judge(&outcome, &profile.rules(&overrides), &head(), NOW, 0);
            assert!(in_short(&judgement.verdict).starts_with(expected), "{status}: {judgement:?}");
        }
    }

    #[test]
    fn what_an_answer_means_beyond_its_delivery() {
        let profile = profile(Success::Any2xx, 3);
        for (outcome, pause, counts, suspends) in [
            (answered(200, Some(9)), None, false, false),
            (answered(429, Some(9)), Some(9), true, false),
            (answered(503, Some(9)), Some(9), true, false),
            (answered(503, None), None, true, false),
            (answered(500, Some(9)), None, true, false),
            (answered(404, None), None, true, false),
            (answered(410, None), None, true, true),
            (failed(SendFailureKind::Timeout), None, true, false),
            (failed(SendFailureKind::Resolve), None, true, false),
            (failed(SendFailureKind::Refused), None, false, false),
            (failed(SendFailureKind::Token), None, false, false),
            (failed(SendFailureKind::Credentials), None, false, false),
            (failed(SendFailureKind::Unsendable), None, false, false),
        ] {
            let judgement = judged(&outcome, &profile, 1);
            let found = (judgement.pause, judgement.counts, judgement.suspend.is_some());
            assert_eq!(found, (pause.map(Duration::from_secs), counts, suspends), "{outcome:?}");
            let overrides = Overrides::default();
            let rules = profile.rules(&overrides);
            let trial = Head { emulated: true, ..head() };
            let trial = judge(&outcome, &rules, &trial, NOW, 0);
            assert_eq!((trial.counts, trial.suspend), (false, None), "on trial: {outcome:?}");
        }
    }

    #[test]
    fn i9_every_delivery_ends_whatever_the_vendor_does() {
        for (status, attempts) in [(500, 5), (410, limits::ATTEMPTS_MAX)] {
            let profile = profile(Success::Any2xx, 5);
            let overrides = Overrides::default();
            let rules = profile.rules(&overrides);
            let (mut head, mut now) = (head(), NOW);
            while head.status.is_open() {
                now = now.max(head.due);
                let judgement = judge(&answered(status, None), &rules, &head, now, u32::MAX);
                head = advance(&head, &judgement.verdict, now);
                assert!(head.attempts <= attempts, "{head:?}");
            }
            assert_eq!((head.status, head.attempts), (Status::Dead, attempts));
        }
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
        let late = Head { at: later, ..head() };
        assert_eq!(advance(&late, &Verdict::Delivered, NOW).at, later, "its time never goes back");
    }
}
