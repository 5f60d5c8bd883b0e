//! Making dead letters of deliveries for which nothing can be sent any more.

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

    /// Makes a dead letter of a delivery that nothing can be sent for any more. Where it has its bytes, the reason
    /// stands on an attempt; where it has none, it stands in their place.
    pub(super) fn close(&mut self, head: Head, reason: &str, why: Why, now: Timestamp) {
        let verdict = Verdict::Dead { reason: reason.to_owned() };
        let after = advance(&head, &verdict, now);
        self.requests.take(&head.key);
        let (attempt, made) = if head.status == Status::Blocked {
            let content = Content::Blocked(reason.to_owned());
            (None, Some(Made { plugin: None, content }))
        } else {
            let failure =
                SendFailure { kind: SendFailureKind::Unsendable, detail: reason.to_owned() };
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
        let settlement = Settlement { before: head, after, attempt, made, failure: None };
        self.closing.push_back((why, Box::new(settlement)));
    }

    /// Closes what is to be closed, some at a time.
    pub(super) fn close_some(&mut self) {
        while self.closings_under_way < CLOSINGS_MAX {
            let Some((why, settlement)) = self.closing.pop_front() else { return };
            self.closings_under_way += usize::from(why == Why::Closing);
            self.effects.push(Effect::Settle(why, settlement));
        }
    }
}
