//! Turns at the plugin state of a webhook.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use transload_domain::{Timestamp, WebhookId};

use super::{
    action::PlanId,
    options::{RUN_WAIT_EXPECTED_MAX, RUN_WAIT_MAX, TURNS_WAITING_MAX},
    slots::Slots,
};

/// What a turn is taken to last before one has ended: a transform and a write.
const USUAL: Duration = Duration::from_millis(2);

/// Whose turn it is to change a webhook's plugin state: a plan has it from the first transform to the end of the
/// write, so that one transform sees what the one before it changed.
///
/// A plan asks for all of its turns at once, and nobody who waits for another kind of thing has one: whoever asked
/// first gets all of his turns in the end, so that no two wait for each other.
#[derive(Debug, Default)]
pub(super) struct Turns {
    webhooks: HashMap<WebhookId, Line>,
    /// Plans that wait, oldest first; those that wait no longer are dropped when they come to the front.
    since: VecDeque<(Timestamp, WebhookId, PlanId)>,
    waiting: usize,
}

#[derive(Debug)]
struct Line {
    holder: Option<(PlanId, Timestamp)>,
    waiting: VecDeque<PlanId>,
    /// What a turn lasts: a mean in which the latest counts a quarter.
    lasts: Duration,
    slots: Slots,
    /// The webhook is gone: the line goes when the last one leaves it.
    is_gone: bool,
}

/// Who asks for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// An event, whose other deliveries wait meanwhile: it waits only when its turn comes soon.
    Event,
    /// A delivery that is made anew: nothing waits for it, so it always waits. There are few of them.
    Again,
}

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The plan has its turn.
    Granted,
    /// It stands in line.
    Waits,
    /// The line is too long.
    TooLong,
}

impl Turns {
    /// Says that this webhook's plugin uses state.
    pub(super) fn need(&mut self, webhook: WebhookId) {
        self.webhooks.entry(webhook).or_insert_with(|| Line {
            holder: None,
            waiting: VecDeque::new(),
            lasts: USUAL,
            slots: Slots::default(),
            is_gone: false,
        });
    }

    /// Whether this webhook's plugin was seen to use state.
    pub(super) fn are_needed(&self, webhook: WebhookId) -> bool {
        self.webhooks.contains_key(&webhook)
    }

    pub(super) fn holds(&self, plan: PlanId, webhook: WebhookId) -> bool {
        let line = self.webhooks.get(&webhook);
        line.and_then(|line| line.holder).is_some_and(|(holder, _)| holder == plan)
    }

    /// Whether nobody has this webhook's turn.
    pub(super) fn is_free(&self, webhook: WebhookId) -> bool {
        self.webhooks.get(&webhook).is_none_or(|line| line.holder.is_none())
    }

    /// Asks for the turn.
    pub(super) fn ask(
        &mut self,
        plan: PlanId,
        webhook: WebhookId,
        who: Who,
        now: Timestamp,
    ) -> Asked {
        self.need(webhook);
        let Some(line) = self.webhooks.get_mut(&webhook) else { return Asked::Granted };
        let Some((_, began)) = line.holder else {
            line.holder = Some((plan, now));
            return Asked::Granted;
        };
        let before = u32::try_from(line.waiting.len()).unwrap_or(u32::MAX).saturating_add(1);
        let waits = line.lasts.max(now.since(began)).saturating_mul(before);
        let too_long = match who {
            Who::Event => waits > RUN_WAIT_EXPECTED_MAX || self.waiting >= TURNS_WAITING_MAX,
            Who::Again => false,
        };
        if too_long {
            return Asked::TooLong;
        }
        line.waiting.push_back(plan);
        self.waiting += 1;
        self.since.push_back((now, webhook, plan));
        Asked::Waits
    }

    /// Ends the plan's turn, or its wait for one. Returns the plan whose turn it is then.
    pub(super) fn leave(
        &mut self,
        plan: PlanId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Option<PlanId> {
        let line = self.webhooks.get_mut(&webhook)?;
        match line.holder {
            Some((holder, began)) if holder == plan => {
                line.lasts = (line.lasts * 3 + now.since(began)) / 4;
                let next = line.waiting.pop_front();
                line.holder = next.map(|next| (next, now));
                self.waiting -= usize::from(next.is_some());
                if next.is_none() && line.is_gone {
                    self.webhooks.remove(&webhook);
                }
                self.trim();
                next
            }
            _ => {
                let before = line.waiting.len();
                line.waiting.retain(|waits| *waits != plan);
                self.waiting -= before - line.waiting.len();
                self.trim();
                None
            }
        }
    }

    /// A plan that has waited too long for this webhook. It still stands in line.
    pub(super) fn overdue(&self, now: Timestamp) -> Option<(PlanId, WebhookId)> {
        let (_, webhook, plan) =
            self.since.front().filter(|(since, ..)| since.after(RUN_WAIT_MAX) <= now)?;
        Some((*plan, *webhook))
    }

    /// When somebody will have waited too long.
    pub(super) fn overdue_at(&self) -> Option<Timestamp> {
        self.since.front().map(|(since, ..)| since.after(RUN_WAIT_MAX))
    }

    /// When a plan that the line was too long for should come back. Each call gives a later time.
    pub(super) fn slot(&mut self, webhook: WebhookId, now: Timestamp) -> Timestamp {
        let Some(line) = self.webhooks.get_mut(&webhook) else { return now };
        let ahead = u32::try_from(line.waiting.len()).unwrap_or(u32::MAX);
        let earliest = now.after(line.lasts.saturating_mul(ahead));
        line.slots.take(now, earliest, line.lasts.max(Duration::from_millis(1)))
    }

    /// Forgets a webhook that is gone; where somebody has its turn, when the last of those who wait for one has left.
    pub(super) fn forget(&mut self, webhook: WebhookId) {
        match self.webhooks.get_mut(&webhook) {
            Some(line) if line.holder.is_some() => line.is_gone = true,
            _ => drop(self.webhooks.remove(&webhook)),
        }
    }

    /// Drops what does not wait any more from the front of those that wait longest.
    fn trim(&mut self) {
        let gone = |(_, webhook, plan): &(Timestamp, WebhookId, PlanId)| {
            let line = self.webhooks.get(webhook);
            !line.is_some_and(|line| line.waiting.contains(plan))
        };
        while self.since.front().is_some_and(gone) {
            self.since.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(n: u8) -> WebhookId {
        WebhookId::from_random([n; 16])
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_millis(millis))
    }

    #[test]
    fn i4_one_plan_at_a_time_in_the_order_in_which_they_asked() {
        let mut turns = Turns::default();
        let mut asked = |plan| turns.ask(plan, webhook(1), Who::Event, at(0));
        assert_eq!([1, 2, 3].map(&mut asked), [Asked::Granted, Asked::Waits, Asked::Waits]);
        assert_eq!(turns.leave(3, webhook(1), at(1)), None, "one that waits goes away");
        assert_eq!(turns.leave(1, webhook(1), at(1)), Some(2));
        assert!(turns.holds(2, webhook(1)) && !turns.holds(1, webhook(1)));
        assert_eq!(turns.leave(2, webhook(1), at(1)), None);
        assert_eq!((turns.is_free(webhook(1)), turns.waiting, turns.since.len()), (true, 0, 0));
    }

    #[test]
    fn a_webhook_that_is_gone_is_forgotten_when_nobody_has_its_turn() {
        let mut turns = Turns::default();
        turns.need(webhook(1));
        turns.forget(webhook(1));
        assert!(!turns.are_needed(webhook(1)));
        for plan in 1..=2 {
            turns.ask(plan, webhook(1), Who::Event, at(0));
        }
        turns.forget(webhook(1));
        assert_eq!(turns.leave(1, webhook(1), at(1)), Some(2));
        assert!(turns.are_needed(webhook(1)), "somebody has its turn");
        assert_eq!(turns.leave(2, webhook(1), at(2)), None);
        assert!(!turns.are_needed(webhook(1)));
        assert_eq!((turns.waiting, turns.webhooks.len(), turns.since.len()), (0, 0, 0));
    }

    #[test]
    fn i8_events_wait_only_where_the_turn_comes_soon() {
        let mut turns = Turns::default();
        let mut ask = |plan, now| turns.ask(plan, webhook(1), Who::Event, at(now));
        assert_eq!(ask(0, 0), Asked::Granted);
        let waiting = (1..1_000).take_while(|plan| ask(*plan, 0) == Asked::Waits).count();
        assert_eq!(waiting, 50, "2 ms each, 100 ms in all");
        // One turn takes a second: nobody waits for the next ones.
        let mut slow = Turns::default();
        assert_eq!(slow.ask(0, webhook(2), Who::Event, at(0)), Asked::Granted);
        assert_eq!(slow.ask(1, webhook(2), Who::Event, at(1_000)), Asked::TooLong);
        slow.leave(0, webhook(2), at(1_000));
        assert_eq!(slow.ask(1, webhook(2), Who::Event, at(1_000)), Asked::Granted);
        assert_eq!(slow.ask(2, webhook(2), Who::Event, at(1_000)), Asked::TooLong);
        // What nothing waits for may wait.
        assert_eq!(slow.ask(2, webhook(2), Who::Again, at(1_000)), Asked::Waits);
    }

    #[test]
    fn i8_those_who_wait_for_turns_are_half_of_the_events_in_hand_at_most() {
        let mut turns = Turns::default();
        let mut plan = 0;
        let mut waiting = 0;
        for n in 0..20 {
            for _ in 0..30 {
                plan += 1;
                let asked = turns.ask(plan, webhook(n), Who::Event, at(0));
                waiting += usize::from(asked == Asked::Waits);
            }
        }
        assert_eq!(waiting, TURNS_WAITING_MAX);
    }

    #[test]
    fn whoever_has_waited_too_long_is_named() {
        let mut turns = Turns::default();
        for plan in 1..=3 {
            turns.ask(plan, webhook(1), Who::Event, at(plan));
        }
        assert_eq!(turns.overdue(at(2_001)), None);
        assert_eq!(turns.overdue(at(2_002)), Some((2, webhook(1))));
        turns.leave(2, webhook(1), at(2_002));
        assert_eq!(turns.overdue(at(2_002)), None);
        assert_eq!(turns.overdue_at(), Some(at(2_003)));
    }
}
