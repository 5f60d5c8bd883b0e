//! Forgetting what is over, and giving up what could not go for too long.

use std::{collections::HashMap, time::Duration};

use tracing::{debug, info};
use transload_domain::{EventNo, Gate, Head, Status, Timestamp, Webhook, WebhookId};
use transload_store::{Error, Lead, Ledger, Retired, Retirement, Shard};

use super::{
    action::{Effect, Why},
    options::{
        OVERDUE_EVERY, OVERDUE_GRACE, OVERDUE_MAX, RETENTION_MIN, RETIRE_BATCH, SIZE_STEP_EVENTS,
        SWEEP_EVERY,
    },
    term::Term,
};

/// The sweep of what is over. One step at a time is under way, so that traffic always goes first.
#[derive(Debug)]
pub(super) struct Sweeper {
    next: Timestamp,
    next_overdue: Timestamp,
    began: Timestamp,
    step: Option<Step>,
    /// How large the store was after it was last made smaller.
    size_after: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Events that are too old are forgotten.
    Age,
    /// The store's size is asked for.
    Size,
    /// The store is too large, so events are forgotten before their age.
    Shrink(Shrink),
}

/// How far a store has been made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shrink {
    /// How large the store was before the latest step, and at the beginning.
    size: u64,
    began: u64,
    events: usize,
    /// Where to go on, and whether the size is asked for before that.
    from: Option<EventNo>,
    asks: bool,
}

/// What a step asks of the ledger.
#[derive(Debug)]
pub(super) enum Sweep {
    Retire(Retirement),
    Size,
}

/// What the ledger answered.
#[derive(Debug)]
pub(super) enum Swept {
    Retired(Result<Retired, Error>),
    Size(Result<u64, Error>),
}

impl Sweeper {
    pub(super) fn new(now: Timestamp) -> Self {
        let next = now.after(SWEEP_EVERY);
        Self { next, next_overdue: next, began: now, step: None, size_after: 0 }
    }

    /// When the next sweep begins, if none is under way.
    pub(super) fn wake_at(&self) -> Timestamp {
        if self.step.is_some() { Timestamp::MAX } else { self.next }
    }
}

impl Term {
    /// Begins a sweep when it is time.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        if self.sweeper.step.is_some() || now < self.sweeper.next {
            return;
        }
        self.sweeper.began = now;
        if now >= self.sweeper.next_overdue {
            self.give_up_overdue(now);
        }
        let before = now.before(self.options.retention.age);
        self.retire_from(Step::Age, EventNo(0), before);
    }

    /// A step of the sweep has ended.
    pub(super) fn swept(&mut self, swept: Swept, now: Timestamp) {
        let Some(step) = self.sweeper.step.take() else { return };
        let (retired, size) = match swept {
            Swept::Retired(Ok(retired)) => (retired, 0),
            Swept::Size(Ok(size)) => (Retired::default(), size),
            Swept::Retired(Err(Error::Corrupt(what))) | Swept::Size(Err(Error::Corrupt(what))) => {
                self.tell_damage(format!("old events cannot be forgotten: {what}"));
                return self.end_sweep(now);
            }
            Swept::Retired(Err(error)) | Swept::Size(Err(error)) => return self.resign(error),
        };
        self.metrics.retired(retired.events);
        if retired.damaged > 0 {
            self.tell_damage(format!(
                "old events cannot be forgotten ({}): something of theirs cannot be read, and the log says what",
                retired.damaged
            ));
        }
        if !self.may_begin() {
            return;
        }
        match step {
            Step::Age => match retired.next {
                Some(from) => {
                    let before = now.before(self.options.retention.age);
                    self.retire_from(Step::Age, from, before);
                }
                None if self.options.retention.size.is_some() => self.ask_size(Step::Size),
                None => self.end_sweep(now),
            },
            Step::Size => self.shrink_if_too_large(size, now),
            Step::Shrink(shrink) if shrink.asks => self.shrunk(shrink, size, now),
            Step::Shrink(shrink) => {
                let events = shrink.events + retired.events;
                let shrink = Shrink { events, from: retired.next, asks: true, ..shrink };
                self.ask_size(Step::Shrink(shrink));
            }
        }
    }

    fn shrink_if_too_large(&mut self, size: u64, now: Timestamp) {
        let Some(limit) = self.options.retention.size else { return self.end_sweep(now) };
        // A store that keeps the space that it once had for later rows does not get smaller: it is only made to
        // forget more when it has grown again.
        if size <= limit || size <= self.sweeper.size_after {
            return self.end_sweep(now);
        }
        debug!(size, limit, "the store is too large");
        self.sweeper.size_after = 0;
        let shrink = Shrink { size, began: size, events: 0, from: Some(EventNo(0)), asks: false };
        self.retire_from(Step::Shrink(shrink), EventNo(0), now.before(RETENTION_MIN));
    }

    /// The store's size after some events were forgotten.
    fn shrunk(&mut self, shrink: Shrink, size: u64, now: Timestamp) {
        let limit = self.options.retention.size.unwrap_or(u64::MAX);
        match shrink.from.filter(|_| shrink.goes_on(size, limit)) {
            Some(from) => {
                let shrink = Shrink { size, asks: false, ..shrink };
                self.retire_from(Step::Shrink(shrink), from, now.before(RETENTION_MIN));
            }
            None => {
                let events = shrink.events;
                info!(
                    events,
                    size, limit, "events were forgotten before their age: the store was too large"
                );
                self.sweeper.size_after = if shrink.uses_space_again(size) { size } else { 0 };
                self.end_sweep(now);
            }
        }
    }

    fn retire_from(&mut self, step: Step, from: EventNo, accepted_before: Timestamp) {
        self.sweeper.step = Some(step);
        let retirement = Retirement { from, accepted_before, max: RETIRE_BATCH };
        self.effects.push(Effect::Sweep(Sweep::Retire(retirement)));
    }

    fn ask_size(&mut self, step: Step) {
        self.sweeper.step = Some(step);
        self.effects.push(Effect::Sweep(Sweep::Size));
    }

    fn end_sweep(&mut self, now: Timestamp) {
        let took = now.since(self.sweeper.began);
        self.sweeper.next = now.after(SWEEP_EVERY.max(took.saturating_mul(20)));
    }

    /// Makes dead letters of open deliveries that were due long ago and cannot go.
    fn give_up_overdue(&mut self, now: Timestamp) {
        let webhooks = self.rules.webhooks().filter_map(|webhook| {
            let before = self.overdue_before(webhook.id, now)?;
            Some((webhook.id, (before, self.cannot_go(webhook, now))))
        });
        let webhooks: HashMap<WebhookId, (Timestamp, bool)> = webhooks.collect();
        let overdue = self.agenda.take_overdue(OVERDUE_MAX, |webhook, status| {
            let (before, none_can_go) = webhooks.get(&webhook)?;
            (*none_can_go || status == Status::Blocked).then_some(*before)
        });
        if overdue.len() < OVERDUE_MAX {
            self.sweeper.next_overdue = now.after(OVERDUE_EVERY);
        }
        for head in overdue {
            let head = self.as_stored(head);
            let reason = self.why_overdue(&head, now);
            self.close(head, reason, Why::Closing, now);
        }
    }

    /// Whether an open delivery without bytes has waited too long for its plugin.
    pub(super) fn is_overdue(&self, head: &Head, now: Timestamp) -> bool {
        let before = self.overdue_before(head.key.webhook, now);
        before.is_some_and(|before| head.due < before)
    }

    /// Before when a delivery of this webhook must have been due to be given up, if it cannot go; none where nothing
    /// is: its deliveries could not go while the webhook was suspended or the host was off, and now they are to have
    /// their time.
    fn overdue_before(&self, webhook: WebhookId, now: Timestamp) -> Option<Timestamp> {
        let open_age = self.options.retention.open_age;
        let before = now.before(open_age);
        let resumed = self.rules.webhook(webhook).and_then(|webhook| webhook.resumed_at);
        let is_early = now.since(self.since) < OVERDUE_GRACE.min(open_age)
            || resumed.is_some_and(|resumed| resumed >= before);
        (!is_early).then_some(before)
    }

    /// Whether nothing that has its bytes goes out for a webhook now. What only waits for its turn is not given up,
    /// however long the queue is.
    fn cannot_go(&self, webhook: &Webhook, now: Timestamp) -> bool {
        let gate = self.vendors.gate(webhook.id);
        self.is_held(webhook) || matches!(gate, Gate::Probing { .. }) || gate.opens() > now
    }

    /// Why a delivery that is given up could not go.
    pub(super) fn why_overdue(&self, head: &Head, now: Timestamp) -> String {
        let days = in_days(self.options.retention.open_age);
        let webhook = self.rules.webhook(head.key.webhook);
        let trouble = self.troubles.of(head.key.webhook, now);
        let why = match (webhook, trouble) {
            (Some(webhook), _) if webhook.suspended_at.is_some() => {
                let because =
                    webhook.suspended_because.as_deref().unwrap_or("somebody asked for it");
                format!("its webhook is suspended ({because})")
            }
            (_, Some(trouble)) => format!("its vendor fails ({})", trouble.detail),
            (Some(webhook), None)
                if head.status == Status::Blocked
                    && self.rules.catalog.get(&webhook.plugin).is_none() =>
            {
                format!("its plugin {} is not loaded", webhook.plugin)
            }
            (Some(webhook), None) if head.status == Status::Blocked => {
                format!("its plugin {} had no time for it", webhook.plugin)
            }
            _ => "its turn did not come".to_owned(),
        };
        format!("given up: due for more than {days}, and it could not go: {why}")
    }
}

impl Shrink {
    /// Whether more is to be forgotten: until the store is a tenth below its limit, and not on and on where that makes
    /// it no smaller.
    fn goes_on(&self, size: u64, limit: u64) -> bool {
        size > limit - limit / 10 && (size < self.size || self.events < SIZE_STEP_EVENTS)
    }

    /// Whether the store has kept the space of what was forgotten, for what is to come.
    fn uses_space_again(&self, size: u64) -> bool {
        self.events > 0 && size >= self.began
    }
}

fn in_days(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 86_400 { format!("{} days", seconds / 86_400) } else { format!("{seconds} s") }
}

/// Brings a step about.
pub(super) async fn step(ledger: &dyn Ledger, shard: Shard, lead: &Lead, sweep: Sweep) -> Swept {
    match sweep {
        Sweep::Retire(retirement) => Swept::Retired(ledger.retire(lead, retirement).await),
        Sweep::Size => Swept::Size(ledger.size(shard).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_made_smaller_until_it_is_or_cannot_be() {
        let shrink = |size, events| Shrink { size, began: size, events, from: None, asks: true };
        for (what, before, events, size, more) in [
            ("still above nine tenths", 1_000, 10, 950, true),
            ("below", 1_000, 10, 900, false),
            ("no smaller, but little was forgotten", 1_000, 10, 1_000, true),
            ("no smaller though much was", 1_000, SIZE_STEP_EVENTS, 1_000, false),
            ("smaller, and much was", 1_001, SIZE_STEP_EVENTS, 1_000, true),
        ] {
            let kept = events > 0 && size >= before;
            assert_eq!(shrink(before, events).uses_space_again(size), kept, "{what}");
            assert_eq!(shrink(before, events).goes_on(size, 1_000), more, "{what}");
        }
    }
}
