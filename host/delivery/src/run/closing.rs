//! Making dead letters of deliveries for which nothing can be sent any more.

use std::borrow::Cow;

use transload_domain::{
    Attempt, AttemptOutcome, Content, Head, Made, SendFailure, SendFailureKind, Status, Timestamp,
    Verdict, WebhookId, advance,
};
use transload_store::Settlement;

use super::{
    action::{Effect, Why},
    options::CLOSINGS_MAX,
    term::Term,
};

/// Why a delivery without a webhook is dead.
pub(super) const GONE: &str = "webhook removed";
/// Why a delivery without a hook is dead.
pub(super) const HOOK_GONE: &str = "hook removed from the webhook";

/// A delivery that is to be closed, and why. Its settlement is made when its turn comes: a webhook that is removed may
/// have as many waiting as the host can hold.
#[derive(Debug)]
pub(super) struct Closing {
    head: Head,
    reason: Cow<'static, str>,
}

impl Term {
    /// A webhook is gone: its open deliveries are closed; those under way, when they end.
    pub(super) fn webhook_removed(&mut self, id: WebhookId, now: Timestamp) {
        self.forget_vendor(id);
        self.forget_suspension(id);
        self.rules.remove(id);
        self.hand.turns.forget(id);
        for head in self.agenda.remove(id) {
            let head = self.as_stored(head);
            self.close(head, GONE, Why::Closing, now);
        }
    }

    /// Makes a dead letter of a delivery that nothing can be sent for any more. One that counts as in flight is closed
    /// at once: it holds a place. All others wait for theirs.
    pub(super) fn close(
        &mut self,
        head: Head,
        reason: impl Into<Cow<'static, str>>,
        why: Why,
        now: Timestamp,
    ) {
        let reason = reason.into();
        self.requests.take(&head.key);
        if why == Why::Closing {
            self.closing.push_back(Closing { head, reason });
        } else {
            let settlement = closed(head, reason.into_owned(), now);
            self.effects.push(Effect::Settle(why, Box::new(settlement)));
        }
    }

    /// Closes what is to be closed, some at a time.
    pub(super) fn close_some(&mut self, now: Timestamp) {
        while self.closings_under_way < CLOSINGS_MAX {
            let Some(Closing { head, reason }) = self.closing.pop_front() else { return };
            self.closings_under_way += 1;
            let settlement = closed(head, reason.into_owned(), now);
            self.effects.push(Effect::Settle(Why::Closing, Box::new(settlement)));
        }
    }
}

/// A dead letter. Where the delivery has its bytes, the reason stands on an attempt; where it has none, it stands in
/// their place.
fn closed(head: Head, reason: String, now: Timestamp) -> Settlement {
    let verdict = Verdict::Dead { reason: reason.clone() };
    let after = advance(&head, &verdict, now);
    let (attempt, made) = if head.status == Status::Blocked {
        (None, Some(Made { plugin: None, content: Content::Blocked(reason) }))
    } else {
        let failure = SendFailure { kind: SendFailureKind::Unsendable, detail: reason };
        let attempt = Attempt {
            delivery: head.key,
            number: after.attempts,
            started: now,
            took: std::time::Duration::ZERO,
            outcome: AttemptOutcome::Failed(failure),
            verdict,
        };
        (Some(attempt), None)
    };
    Settlement { before: head, after, attempt, made, failure: None }
}
