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
