//! The events that an agenda has still to read from the store, and whose turn it is.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use transload_domain::{Event, EventNo, Organization};

use crate::tail::size;

/// Events of one organization that are told in one turn.
pub(super) const EVENTS_PER_TURN: usize = 16;

/// Bytes of events that are kept until their turn; others are read from the store again.
const KEPT_BYTES_MAX: usize = 16 << 20;

/// Undispatched events that were not told when they came: more come than are read, or a lead begins.
///
/// They are told by turns over their organizations, those of each in the order of acceptance: so nobody's event waits for
/// all that another organization has posted before. For that the numbers of them are kept, which is bounded by what may
/// wait undispatched (16 bytes each), and of the events themselves as many as fit in.
#[derive(Debug, Default)]
pub(super) struct Lag {
    /// Numbers that have not been looked through yet.
    unseen: Option<(EventNo, EventNo)>,
    waiting: HashMap<Organization, VecDeque<Late>>,
    turns: VecDeque<Organization>,
    kept_bytes: usize,
}

/// An event that waits for its turn; none where it is in the store only.
pub(super) type Late = (EventNo, Option<Arc<Event>>);

impl Lag {
    /// Whether nothing is to be read.
    pub(super) fn is_empty(&self) -> bool {
        self.unseen.is_none() && self.turns.is_empty()
    }

    /// Whether events are known that wait for their turn.
    pub(super) fn has_some(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Whether events of this organization wait, so that what comes now is told behind them.
    pub(super) fn holds(&self, organization: &Organization) -> bool {
        self.waiting.contains_key(organization)
    }

    /// Says that the undispatched ones from `first` up to and including `last` have not been told.
    pub(super) fn miss(&mut self, first: EventNo, last: EventNo) {
        if first <= last {
            let from = self.unseen.map_or(first, |(from, _)| from);
            self.unseen = Some((from, last));
        }
    }

    /// What is to be looked through next, if anything: from which number, up to which.
    pub(super) fn unseen(&self) -> Option<(EventNo, EventNo)> {
        self.unseen
    }

    /// Says where to look on.
    pub(super) fn looked(&mut self, next: Option<EventNo>) {
        self.unseen = self.unseen.and_then(|(_, last)| Some((next?, last)));
    }

    /// Takes an event in, behind those of its organization.
    pub(super) fn add(
        &mut self,
        organization: &Organization,
        no: EventNo,
        event: Option<Arc<Event>>,
    ) {
        let fits = |event: &Arc<Event>| self.kept_bytes + size(event) <= KEPT_BYTES_MAX;
        let event = event.filter(fits);
        self.kept_bytes += event.as_deref().map_or(0, size);
        match self.waiting.get_mut(organization) {
            Some(waiting) => waiting.push_back((no, event)),
            None => {
                self.waiting.insert(organization.clone(), VecDeque::from([(no, event)]));
                self.turns.push_back(organization.clone());
            }
        }
    }

    /// The events of the organization whose turn it is; none where none waits.
    pub(super) fn turn(&mut self) -> Vec<Late> {
        let Some(organization) = self.turns.pop_front() else { return Vec::new() };
        let Some(waiting) = self.waiting.get_mut(&organization) else { return Vec::new() };
        let some: Vec<Late> = waiting.drain(..waiting.len().min(EVENTS_PER_TURN)).collect();
        if waiting.is_empty() {
            self.waiting.remove(&organization);
        } else {
            self.turns.push_back(organization);
        }
        self.kept_bytes -=
            some.iter().filter_map(|(_, event)| event.as_deref()).map(size).sum::<usize>();
        some
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i8_organizations_take_turns_and_each_ones_events_keep_their_order() {
        let (big, small) = (Organization::new("big").unwrap(), Organization::new("small").unwrap());
        let mut lag = Lag::default();
        lag.miss(EventNo(1), EventNo(40));
        assert_eq!(lag.unseen(), Some((EventNo(1), EventNo(40))));
        for no in 1..=40 {
            lag.add(if no == 38 { &small } else { &big }, EventNo(no), None);
        }
        lag.looked(None);
        assert!(lag.holds(&big) && lag.holds(&small) && lag.unseen().is_none());
        let mut told = Vec::new();
        while !lag.is_empty() {
            told.extend(lag.turn().into_iter().map(|(no, _)| no.0));
        }
        let expected: Vec<u64> = (1..=16).chain([38]).chain(17..=37).chain(39..=40).collect();
        assert_eq!(told, expected);
        assert!(!lag.holds(&big) && !lag.has_some());
    }

    #[test]
    fn what_is_missed_later_is_looked_through_behind_the_rest() {
        let mut lag = Lag::default();
        lag.miss(EventNo(7), EventNo(6));
        assert!(lag.is_empty(), "nothing was missed");
        lag.miss(EventNo(1), EventNo(10));
        lag.looked(Some(EventNo(5)));
        lag.miss(EventNo(11), EventNo(20));
        assert_eq!(lag.unseen(), Some((EventNo(5), EventNo(20))));
        lag.looked(None);
        assert!(lag.is_empty());
    }
}
