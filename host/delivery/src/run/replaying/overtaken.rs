//! Which deliveries have been overtaken by a later one of the same order key.

use std::collections::HashMap;

use transload_domain::{EventNo, Head, OrderKey, WebhookId};

use crate::run::options::REPLAY_KEYS_MAX;

/// What the vendor of one webhook has, as far back as was asked: for each order key the latest event that was
/// delivered. It is read newest first, and goes on learning of what is delivered meanwhile. Its size is bounded;
/// of what does not fit in nothing is known.
#[derive(Debug)]
pub(super) struct Delivered {
    webhook: WebhookId,
    latest: HashMap<OrderKey, EventNo>,
    /// All that was delivered of later events is known.
    down_to: EventNo,
    /// Where the next page begins; none before the first and behind the last.
    pub(super) cursor: Option<Vec<u8>>,
    keys_max: usize,
    /// Pages of a replay for which it was of use, less those that were read for it.
    surplus: i64,
}

/// A piece of the list of what was delivered, newest first.
#[derive(Debug, Default)]
pub(in crate::run) struct DeliveredPage {
    pub(super) found: Vec<(EventNo, Option<OrderKey>)>,
    /// Where the list goes on; none at its end.
    pub(super) next: Option<Vec<u8>>,
}

impl Delivered {
    /// Nothing is known yet.
    pub(super) fn new(webhook: WebhookId) -> Self {
        Self {
            webhook,
            latest: HashMap::new(),
            down_to: EventNo(u64::MAX),
            cursor: None,
            keys_max: REPLAY_KEYS_MAX,
            surplus: 0,
        }
    }

    /// Says that it was of use for a page.
    pub(super) fn used(&mut self) {
        self.surplus += 1;
    }

    /// For how many more pages it was of use than were read for it.
    pub(super) fn surplus(&self) -> i64 {
        self.surplus
    }

    pub(super) fn is_of(&self, webhook: WebhookId) -> bool {
        self.webhook == webhook
    }

    /// Whether more of the list must be read before something can be said of this event's deliveries; not where no more
    /// can be kept.
    pub(super) fn must_read_on(&self, event: EventNo) -> bool {
        self.down_to > event && self.latest.len() < self.keys_max
    }

    /// Takes in the next piece of the list.
    pub(super) fn take_in(&mut self, page: DeliveredPage) {
        self.surplus -= 1;
        for (event, order) in &page.found {
            // The list is newest first: only what was delivered since can be later.
            self.learn(*event, *order);
        }
        match (&page.next, page.found.last()) {
            (None, _) => self.down_to = EventNo(0),
            (Some(_), Some((event, _))) => self.down_to = self.down_to.min(*event),
            (Some(_), None) => {}
        }
        self.cursor = page.next;
    }

    /// Takes in what was just delivered.
    pub(super) fn delivered(&mut self, head: &Head) {
        if head.key.webhook != self.webhook {
            return;
        }
        self.learn(head.key.event, head.order);
        if self.latest.len() > self.keys_max.saturating_mul(2) {
            // Nothing is said any more, rather than something that is not so.
            self.latest.clear();
            self.down_to = EventNo(u64::MAX);
        }
    }

    fn learn(&mut self, event: EventNo, order: Option<OrderKey>) {
        if let Some(order) = order {
            let latest = self.latest.entry(order).or_insert(event);
            *latest = event.max(*latest);
        }
    }

    /// Whether the vendor has, or may have, a later state of what this delivery tells.
    pub(super) fn may_have_later(&self, head: &Head) -> bool {
        let Some(order) = head.order else { return false };
        let latest = self.latest.get(&order);
        latest.is_some_and(|latest| *latest > head.key.event) || head.key.event < self.down_to
    }
}

#[cfg(test)]
mod tests {
    use transload_domain::{DeliveryKey, HookNo, Part, Status, Timestamp};

    use super::*;

    fn head(event: u64, order: Option<u64>) -> Head {
        let webhook = WebhookId::from_random([1; 16]);
        let key = DeliveryKey { event: EventNo(event), webhook, hook: HookNo(0), part: Part(0) };
        let order = order.map(OrderKey);
        Head { order, ..Head::new(key, Status::Dead, Timestamp::EPOCH, Timestamp::EPOCH) }
    }

    fn page(found: &[(u64, u64)], more: bool) -> DeliveredPage {
        let found = found.iter().map(|(event, order)| (EventNo(*event), Some(OrderKey(*order))));
        DeliveredPage { found: found.collect(), next: more.then(|| vec![1]) }
    }

    #[test]
    fn what_came_later_with_the_same_key_overtakes() {
        let mut delivered = Delivered::new(head(0, None).key.webhook);
        assert!(delivered.must_read_on(EventNo(5)));
        assert!(delivered.may_have_later(&head(5, Some(1))), "nothing is known yet");
        delivered.take_in(page(&[(9, 1), (7, 2), (6, 1)], true));
        assert!(delivered.must_read_on(EventNo(5)) && !delivered.must_read_on(EventNo(6)));
        for (event, order, later) in [
            (9, Some(1), false),
            (8, Some(1), true),
            (8, Some(2), false),
            (6, Some(2), true),
            (6, Some(3), false),
            (5, Some(3), true),
            (5, None, false),
        ] {
            let found = delivered.may_have_later(&head(event, order));
            assert_eq!(found, later, "event {event} of {order:?}");
        }
        delivered.take_in(page(&[(2, 3)], false));
        assert!(!delivered.must_read_on(EventNo(0)));
        assert!(!delivered.may_have_later(&head(5, Some(3))));
        delivered.delivered(&head(11, Some(3)));
        assert!(delivered.may_have_later(&head(5, Some(3))), "delivered meanwhile");
    }

    #[test]
    fn of_what_does_not_fit_in_nothing_is_known() {
        let mut delivered = Delivered { keys_max: 2, ..Delivered::new(head(0, None).key.webhook) };
        delivered.take_in(page(&[(9, 1), (8, 2)], true));
        assert!(!delivered.must_read_on(EventNo(1)), "it is full");
        assert!(
            delivered.may_have_later(&head(7, Some(3)))
                && !delivered.may_have_later(&head(8, Some(3)))
        );
        for event in 10..20 {
            delivered.delivered(&head(event, Some(event)));
        }
        assert!(delivered.latest.len() <= 5, "{}", delivered.latest.len());
        assert!(delivered.may_have_later(&head(8, Some(3))));
    }
}
