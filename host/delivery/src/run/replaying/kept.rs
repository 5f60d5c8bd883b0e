//! What is kept in memory of what vendors have, for the replays that need it.

use std::collections::BTreeMap;

use transload_domain::{Head, Organization, WebhookId};

use super::overtaken::Delivered;
use crate::run::options::REPLAY_KEPT_MAX;

/// What the vendor has of the ordered webhook that each organization's replay is at; of so many organizations at a time.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<Organization, Delivered>);

impl Kept {
    /// Of this webhook; none while no place is free. An organization's place is taken where its replay does not go on now,
    /// or where what was read for it has been of use for as many pages: so those that take the places in turns read at
    /// most as much as they move.
    pub(super) fn of(
        &mut self,
        organization: &Organization,
        webhook: WebhookId,
        goes_on: impl Fn(&Organization) -> bool,
    ) -> Option<&mut Delivered> {
        if self.0.get(organization).is_some_and(|known| !known.is_of(webhook)) {
            self.0.remove(organization);
        }
        if !self.0.contains_key(organization) && self.0.len() >= REPLAY_KEPT_MAX {
            let may_go =
                |(one, known): &(&Organization, &Delivered)| known.surplus() >= 0 || !goes_on(one);
            let all = self.0.iter().filter(may_go);
            let (least_needed, _) = all.max_by_key(|(_, known)| known.surplus())?;
            let least_needed = least_needed.clone();
            self.0.remove(&least_needed);
        }
        Some(self.0.entry(organization.clone()).or_insert_with(|| Delivered::new(webhook)))
    }

    /// The same, where it is kept.
    pub(super) fn known_of(&self, organization: &Organization) -> Option<&Delivered> {
        self.0.get(organization)
    }

    /// Takes in that a delivery has arrived.
    pub(super) fn delivered(&mut self, head: &Head) {
        for known in self.0.values_mut() {
            known.delivered(head);
        }
    }

    /// Forgets what an organization's replay needed that has ended.
    pub(super) fn forget(&mut self, organization: &Organization) {
        self.0.remove(organization);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::overtaken::DeliveredPage, *};

    fn organization(n: usize) -> Organization {
        Organization::new(&format!("o{n}")).unwrap()
    }

    fn webhook(n: usize) -> WebhookId {
        WebhookId::from_random([u8::try_from(n).unwrap(); 16])
    }

    /// As many as are kept, each read in two pages.
    fn full() -> Kept {
        let mut kept = Kept::default();
        for n in 0..REPLAY_KEPT_MAX {
            let known = kept.of(&organization(n), webhook(n), |_| true).unwrap();
            for _ in 0..2 {
                known.take_in(DeliveredPage::default());
            }
        }
        kept
    }

    #[test]
    fn i8_what_was_read_is_kept_until_it_was_of_use() {
        let mut kept = full();
        let late = organization(90);
        let ask = |kept: &mut Kept| kept.of(&late, webhook(90), |_| true).is_some();
        assert!(!ask(&mut kept));
        for used in [true, false] {
            assert!(!ask(&mut kept));
            kept.of(&organization(1), webhook(1), |_| true).unwrap().used();
            assert_ne!(used, ask(&mut kept), "after one page of two, and after both");
        }
        assert!(kept.known_of(&organization(1)).is_none() && kept.known_of(&late).is_some());
        assert_eq!(kept.0.len(), REPLAY_KEPT_MAX);
    }

    #[test]
    fn a_replay_that_does_not_go_on_leaves_its_place() {
        let mut kept = full();
        let stuck = organization(2);
        assert!(kept.of(&organization(90), webhook(90), |one| *one != stuck).is_some());
        assert!(kept.known_of(&stuck).is_none());
        // Whoever is at another webhook begins anew, in the same place.
        assert!(kept.of(&organization(0), webhook(77), |_| true).unwrap().surplus() == 0);
        kept.forget(&organization(0));
        assert_eq!(kept.0.len(), REPLAY_KEPT_MAX - 1);
    }
}
