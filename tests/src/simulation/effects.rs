//! What took effect in the store, judged on the spot.

use std::collections::BTreeMap;

use transload_delivery::run::RETENTION_MIN;
use transload_domain::{
    Attempt, AttemptOutcome, Content, Delivery, Digest, Event, EventNo, Head, Made, Request,
    Status, Timestamp, Webhook, WebhookId, limits,
};
use transload_store::{Dispatch, Lead, Receipt, Settlement};

use super::{
    facts::{DeliveryFact, EventFact, Moment, Promise, State, WebhookFact, name},
    plugins, vendors,
};

/// Attempts of one round, whatever the scripted profiles say: none asks for more.
pub(super) const ROUND_MAX: u32 = 12;

impl State {
    /// A host was granted the lead.
    pub(super) fn leads(&mut self, lead: &Lead, steady: Timestamp) {
        let moment = self.moment();
        if self.lead.as_ref().is_none_or(|old| old.epoch != lead.epoch) {
            self.disturbed = steady;
            self.note(&format!("{} leads in epoch {}", lead.host, lead.epoch));
            self.counts.terms += 1;
            // What a host remembers of its vendors is its own.
            for webhook in self.webhooks.values_mut() {
                webhook.nothing_is_known_of_its_vendor(moment);
            }
        }
        if self.lead.as_ref().is_some_and(|old| old.epoch > lead.epoch) {
            self.broken(Promise::I7, format!("epoch {} was given again", lead.epoch));
        }
        self.granted.insert(lead.host.clone(), lead.until);
        self.lead = Some(lead.clone());
    }

    /// Events were accepted.
    pub(super) fn accepted(&mut self, events: &[Event], receipts: &[Receipt], now: Timestamp) {
        for (event, receipt) in events.iter().zip(receipts) {
            let known = self.by_identity.get(&event.identity()).copied();
            let known = known.filter(|no| self.events.get(no).is_some_and(|fact| !fact.retired));
            match known {
                Some(no) if receipt.fresh || receipt.no != no => {
                    let no = receipt.no.0;
                    self.broken(Promise::I2, format!("{} was accepted again as {no}", event.id));
                }
                Some(no) if self.events[&no].event.content() != event.content() => {
                    self.broken(Promise::I2, format!("{} was taken with other content", event.id));
                }
                Some(_) => {}
                None if !receipt.fresh => {
                    self.broken(Promise::I2, format!("{} is new and was no news", event.id));
                }
                None => self.accepted_first(event, receipt.no, now),
            }
        }
    }

    fn accepted_first(&mut self, event: &Event, no: EventNo, now: Timestamp) {
        self.note(&format!("event {} is accepted: {} {}", no.0, event.id, event.kind));
        self.counts.events += 1;
        self.by_identity.insert(event.identity(), no);
        self.undispatched.insert(no);
        let here =
            |fact: &&WebhookFact| !fact.removed && fact.webhook.organization == event.organization;
        let webhooks = self.webhooks.values().filter(here).map(|fact| fact.webhook.id).collect();
        let fact = EventFact {
            event: event.clone(),
            accepted: now,
            acknowledged: false,
            retired: false,
            webhooks,
        };
        self.events.insert(no, fact);
    }

    /// A dispatch took effect.
    pub(super) fn dispatched(&mut self, lead: &Lead, dispatch: &Dispatch) {
        self.only_the_lead(lead, "dispatched");
        let event = dispatch.event;
        match &dispatch.replaces {
            None if !self.undispatched.remove(&event) => {
                self.broken(Promise::I3, format!("event {} was dispatched twice", event.0));
            }
            None => self.note(&format!(
                "event {} is dispatched: {} deliveries",
                event.0,
                dispatch.deliveries.len()
            )),
            Some(head) => self.replaced(head, &dispatch.deliveries),
        }
        for delivery in &dispatch.deliveries {
            self.made(delivery);
        }
        self.counted(dispatch);
    }

    fn replaced(&mut self, head: &Head, deliveries: &[Delivery]) {
        let name = name(&head.key);
        self.note(&format!("delivery {name} is made anew"));
        match self.deliveries.remove(&head.key) {
            Some(old) if old.head != *head => {
                self.broken(Promise::I7, format!("delivery {name} was replaced from a stale head"));
            }
            Some(old) if old.request.is_some() => {
                self.broken(Promise::I5, format!("delivery {name} lost its bytes"));
            }
            Some(_) => {}
            None => self.broken(Promise::I3, format!("delivery {name} was replaced, and is gone")),
        }
        self.open.remove(&head.key);
        // Whoever asked for it gets it made; where it ended instead, by a run that may have begun before, the wish stays.
        let ended = |one: &Delivery| one.head.key == head.key && !one.head.status.is_open();
        if !deliveries.iter().any(ended) {
            self.wishes.remove(&head.key);
        }
    }

    fn made(&mut self, delivery: &Delivery) {
        let Delivery { head, made } = delivery;
        self.counts.deliveries += 1;
        self.note(&format!("delivery {} is {}", name(&head.key), head.status));
        self.has_a_reason(head, Some(made));
        let fact = DeliveryFact {
            head: *head,
            request: request_of(made),
            settled: Default::default(),
            gone: 0,
            answers: BTreeMap::new(),
            decided: 0,
        };
        let on_trial =
            self.events.get(&head.key.event).is_some_and(|e| e.event.emulated_for.is_some());
        if head.emulated != on_trial {
            let words =
                format!("delivery {} does not know whether it is on trial", name(&head.key));
            self.broken(Promise::I3, words);
        }
        if self.deliveries.insert(head.key, fact).is_some() {
            self.broken(Promise::I3, format!("delivery {} was made twice", name(&head.key)));
        }
        self.opened_or_closed(head);
    }

    /// The numbers that counters gave in a dispatch follow those that were given before: none is left out, none comes
    /// twice, and each is in the deliveries of the same write.
    fn counted(&mut self, dispatch: &Dispatch) {
        let mut numbers: BTreeMap<WebhookId, Vec<u64>> = BTreeMap::new();
        for delivery in &dispatch.deliveries {
            if let Some(number) = plugins::number_in(&delivery.made) {
                numbers.entry(delivery.head.key.webhook).or_default().push(number);
            }
        }
        let changes = dispatch.changes.iter().filter(|change| change.key == plugins::COUNTER);
        for change in changes {
            let last = self.counters.get(&change.webhook).copied().unwrap_or(0);
            let now = change.value.as_deref().and_then(plugins::number).unwrap_or(0);
            let mut given = numbers.remove(&change.webhook).unwrap_or_default();
            given.sort_unstable();
            if given != (last + 1..=now).collect::<Vec<_>>() {
                let event = dispatch.event.0;
                self.broken(
                    Promise::I4,
                    format!(
                        "event {event} moved a counter from {last} to {now} and gave {given:?}"
                    ),
                );
            }
            self.counters.insert(change.webhook, now);
        }
        for (webhook, given) in numbers {
            self.broken(Promise::I4, format!("{given:?} of {webhook} are in no state"));
        }
    }

    /// A settlement took effect.
    pub(super) fn settled(&mut self, lead: &Lead, settlement: &Settlement) {
        self.only_the_lead(lead, "settled");
        let Settlement { before, after, attempt, made, .. } = settlement;
        let name = name(&before.key);
        self.note(&format!(
            "delivery {name}: {} {} -> {} {}",
            before.status, before.attempts, after.status, after.attempts
        ));
        let Some(mut fact) = self.deliveries.remove(&before.key) else {
            return self.broken(Promise::I3, format!("delivery {name} was settled, and is gone"));
        };
        if fact.head != *before {
            self.broken(Promise::I7, format!("delivery {name} was settled from a stale head"));
        }
        if made.is_some() && fact.request.is_some() {
            self.broken(Promise::I5, format!("delivery {name} lost its bytes"));
        }
        match attempt {
            Some(attempt) => self.attempted(&name, &mut fact, (before, after), attempt),
            None if !before.status.is_open() && after.status.is_open() => {
                self.reopened(&name, before.key);
            }
            None => {}
        }
        if settlement.grants() {
            self.wishes.remove(&before.key);
        }
        self.has_a_reason(after, made.as_ref());
        if after.status == Status::Scheduled && after.round() >= ROUND_MAX + fact.gone {
            self.broken(Promise::I9, format!("delivery {name} is tried without end"));
        }
        fact.head = *after;
        self.deliveries.insert(before.key, fact);
        self.opened_or_closed(after);
    }

    fn attempted(
        &mut self,
        name: &str,
        fact: &mut DeliveryFact,
        (before, after): (&Head, &Head),
        attempt: &Attempt,
    ) {
        if !fact.settled.insert(attempt.number) {
            let number = attempt.number;
            self.broken(Promise::I7, format!("attempt {number} of {name} was settled twice"));
        }
        if before.status != Status::Scheduled {
            self.broken(Promise::I6, format!("{name} was {} and was tried", before.status));
        }
        let answers = fact.answers.get(&attempt.number);
        let was_so = answers.is_some_and(|answers| answers.contains(&attempt.outcome));
        let is_closing = after.status == Status::Dead;
        if !was_so && !is_closing {
            self.broken(Promise::I6, format!("{name} has an attempt that no vendor saw"));
        }
        if matches!(&attempt.outcome, AttemptOutcome::Answered(answer) if answer.status == 410) {
            fact.gone += 1;
        } else {
            self.waits_as_its_schedule_says(name, before, after);
        }
        let moment = self.moment();
        let Some(webhook) = self.webhooks.get_mut(&before.key.webhook) else { return };
        // Whether the host knew by then whom it speaks to now.
        let was_so = was_so && fact.decided > webhook.spoken_to_since;
        if was_so && !before.emulated && vendors::has_failed(&webhook.webhook, &attempt.outcome) {
            let at = attempt.started.after(attempt.took);
            webhook.stored_failures.push((at, moment));
        }
    }

    /// What failed is tried again no sooner than the schedule says.
    fn waits_as_its_schedule_says(&mut self, name: &str, before: &Head, after: &Head) {
        // The time of a head does not go back where the clock did: then it says nothing about the wait.
        let is_told = after.status == Status::Scheduled && after.at != before.at;
        let Some(fact) = self.webhooks.get(&before.key.webhook).filter(|_| is_told) else { return };
        let (wait, least) =
            (after.due.since(after.at), plugins::wait_after(&fact.webhook, after.round()));
        if wait < least {
            let words =
                format!("{name} waits {wait:?} after a failure: its schedule says {least:?}");
            self.broken(Promise::I9, words);
        }
    }

    /// A webhook was made or changed.
    pub(super) fn configured(&mut self, webhook: &Webhook) {
        let now = self.moment();
        self.note(&format!(
            "webhook {} is set: {} hooks of {}, suspended {}",
            &webhook.id.to_string()[..4],
            webhook.hooks.len(),
            webhook.plugin,
            webhook.suspended_at.is_some()
        ));
        if self.webhooks.get(&webhook.id).is_some_and(|fact| fact.removed) {
            // It is made anew: a caller did not know that it had been made and removed.
            self.webhooks.remove(&webhook.id);
        }
        let Some(fact) = self.webhooks.get_mut(&webhook.id) else {
            let fact = WebhookFact {
                webhook: webhook.clone(),
                steady: true,
                removed: false,
                changed: now,
                failures: Vec::new(),
                stored_failures: Vec::new(),
                former_cap: None,
                spoken_to_since: now,
                vendor_since: now,
                failing: 0,
                tripped: None,
                gone: false,
            };
            self.webhooks.insert(webhook.id, fact);
            return;
        };
        let old = std::mem::replace(&mut fact.webhook, webhook.clone());
        fact.steady &= old.hooks.len() == webhook.hooks.len() && old.filter == webhook.filter;
        if old.hooks != webhook.hooks || old.resumed_at != webhook.resumed_at {
            fact.nothing_is_known_of_its_vendor(now);
            fact.spoken_to_since = now;
            fact.failures.clear();
            fact.stored_failures.clear();
            fact.gone = false;
        }
        if old.limits != webhook.limits {
            let usual = limits::CONCURRENCY_PER_WEBHOOK;
            fact.former_cap = Some(old.limits.concurrency.unwrap_or(usual));
        }
        if old.suspended_at != webhook.suspended_at || old.limits != webhook.limits {
            fact.changed = now;
        }
    }

    /// A webhook was removed, and its state with it.
    pub(super) fn removed(&mut self, webhook: WebhookId) {
        let now = self.moment();
        self.note(&format!("webhook {} is removed", &webhook.to_string()[..4]));
        if let Some(fact) = self.webhooks.get_mut(&webhook) {
            (fact.removed, fact.steady, fact.changed) = (true, false, now);
        }
        // Should it be made anew, nobody promised that it gets what was accepted before that.
        for event in self.events.values_mut() {
            event.webhooks.retain(|there| *there != webhook);
        }
        self.counters.remove(&webhook);
    }

    /// A host has suspended a webhook, or has found it suspended.
    pub(super) fn suspended(
        &mut self,
        id: WebhookId,
        at: Timestamp,
        reason: &str,
        event: &Event,
        told: Option<EventNo>,
        steady: Timestamp,
    ) {
        let moment = self.moment();
        let Some(fact) = self.webhooks.get_mut(&id) else {
            return self
                .broken(Promise::Suspension, format!("{id} is suspended, and is not there"));
        };
        if fact.webhook.suspended_at.is_some() {
            return;
        }
        (fact.webhook.suspended_at, fact.changed) = (Some(at), moment);
        fact.webhook.suspended_because = Some(reason.to_owned());
        let has_a_reason = fact.gone || is_failing(fact, at);
        self.counts.suspensions += 1;
        self.note(&format!("webhook {} is suspended: {reason}", &id.to_string()[..4]));
        if !has_a_reason {
            let words = format!("{id} was suspended without a reason of its vendor's: {reason}");
            self.broken(Promise::Suspension, words);
        }
        match told {
            Some(no) => {
                let receipt = Receipt { no, fresh: true };
                self.accepted(std::slice::from_ref(event), &[receipt], steady);
            }
            None => self.broken(Promise::Suspension, format!("{id} was suspended in silence")),
        }
    }

    /// Events are gone from the store. `latest` is the latest time that the wall has ever shown: it may have been set back
    /// since that was asked for.
    pub(super) fn retired(
        &mut self,
        lead: &Lead,
        events: &[EventNo],
        accepted_before: Timestamp,
        latest: Timestamp,
    ) {
        self.only_the_lead(lead, "retired");
        if latest.since(accepted_before) < RETENTION_MIN {
            self.broken(Promise::I1, "events were retired that had just come");
        }
        for no in events {
            self.note(&format!("event {} is retired", no.0));
            self.counts.retired += 1;
            let Some(fact) = self.events.get_mut(no) else { continue };
            fact.retired = true;
            let too_young = fact.event.accepted_at >= accepted_before;
            let open = self.open.iter().any(|key| key.event == *no);
            if too_young || open || self.undispatched.contains(no) {
                self.broken(Promise::I1, format!("event {} was retired too early", no.0));
            }
            self.deliveries.retain(|key, _| key.event != *no);
            self.wishes.retain(|key| key.event != *no);
        }
    }

    fn only_the_lead(&mut self, lead: &Lead, what: &str) {
        let epoch = self.lead.as_ref().map_or(0, |lead| lead.epoch);
        if lead.epoch != epoch {
            let old = lead.epoch;
            self.broken(Promise::I7, format!("epoch {old} {what} while epoch {epoch} leads"));
        }
    }

    /// What ended without bytes says why.
    fn has_a_reason(&mut self, head: &Head, made: Option<&Made>) {
        let without = made.is_some_and(|made| {
            !matches!(made.content, Content::Request(_))
                && made.reason().is_none_or(|reason| reason.is_empty())
        });
        if without {
            let name = name(&head.key);
            self.broken(Promise::I9, format!("{name} is {} without a reason", head.status));
        }
    }

    fn opened_or_closed(&mut self, head: &Head) {
        if head.status.is_open() {
            self.open.insert(head.key);
        } else {
            self.open.remove(&head.key);
        }
    }
}

impl WebhookFact {
    /// What its vendor did before says nothing any more.
    fn nothing_is_known_of_its_vendor(&mut self, now: Moment) {
        (self.failing, self.tripped, self.vendor_since) = (0, None, now);
    }
}

/// Whether a webhook has failed as often as its vendor tolerates, and once more.
fn is_failing(fact: &WebhookFact, at: Timestamp) -> bool {
    let Some(rule) = plugins::suspend_rule(&fact.webhook) else { return false };
    let counts = |failed: &&Timestamp| at.since(**failed) <= rule.within;
    fact.failures.iter().filter(counts).count() > rule.more_than as usize
}

fn request_of(made: &Made) -> Option<Digest> {
    match &made.content {
        Content::Request(request) => Some(digest(request)),
        _ => None,
    }
}

/// A digest of all that must never change in a request.
pub(super) fn digest(request: &Request) -> Digest {
    let Request { method, path, headers, body } = request;
    let mut parts = vec![method.as_str().as_bytes(), path.as_bytes(), body];
    for (name, value) in headers {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    Digest::of_parts(&parts)
}
