//! Whose turn it is to replay.

use std::collections::{HashMap, VecDeque};

use transload_domain::{Organization, ReplayId};

/// The replays that are not finished, as they take turns: one after the other for each organization, and the
/// organizations by turns. So one that replays a million deliveries holds up nobody who replays ten.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Those that have replays and whose turn it is not.
    waiting: VecDeque<Organization>,
    /// The replays of each, beside the one whose turn it is.
    replays: HashMap<Organization, VecDeque<ReplayId>>,
    turn: Option<Organization>,
}

impl Queue {
    /// Takes a replay in, behind the others of its organization.
    pub(super) fn add(&mut self, organization: &Organization, id: ReplayId) {
        let replays = self.replays.entry(organization.clone()).or_default();
        if replays.contains(&id) {
            return;
        }
        replays.push_back(id);
        if replays.len() == 1 && self.turn.as_ref() != Some(organization) {
            self.waiting.push_back(organization.clone());
        }
    }

    /// Begins the next turn, of an organization that may go on now.
    pub(super) fn next(
        &mut self,
        may: impl Fn(&Organization) -> bool,
    ) -> Option<(Organization, ReplayId)> {
        self.end(None);
        for _ in 0..self.waiting.len() {
            let organization = self.waiting.pop_front()?;
            let mine = self.replays.get_mut(&organization).filter(|_| may(&organization));
            if let Some(id) = mine.and_then(VecDeque::pop_front) {
                self.turn = Some(organization.clone());
                return Some((organization, id));
            }
            self.waiting.push_back(organization);
        }
        None
    }

    /// Ends the turn, if it is somebody's. The replay, where it has not ended, stays the first of its organization.
    pub(super) fn end(&mut self, goes_on: Option<ReplayId>) {
        let Some(organization) = self.turn.take() else { return };
        let Some(replays) = self.replays.get_mut(&organization) else { return };
        if let Some(id) = goes_on {
            replays.push_front(id);
        }
        if replays.is_empty() {
            self.replays.remove(&organization);
        } else {
            self.waiting.push_back(organization);
        }
    }

    /// Whether another organization waits for its turn.
    pub(super) fn has_others(&self) -> bool {
        !self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(n: u8) -> ReplayId {
        ReplayId::from_random([n; 16])
    }

    fn organization(name: &str) -> Organization {
        Organization::new(name).unwrap()
    }

    /// Turns, until nobody has one; a replay ends when it has had so many.
    fn turns(queue: &mut Queue, lasts: impl Fn(ReplayId) -> usize) -> Vec<ReplayId> {
        let mut had = Vec::new();
        while let Some((_, id)) = queue.next(|_| true) {
            had.push(id);
            let times = had.iter().filter(|one| **one == id).count();
            queue.end((times < lasts(id)).then_some(id));
        }
        had
    }

    #[test]
    fn i8_organizations_take_turns_and_the_replays_of_each_go_one_after_the_other() {
        let mut queue = Queue::default();
        for (name, n) in [("big", 1), ("big", 2), ("small", 3), ("big", 1)] {
            queue.add(&organization(name), replay(n));
        }
        let lasts = |id| if id == replay(1) { 3 } else { 1 };
        assert_eq!(turns(&mut queue, lasts), [1, 3, 1, 1, 2].map(replay));
        assert!(queue.replays.is_empty() && !queue.has_others());
    }

    #[test]
    fn one_that_comes_in_its_organizations_turn_waits_for_the_next() {
        let mut queue = Queue::default();
        queue.add(&organization("one"), replay(1));
        assert_eq!(queue.next(|_| true).unwrap().1, replay(1));
        queue.add(&organization("one"), replay(2));
        assert!(!queue.has_others(), "nobody else waits");
        queue.end(Some(replay(1)));
        assert_eq!(turns(&mut queue, |_| 1), [1, 2].map(replay));
    }

    #[test]
    fn whoever_may_not_go_on_keeps_nobody_from_it() {
        let mut queue = Queue::default();
        for (name, n) in [("full", 1), ("free", 2)] {
            queue.add(&organization(name), replay(n));
        }
        let is_free = |one: &Organization| one.as_str() == "free";
        assert_eq!(queue.next(is_free).unwrap().1, replay(2));
        queue.end(None);
        assert_eq!(queue.next(is_free), None);
        assert_eq!(queue.next(|_| true).unwrap().1, replay(1));
    }
}
