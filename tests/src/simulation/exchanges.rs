//! What the vendors see, judged on the spot.

use std::time::Duration;

use transload_delivery::Exchange;
use transload_domain::{
    AttemptOutcome, DeliveryKey, Event, EventNo, Ordering, Status, Timestamp, Webhook, limits,
};

use super::{
    effects::digest,
    facts::{EventFact, Promise, State, Underway, name},
    plugins, vendors,
};

/// Exchanges of all webhooks at the same time, as the hosts of a simulation are told.
pub(super) const EXCHANGES_MAX: usize = 24;
/// How long an event may take to the well-behaved vendor while nothing but other vendors and other plugins is in the
/// way: a wait for a turn behind plugins that run into their limit, and the vendor's own time.
pub(super) const HEALTHY_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long after a disturbance a host may still suffer from it: a lease that it got late is renewed after a third of it.
const RECOVERY: Duration = Duration::from_secs(110);

/// What the clock on the wall shows and has shown when an exchange begins.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// What it showed when the exchange was decided, or earlier.
    pub(super) decided: Timestamp,
    pub(super) now: Timestamp,
    /// The latest time that it has ever shown.
    pub(super) latest: Timestamp,
}

impl State {
    /// A host begins an exchange. Returns the exchange's number.
    pub(super) fn exchange_begins(&mut self, host: &str, exchange: &Exchange, at: Times) -> u64 {
        let Times { decided, now, latest } = at;
        let key = exchange.delivery;
        let name = name(&key);
        self.counts.exchanges += 1;
        self.note(&format!("{host} sends {name}, attempt {}", exchange.attempt));
        self.is_due(&name, exchange, latest);
        self.is_not_under_way(host, &name, key);
        self.is_within_the_lease(host, &name, decided);
        self.goes_to_a_webhook_that_takes_it(&name, exchange, now);
        self.is_in_order(&name, key);
        self.is_not_overtaken(key);
        let number = self.counts.exchanges;
        self.is_the_only_probe(&name, key);
        let (began, decided) = (self.moment(), self.idle);
        if let Some(fact) = self.deliveries.get_mut(&key) {
            fact.decided = decided;
        }
        let host_name = host.to_owned();
        self.under_way.insert(number, Underway { host: host_name, delivery: key, began, decided });
        self.is_within_its_share(host, key);
        number
    }

    /// The delivery is open, has these bytes, and its time has come.
    fn is_due(&mut self, name: &str, exchange: &Exchange, now: Timestamp) {
        let Some(fact) = self.deliveries.get(&exchange.delivery) else {
            return self.broken(Promise::I3, format!("{name} is sent, and is not in the store"));
        };
        let (head, request) = (fact.head, fact.request);
        if request != Some(digest(&exchange.request)) {
            self.broken(Promise::I5, format!("{name} is sent with other bytes than were made"));
        }
        if head.status == Status::Delivered {
            self.broken(Promise::I6, format!("{name} is delivered, and is sent again"));
        } else if head.status != Status::Scheduled {
            self.broken(Promise::I9, format!("{name} is {}, and is sent", head.status));
        } else if head.attempts + 1 != exchange.attempt {
            let next = head.attempts + 1;
            let words = format!("{name}: attempt {next} is next, not {}", exchange.attempt);
            self.broken(Promise::I7, words);
        } else if head.due > now {
            let early = head.due.since(now);
            self.broken(Promise::I9, format!("{name} is sent {early:?} before it is due"));
        }
    }

    /// Nobody else sends it, unless a clock that was set forward has ended the lease of whoever does.
    fn is_not_under_way(&mut self, host: &str, name: &str, key: DeliveryKey) {
        let is_covered = |it: &&Underway| it.host == host || it.began > self.set_forward;
        if self.under_way.values().filter(is_covered).any(|it| it.delivery == key) {
            self.broken(Promise::I7, format!("{name} is sent while it is being sent"));
        }
    }

    fn is_within_the_lease(&mut self, host: &str, name: &str, decided: Timestamp) {
        let until = self.granted.get(host).copied().unwrap_or(Timestamp::EPOCH);
        let left = until.since(decided);
        if left < limits::EXCHANGE_TIME_MAX {
            let words = format!("{host} sends {name} with {left:?} left of its lease");
            self.broken(Promise::I7, words);
        }
    }

    fn goes_to_a_webhook_that_takes_it(&mut self, name: &str, exchange: &Exchange, now: Timestamp) {
        let decided = self.idle;
        let Some(fact) = self.webhooks.get(&exchange.delivery.webhook) else { return };
        let known = fact.changed < decided;
        if known && fact.removed {
            self.broken(Promise::I9, format!("{name} is sent for a webhook that is gone"));
        } else if known && fact.webhook.suspended_at.is_some() {
            self.broken(Promise::Suspension, format!("{name} is sent to a suspended webhook"));
        }
        let Some(fact) = self.webhook(exchange.delivery.webhook) else { return };
        let Some(rule) = plugins::suspend_rule(&fact.webhook) else { return };
        // The latest that were written count, also where the clock was set back between them.
        let too_many = rule.more_than as usize + 1;
        let known = fact.stored_failures.iter().filter(|(_, known)| *known < decided);
        let latest = known.rev().take(too_many);
        let failures = latest.filter(|(at, _)| now.since(*at) <= rule.within).count();
        if failures == too_many {
            let words = format!("{name} is sent after {failures} failures: {rule:?}");
            self.broken(Promise::Suspension, words);
        }
    }

    /// A vendor that keeps failing gets one exchange at a time.
    fn is_the_only_probe(&mut self, name: &str, key: DeliveryKey) {
        let Some(tripped) = self.webhook(key.webhook).and_then(|fact| fact.tripped) else { return };
        let mut others = self
            .under_way
            .values()
            .filter(|other| other.delivery.webhook == key.webhook && other.began > tripped);
        if tripped < self.idle
            && let Some(other) = others.next()
        {
            let other = super::facts::name(&other.delivery);
            let words = format!("{name} is sent beside {other} to a vendor that keeps failing");
            self.broken(Promise::I8, words);
        }
    }

    /// Nothing of the same key that was accepted before is still open.
    fn is_in_order(&mut self, name: &str, key: DeliveryKey) {
        let Some(webhook) = self.webhook(key.webhook).map(|fact| &fact.webhook) else { return };
        if webhook.ordering == Ordering::None {
            return;
        }
        let Some(event) = self.events.get(&key.event).map(|fact| &fact.event) else { return };
        let Some(order) = webhook.ordering.key(event) else { return };
        let same = |no: &EventNo| {
            self.events.get(no).is_some_and(|fact| {
                fact.event.organization == webhook.organization
                    && webhook.ordering.key(&fact.event) == Some(order)
            })
        };
        // A webhook that came after the event need not get it, and gets it in no order.
        let is_later = |no: &EventNo| {
            self.events.get(no).is_some_and(|fact| !fact.webhooks.contains(&webhook.id))
        };
        let before = self.open.iter().find(|other| {
            other.webhook == key.webhook
                && **other < key
                && same(&other.event)
                && !is_later(&other.event)
                // A part that goes out again is no older state than the other parts of its event.
                && !(other.event == key.event && self.reopened.contains_key(other))
                && !self.asked.contains_key(other)
                && !self.is_replayed_out_of_order(**other)
        });
        let unread = self.undispatched.range(..key.event).find(|no| {
            let is_meant = |fact: &EventFact| is_wanted(webhook, &fact.event);
            same(no) && !is_later(no) && self.events.get(no).is_some_and(is_meant)
        });
        let words = match (before, unread) {
            (Some(before), _) => {
                format!("{name} is sent before {}", super::facts::name(before))
            }
            (None, Some(no)) => format!("{name} is sent before event {} is dispatched", no.0),
            (None, None) => return,
        };
        self.broken(Promise::Order, words);
    }

    fn is_within_its_share(&mut self, host: &str, key: DeliveryKey) {
        let mine = || self.under_way.values().filter(|exchange| exchange.host == host);
        let all = mine().count();
        let of_webhook = mine().filter(|e| e.delivery.webhook == key.webhook).count();
        if all > EXCHANGES_MAX {
            self.broken(Promise::I8, format!("{host} has {all} exchanges at the same time"));
        }
        let cap = self
            .webhook(key.webhook)
            .and_then(|fact| fact.webhook.limits.concurrency.max(fact.former_cap));
        if let Some(cap) = cap.filter(|cap| of_webhook > usize::from(*cap)) {
            let words =
                format!("{host} has {of_webhook} exchanges with a webhook that takes {cap}");
            self.broken(Promise::I8, words);
        }
    }

    /// The vendor has the request.
    pub(super) fn arrived(&mut self, exchange: &Exchange, is_healthy: bool, now: Timestamp) {
        let key = exchange.delivery;
        self.note(&format!("{} arrives", name(&key)));
        let is_asked_again = self.reopened.contains_key(&key);
        let is_judged = is_healthy && !is_asked_again;
        let Some(event) = self.events.get(&key.event).filter(|_| is_judged) else { return };
        let took = now.since(event.accepted);
        if event.accepted > self.disturbed.after(RECOVERY) && took > HEALTHY_WAIT_MAX {
            let words = format!("{} took {took:?}, and nothing was wrong with it", name(&key));
            self.broken(Promise::I8, words);
        }
    }

    /// The exchange has ended with an answer, or without.
    pub(super) fn answered(
        &mut self,
        exchange: &Exchange,
        outcome: &AttemptOutcome,
        now: Timestamp,
    ) {
        let words = match outcome {
            AttemptOutcome::Answered(answer) => answer.status.to_string(),
            AttemptOutcome::Failed(failure) => failure.kind.to_string(),
        };
        self.note(&format!("{} is answered {words}", name(&exchange.delivery)));
        let Some(fact) = self.deliveries.get_mut(&exchange.delivery) else { return };
        fact.answers.entry(exchange.attempt).or_default().push(outcome.clone());
        let on_trial = fact.head.emulated;
        let moment = self.moment();
        let Some(webhook) = self.webhooks.get_mut(&exchange.delivery.webhook) else { return };
        let mine = self.under_way.values().filter(|e| e.delivery == exchange.delivery);
        // What an endpoint did that is no longer the webhook's is no reason to suspend it, nor what began before somebody
        // said that it is mended.
        let is_current = mine.clone().any(|exchange| exchange.began > webhook.spoken_to_since);
        if is_current && !on_trial && vendors::has_failed(&webhook.webhook, outcome) {
            webhook.failures.push(now);
            webhook.gone |= words == "410";
        }
        let is_former = mine.clone().any(|exchange| exchange.decided <= webhook.vendor_since);
        if vendors::is_down(outcome) && is_former {
            // It says nothing about the vendor that is spoken to now.
        } else if vendors::is_down(outcome) {
            webhook.failing += 1;
            if webhook.failing >= limits::BREAKER_FAILURES {
                webhook.tripped.get_or_insert(moment);
            }
        } else {
            (webhook.failing, webhook.tripped) = (0, None);
        }
    }

    /// The exchange is over, however it ended.
    pub(super) fn exchange_ends(&mut self, number: u64) {
        self.under_way.remove(&number);
    }
}

/// Whether a webhook of the simulation wants this event, by one of its hooks.
pub(super) fn is_wanted(webhook: &Webhook, event: &Event) -> bool {
    webhook.hooks.iter().any(|hook| super::plugins::accepts(webhook, hook, event))
}
