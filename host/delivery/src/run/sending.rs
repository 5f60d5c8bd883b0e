//! From a due delivery to its settlement.

use std::sync::Arc;

use tracing::{debug, info, warn};
use transload_domain::{
    Attempt, AttemptOutcome, Content, DeliveryId, DeliveryKey, Head, Made, SendFailure,
    SendFailureKind, Status, Timestamp, Verdict, WebhookId, advance, judge,
};
use transload_store::{Error, Settlement};

use super::{
    action::{Effect, Flight, Why},
    requests::Ready,
    term::Term,
};
use crate::Exchange;

/// Why a delivery without a webhook is dead.
pub(super) const GONE: &str = "webhook removed";
/// Why a delivery without a hook is dead.
pub(super) const HOOK_GONE: &str = "hook removed from the webhook";

impl Term {
    /// Puts an open delivery where it waits for its time, or closes it when its webhook is gone.
    pub(super) fn insert(&mut self, head: Head, now: Timestamp) {
        if self.rules.webhook(head.key.webhook).is_some() {
            self.agenda.insert(head);
        } else {
            let head = self.as_stored(head);
            self.close(head, GONE, Why::Closing, now);
        }
    }

    /// Begins with the delivery whose turn it is; false when there is none.
    pub(super) fn take_due(&mut self, now: Timestamp) -> bool {
        let Some(head) = self.agenda.next(now) else { return false };
        let head = self.as_stored(head);
        if head.status == Status::Blocked {
            self.make_again(head, now);
        } else if let Some(ready) = self.requests.take(&head.key) {
            self.send(head, ready, now);
        } else {
            self.effects.push(Effect::ReadMade(head));
        }
        true
    }

    /// What is to be sent was read.
    pub(super) fn made_read(
        &mut self,
        head: Head,
        made: Result<Option<Made>, Error>,
        now: Timestamp,
    ) {
        match made {
            Ok(Some(Made { plugin: Some(plugin), content: Content::Request(request) })) => {
                let ready = Ready { request: Arc::new(request), plugin: plugin.digest };
                self.send(head, ready, now);
            }
            Ok(_) => self.close(head, "its request is not in the store", Why::Turn, now),
            Err(Error::Corrupt(what)) => self.close(head, &what, Why::Turn, now),
            Err(error) => self.resign(error),
        }
    }

    fn send(&mut self, head: Head, ready: Ready, now: Timestamp) {
        let Some(webhook) = self.rules.webhook(head.key.webhook).cloned() else {
            return self.close(head, GONE, Why::Turn, now);
        };
        let Some(hook) = webhook.hook(head.key.hook) else {
            return self.close(head, HOOK_GONE, Why::Turn, now);
        };
        let Some(profile) = self.rules.profile(&ready.plugin).cloned() else {
            let reason = format!("the profile of plugin version {} is not known", ready.plugin);
            return self.close(head, &reason, Why::Turn, now);
        };
        if !self.may_send(now) || webhook.suspended_at.is_some() {
            // Things changed while the request was read. It keeps its place.
            self.requests.insert(head.key, ready);
            self.agenda.finish(&head.key);
            return self.insert(head, now);
        }
        let exchange = Exchange {
            delivery: head.key,
            attempt: head.attempts + 1,
            organization: webhook.organization.clone(),
            endpoint: hook.endpoint.clone(),
            request: ready.request,
            authentication: webhook.authentication.clone(),
            signing: webhook.signing.clone(),
            expect_continue: profile.expect_continue,
        };
        let flight = Flight { head, profile, started: now };
        self.effects.push(Effect::Send(flight, Box::new(exchange)));
    }

    /// An exchange has ended.
    pub(super) fn sent(&mut self, flight: &Flight, outcome: AttemptOutcome, now: Timestamp) {
        let before = flight.head;
        let number = before.attempts + 1;
        let took = now.since(flight.started);
        let verdict = judge(&outcome, &flight.profile, number, now, self.number());
        let after = advance(&before, &verdict, now);
        self.metrics.attempted(&outcome, took);
        report(before.key.id(), number, &verdict);
        let attempt = Attempt {
            delivery: before.key,
            number,
            started: flight.started,
            took,
            outcome,
            verdict,
        };
        let settlement =
            Settlement { before, after, attempt: Some(attempt), made: None, failure: None };
        self.effects.push(Effect::Settle(Why::Turn, Box::new(settlement)));
    }

    /// What became of a delivery was written, or not.
    pub(super) fn settled(
        &mut self,
        why: Why,
        before: Head,
        after: Head,
        result: Result<(), Error>,
        now: Timestamp,
    ) {
        let key = before.key;
        match why {
            Why::Turn => self.agenda.finish(&key),
            Why::Closing => self.closings_under_way -= 1,
        }
        match result {
            Ok(()) if after.status.is_open() => self.insert(after, now),
            Ok(()) => self.metrics.reached(after.status),
            Err(Error::Conflict(what)) => {
                warn!(delivery = %key.id(), %what, "somebody else moved a delivery");
                self.effects.push(Effect::ReadHead(key));
            }
            Err(Error::NotFound(what) | Error::Corrupt(what)) => {
                warn!(delivery = %key.id(), %what, "what became of a delivery cannot be written");
            }
            Err(error) => self.resign(error),
        }
    }

    /// How a delivery stands was read, after somebody else had moved it.
    pub(super) fn head_read(
        &mut self,
        key: DeliveryKey,
        head: Result<Option<Head>, Error>,
        now: Timestamp,
    ) {
        match head {
            Ok(Some(head)) if head.status.is_open() => self.insert(head, now),
            Ok(_) => {}
            Err(Error::Corrupt(what)) => warn!(delivery = %key.id(), %what, "cannot be read"),
            Err(error) => self.resign(error),
        }
    }

    /// A webhook is gone: its open deliveries are closed; those under way, when they end.
    pub(super) fn webhook_removed(&mut self, id: WebhookId, now: Timestamp) {
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

    /// The head as the ledger has it, where the agenda has it at another time.
    fn as_stored(&mut self, head: Head) -> Head {
        match self.moved.remove(&head.key) {
            Some(due) => Head { due, ..head },
            None => head,
        }
    }
}

fn report(delivery: DeliveryId, attempt: u32, verdict: &Verdict) {
    match verdict {
        Verdict::Delivered => debug!(%delivery, attempt, "delivered"),
        Verdict::Retry { reason, .. } => info!(%delivery, attempt, reason, "to be tried again"),
        Verdict::Dead { reason } => warn!(%delivery, attempt, reason, "dead"),
    }
}
