//! From a due delivery to its settlement.

use tracing::{debug, info, warn};
use transload_domain::{
    Attempt, AttemptOutcome, Content, DeliveryKey, Gate, Head, Made, Status, Timestamp, Verdict,
    advance, judge,
};
use transload_store::{Error, Settlement};

use super::{
    action::{Effect, Flight, Why},
    closing::{GONE, HOOK_GONE},
    requests::Ready,
    term::{Moved, Term},
};
use crate::Exchange;

impl Term {
    /// Puts an open delivery where it waits for its time, or closes it when its webhook is gone.
    pub(super) fn insert(&mut self, head: Head, now: Timestamp) {
        if self.rules.webhook(head.key.webhook).is_none() {
            let head = self.as_stored(head);
            self.close(head, GONE, Why::Closing, now);
        } else if let Some(wish) = self.wish_at_rest(&head.key) {
            let head = self.as_stored(head);
            self.grant(head, head.status == Status::Scheduled, wish, now);
        } else {
            self.agenda.insert(head);
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
                let ready = Ready { request, plugin: plugin.digest };
                self.send(head, ready, now);
            }
            Ok(_) => self.close(head, "its request is not in the store", Why::Turn, now),
            Err(Error::Corrupt(what)) => self.close(head, what, Why::Turn, now),
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
            return self.close(head, reason, Why::Turn, now);
        };
        let gate = self.vendors.gate(webhook.id);
        let is_alone = self.agenda.in_flight_of(webhook.id) <= 1;
        let is_shut = gate.opens() > now || matches!(gate, Gate::Probing { .. }) && !is_alone;
        if !self.may_send(now) || self.is_held(&webhook) || is_shut {
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
        let flight = Flight { head, profile, webhook, started: now };
        self.effects.push(Effect::Send(flight, Box::new(exchange)));
    }

    /// An exchange has ended.
    pub(super) fn sent(&mut self, flight: &Flight, outcome: AttemptOutcome, now: Timestamp) {
        let before = flight.head;
        let took = now.since(flight.started);
        let rules = flight.profile.rules(&flight.webhook.overrides);
        let judgement = judge(&outcome, &rules, &before, now, self.number());
        self.metrics.attempted(&outcome, took);
        let failure = if self.is_news(flight) {
            let given_up = self.vendor_showed(flight, &judgement, &outcome, now);
            let (failure, too_many) = self.count_failure(flight, &judgement, now);
            if let Some(reason) = judgement.suspend.or(too_many).or(given_up) {
                self.decide_suspension(&flight.webhook, reason, now);
            }
            failure
        } else {
            None
        };
        let verdict = judgement.verdict;
        let after = advance(&before, &verdict, now);
        let number = after.attempts;
        report(&before.key, number, &verdict);
        let attempt = Attempt {
            delivery: before.key,
            number,
            started: flight.started,
            took,
            outcome,
            verdict,
        };
        let settlement = Settlement { before, after, attempt: Some(attempt), made: None, failure };
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
            Why::Turn => {
                self.agenda.finish(&key);
                self.write_suspension(key.webhook);
            }
            Why::Closing => self.closings_under_way -= 1,
            Why::Redrive | Why::Replay => {}
        }
        match result {
            Ok(()) => self.written(why, &before, after, now),
            Err(Error::Conflict(what)) => {
                warn!(delivery = %key.id(), %what, "somebody else moved a delivery");
                // One that was closed is in nobody's hands; one that was open is in ours.
                if before.status.is_open() {
                    self.effects.push(Effect::ReadHead(key));
                }
                self.unwritten(why, &before, now);
            }
            Err(Error::NotFound(what) | Error::Corrupt(what)) => {
                self.tell_damage(format!(
                    "what became of delivery {} cannot be written, so it stays {} until the host \
                     starts again: {what}",
                    key.id(),
                    before.status
                ));
                self.refused(why, &before, now);
            }
            Err(error) => self.resign(error),
        }
        if matches!(why, Why::Redrive | Why::Replay) && before.order.is_some() {
            self.agenda.give_back(&key);
        }
    }

    fn written(&mut self, why: Why, before: &Head, after: Head, now: Timestamp) {
        match why {
            Why::Turn | Why::Closing => {}
            Why::Redrive => self.wish_granted(before, &after),
            Why::Replay => self.replayed(true, now),
        }
        if after.status.is_open() {
            self.insert(after, now);
        } else {
            self.metrics.reached(after.status);
            self.closed(&after);
        }
    }

    fn unwritten(&mut self, why: Why, before: &Head, now: Timestamp) {
        match why {
            Why::Turn | Why::Closing => {}
            Why::Redrive => self.look_again(before.key),
            Why::Replay => self.replayed(false, now),
        }
    }

    fn refused(&mut self, why: Why, before: &Head, now: Timestamp) {
        match why {
            Why::Turn | Why::Closing => {}
            Why::Redrive => self.wish_unwritten(before.key),
            Why::Replay => self.replayed(false, now),
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
            Ok(Some(head)) => self.closed(&head),
            Ok(None) => {}
            Err(Error::Corrupt(what)) => {
                self.tell_damage(format!("delivery {} cannot be read: {what}", key.id()));
            }
            Err(error) => self.resign(error),
        }
    }

    /// The head as the ledger has it, where the agenda has it at another time; it is no longer in the agenda.
    pub(super) fn as_stored(&mut self, head: Head) -> Head {
        match self.moved.remove(&head.key) {
            Some(Moved { stored: due, .. }) => Head { due, ..head },
            None => head,
        }
    }

    /// The head as it waits in the agenda, if it waits there.
    pub(super) fn as_in_agenda(&self, head: Head) -> Head {
        let due = self.moved.get(&head.key).map_or(head.due, |moved| moved.agenda);
        Head { due, ..head }
    }
}

/// The id is made only where somebody reads it: it costs a digest.
fn report(key: &DeliveryKey, attempt: u32, verdict: &Verdict) {
    match verdict {
        Verdict::Delivered => debug!(delivery = %key.id(), attempt, "delivered"),
        Verdict::Retry { reason, .. } => {
            info!(delivery = %key.id(), attempt, reason, "to be tried again");
        }
        Verdict::Dead { reason } => warn!(delivery = %key.id(), attempt, reason, "dead"),
    }
}
