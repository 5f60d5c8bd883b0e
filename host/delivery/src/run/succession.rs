//! In which order the dispatches of ordered webhooks are written.

use std::collections::{BTreeSet, HashMap, HashSet};

use transload_domain::{EventNo, OrderKey, WebhookId};

use super::action::PlanId;

/// An order key of an ordered webhook.
pub(super) type Key = (WebhookId, OrderKey);

/// The events in hand that deliveries of ordered webhooks come from.
///
/// Transforms of such events may run at the same time, but their dispatches are written in the order of acceptance.
/// So the ledger never has the deliveries of an event while those of an earlier one with the same key are still to
/// be made: whoever leads next, after a crash at any time, finds the first ones first.
#[derive(Debug, Default)]
pub(super) struct Succession {
    events: HashMap<Key, BTreeSet<EventNo>>,
    behind: HashMap<EventNo, Vec<PlanId>>,
}

impl Succession {
    /// Says that this event is in hand.
    pub(super) fn enter(&mut self, no: EventNo, keys: &[Key]) {
        for key in keys {
            self.events.entry(*key).or_default().insert(no);
        }
    }

    /// The nearest earlier event that this one must follow, if any; those in `with_it` are written together with it
    /// and before it.
    pub(super) fn before(
        &self,
        no: EventNo,
        keys: &[Key],
        with_it: &HashSet<EventNo>,
    ) -> Option<EventNo> {
        let earlier = |key| self.events.get(key)?.range(..no).next_back().copied();
        keys.iter().filter_map(earlier).find(|earlier| !with_it.contains(earlier))
    }

    /// Lets a plan wait until this event is written or joins a write.
    pub(super) fn wait(&mut self, plan: PlanId, earlier: EventNo) {
        self.behind.entry(earlier).or_default().push(plan);
    }

    /// The plans that waited for this event.
    pub(super) fn followers(&mut self, no: EventNo) -> Vec<PlanId> {
        self.behind.remove(&no).unwrap_or_default()
    }

    /// Says that this event is no longer in hand. The plans that waited for it are returned.
    pub(super) fn leave(&mut self, no: EventNo, keys: &[Key]) -> Vec<PlanId> {
        for key in keys {
            if let Some(events) = self.events.get_mut(key) {
                events.remove(&no);
                if events.is_empty() {
                    self.events.remove(key);
                }
            }
        }
        self.followers(no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_follows_the_one_before_it_with_the_same_key() {
        let webhook = WebhookId::from_random([1; 16]);
        let (red, blue) = ((webhook, OrderKey(1)), (webhook, OrderKey(2)));
        let mut succession = Succession::default();
        for (no, keys) in [(1, vec![red]), (2, vec![blue]), (3, vec![red, blue]), (4, vec![])] {
            succession.enter(EventNo(no), &keys);
        }
        let nobody = HashSet::new();
        let before = |succession: &Succession, no, keys: &[Key], with_it: &HashSet<EventNo>| {
            succession.before(EventNo(no), keys, with_it).map(|no| no.0)
        };
        assert_eq!(before(&succession, 1, &[red], &nobody), None);
        assert_eq!(before(&succession, 2, &[blue], &nobody), None);
        assert_eq!(before(&succession, 3, &[red, blue], &nobody), Some(1));
        assert_eq!(before(&succession, 4, &[], &nobody), None);
        let one = HashSet::from([EventNo(1)]);
        assert_eq!(before(&succession, 3, &[red, blue], &one), Some(2), "each key counts");
        succession.wait(30, EventNo(1));
        assert_eq!(succession.leave(EventNo(1), &[red]), [30]);
        assert_eq!(before(&succession, 3, &[red, blue], &nobody), Some(2));
        assert!(succession.leave(EventNo(2), &[blue]).is_empty());
        assert_eq!(before(&succession, 3, &[red, blue], &nobody), None);
        succession.leave(EventNo(3), &[red, blue]);
        assert_eq!((succession.events.len(), succession.behind.len()), (0, 0));
    }
}
