//! Who is due next.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::{DeliveryKey, Head, Timestamp, WebhookId};

/// The open deliveries and whose turn it is: a pure, in-memory view, rebuilt from the ledger at a start.
///
/// Webhooks take turns, one delivery a turn; within a webhook the delivery that is due longest goes first, and of
/// two that are due at the same time the one whose event was accepted first. A webhook never has more in flight
/// than its cap, and all together never more than the agenda's. A suspended webhook keeps its deliveries and gets
/// no turn.
///
/// Taking, finishing and adding a delivery cost the logarithm of what waits, whether that is ten deliveries or a
/// million; suspending or removing a webhook may look at all webhooks that are ready.
#[derive(Debug)]
pub struct Agenda {
    cap: usize,
    in_flight: usize,
    waiting: usize,
    lanes: HashMap<WebhookId, LaneState>,
    ready: VecDeque<WebhookId>,
    timers: BTreeSet<(Timestamp, WebhookId)>,
}

/// What a webhook may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Deliveries in flight at the same time; at least one.
    pub cap: u16,
    /// Whether its deliveries are held.
    pub suspended: bool,
}

#[derive(Debug)]
struct LaneState {
    lane: Lane,
    in_flight: usize,
    waiting: BTreeMap<(Timestamp, DeliveryKey), Head>,
    place: Place,
}

/// Where a lane stands; kept so that each lane stands in one place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Ready,
    Timer(Timestamp),
}

impl Agenda {
    /// An empty agenda that lets at most `cap` deliveries be in flight.
    pub fn new(cap: usize) -> Self {
        Self {
            cap: cap.max(1),
            in_flight: 0,
            waiting: 0,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
        }
    }

    /// Says what a webhook may take, from now on.
    pub fn configure(&mut self, webhook: WebhookId, lane: Lane) {
        let lane = Lane { cap: lane.cap.max(1), ..lane };
        self.lane(webhook, lane).lane = lane;
        self.place(webhook);
    }

    /// Forgets a webhook and what waits for it; what is in flight ends as usual. Returns what was forgotten.
    pub fn remove(&mut self, webhook: WebhookId) -> Vec<Head> {
        let Some(state) = self.lanes.get_mut(&webhook) else { return Vec::new() };
        state.lane.suspended = true;
        let forgotten: Vec<Head> = std::mem::take(&mut state.waiting).into_values().collect();
        self.waiting -= forgotten.len();
        self.place(webhook);
        self.drop_if_idle(webhook);
        forgotten
    }

    /// Adds an open delivery. It must not be there already.
    pub fn insert(&mut self, head: Head) {
        debug_assert!(head.status.is_open(), "{head:?}");
        // A webhook that was never configured is taken to be suspended: nothing goes out by rules that are unknown.
        let unknown = Lane { cap: 1, suspended: true };
        let state = self.lane(head.key.webhook, unknown);
        let replaced = state.waiting.insert((head.due, head.key), head);
        debug_assert!(replaced.is_none(), "{head:?} was there already");
        self.waiting += usize::from(replaced.is_none());
        self.place(head.key.webhook);
    }

    /// Takes the delivery whose turn it is at `now`, if any. It counts as in flight until [`Agenda::finish`].
    pub fn next(&mut self, now: Timestamp) -> Option<Head> {
        self.wake(now);
        if self.in_flight >= self.cap {
            return None;
        }
        while let Some(webhook) = self.ready.pop_front() {
            let Some(state) = self.lanes.get_mut(&webhook) else { continue };
            state.place = Place::Nowhere;
            let due = state.waiting.first_entry().filter(|first| first.key().0 <= now);
            let head = due.map(std::collections::btree_map::OccupiedEntry::remove);
            if head.is_some() {
                state.in_flight += 1;
                self.in_flight += 1;
                self.waiting -= 1;
            }
            self.place_at(webhook, now);
            if head.is_some() {
                return head;
            }
        }
        None
    }

    /// Says that one delivery of this webhook is no longer in flight. If it is still open, insert it again.
    pub fn finish(&mut self, webhook: WebhookId) {
        let Some(state) = self.lanes.get_mut(&webhook) else { return };
        debug_assert!(state.in_flight > 0, "finished more than was begun");
        state.in_flight = state.in_flight.saturating_sub(1);
        self.in_flight = self.in_flight.saturating_sub(1);
        self.place(webhook);
        self.drop_if_idle(webhook);
    }

    /// When [`Agenda::next`] could have something, if nothing else happens before; at once when that is in the past.
    /// `None` when only a finish, an insert or a change of a webhook can bring something.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.in_flight >= self.cap {
            return None;
        }
        if !self.ready.is_empty() {
            return Some(Timestamp::EPOCH);
        }
        self.timers.first().map(|(at, _)| *at)
    }

    /// Deliveries that wait, for their time or for their turn.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Deliveries that were taken and not finished.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The time at which the delivery that waits longest was due. It looks at every webhook: for metrics only.
    pub fn oldest_due(&self) -> Option<Timestamp> {
        let firsts = self.lanes.values().filter_map(|state| state.waiting.first_key_value());
        firsts.map(|((due, _), _)| *due).min()
    }

    fn lane(&mut self, webhook: WebhookId, lane: Lane) -> &mut LaneState {
        self.lanes.entry(webhook).or_insert_with(|| LaneState {
            lane,
            in_flight: 0,
            waiting: BTreeMap::new(),
            place: Place::Nowhere,
        })
    }

    /// Moves the lanes whose time has come to the end of the ready ring.
    fn wake(&mut self, now: Timestamp) {
        while let Some((at, webhook)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, webhook));
            if let Some(state) = self.lanes.get_mut(&webhook) {
                state.place = Place::Ready;
                self.ready.push_back(webhook);
            }
        }
    }

    /// Puts a lane where it now belongs; due times are compared when its timer is looked at.
    fn place(&mut self, webhook: WebhookId) {
        self.place_at(webhook, Timestamp::from_micros(i64::MIN));
    }

    fn place_at(&mut self, webhook: WebhookId, now: Timestamp) {
        let Some(state) = self.lanes.get_mut(&webhook) else { return };
        let may_go = !state.lane.suspended && state.in_flight < usize::from(state.lane.cap);
        let first = state.waiting.first_key_value().map(|((due, _), _)| *due).filter(|_| may_go);
        let wanted = match (first, state.place) {
            (None, _) => Place::Nowhere,
            (Some(_), Place::Ready) => Place::Ready,
            (Some(due), _) if due <= now => Place::Ready,
            (Some(due), _) => Place::Timer(due),
        };
        if wanted == state.place {
            return;
        }
        let left = std::mem::replace(&mut state.place, wanted);
        match left {
            Place::Nowhere => {}
            Place::Ready => self.ready.retain(|other| *other != webhook),
            Place::Timer(at) => {
                self.timers.remove(&(at, webhook));
            }
        }
        match wanted {
            Place::Nowhere => {}
            Place::Ready => self.ready.push_back(webhook),
            Place::Timer(at) => {
                self.timers.insert((at, webhook));
            }
        }
    }

    fn drop_if_idle(&mut self, webhook: WebhookId) {
        let idle = |state: &LaneState| {
            state.waiting.is_empty() && state.in_flight == 0 && state.lane.suspended
        };
        if self.lanes.get(&webhook).is_some_and(idle) {
            self.lanes.remove(&webhook);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventNo, HookNo, Part, Status};

    fn webhook(n: u8) -> WebhookId {
        WebhookId::from_random([n; 16])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn head(hook: u8, event: u64, due: i64) -> Head {
        let key = DeliveryKey {
            event: EventNo(event),
            webhook: webhook(hook),
            hook: HookNo(0),
            part: Part(0),
        };
        Head::new(key, Status::Scheduled, at(due), at(0))
    }

    /// An agenda with these webhooks, each with this cap.
    fn agenda(total: usize, caps: &[(u8, u16)]) -> Agenda {
        let mut agenda = Agenda::new(total);
        for (hook, cap) in caps {
            agenda.configure(webhook(*hook), Lane { cap: *cap, suspended: false });
        }
        agenda
    }

    fn take_all(agenda: &mut Agenda, now: i64) -> Vec<(u8, u64)> {
        let mut taken = Vec::new();
        while let Some(head) = agenda.next(at(now)) {
            let hook = (0..=255).find(|n| webhook(*n) == head.key.webhook).unwrap();
            taken.push((hook, head.key.event.0));
        }
        taken
    }

    #[test]
    fn i8_webhooks_take_turns_however_long_their_queues() {
        let mut agenda = agenda(100, &[(1, 100), (2, 100), (3, 100)]);
        for event in 0..50 {
            agenda.insert(head(1, event, 0));
        }
        agenda.insert(head(2, 60, 0));
        agenda.insert(head(3, 61, 0));
        agenda.insert(head(2, 62, 0));
        let taken = take_all(&mut agenda, 1);
        assert_eq!(taken[..6], [(1, 0), (2, 60), (3, 61), (1, 1), (2, 62), (1, 2)]);
        assert_eq!(taken.len(), 53);
    }

    #[test]
    fn i8_a_webhook_stays_within_its_cap_and_all_within_theirs() {
        for (total, cap, expected) in [(10, 2, 4), (3, 2, 3), (1, 5, 1), (10, 10, 10)] {
            let mut agenda = agenda(total, &[(1, cap), (2, cap)]);
            for event in 0..10 {
                agenda.insert(head(1, event, 0));
                agenda.insert(head(2, event, 0));
            }
            assert_eq!(take_all(&mut agenda, 1).len(), expected, "total {total}, cap {cap}");
            assert_eq!(agenda.in_flight(), expected);
        }
    }

    #[test]
    fn a_finish_gives_the_next_its_turn() {
        let mut agenda = agenda(10, &[(1, 1)]);
        agenda.insert(head(1, 1, 0));
        agenda.insert(head(1, 2, 0));
        assert_eq!(take_all(&mut agenda, 1), [(1, 1)]);
        assert_eq!(agenda.wake_at(), None);
        agenda.finish(webhook(1));
        assert_eq!(take_all(&mut agenda, 1), [(1, 2)]);
    }

    #[test]
    fn what_is_not_due_waits_for_its_time_at_any_distance() {
        let mut agenda = agenda(10, &[(1, 10), (2, 10)]);
        let year = 365 * 86_400;
        agenda.insert(head(1, 1, 50 * year));
        agenda.insert(head(2, 2, 10));
        assert_eq!(agenda.wake_at(), Some(at(10)));
        assert_eq!(take_all(&mut agenda, 9), []);
        assert_eq!(take_all(&mut agenda, 10), [(2, 2)]);
        assert_eq!(agenda.wake_at(), Some(at(50 * year)));
        assert_eq!(take_all(&mut agenda, 50 * year), [(1, 1)]);
        assert_eq!(agenda.wake_at(), None);
    }

    #[test]
    fn the_longest_due_goes_first_and_acceptance_breaks_the_tie() {
        let mut agenda = agenda(10, &[(1, 10)]);
        for (event, due) in [(5, 3), (9, 1), (4, 3), (7, 2)] {
            agenda.insert(head(1, event, due));
        }
        assert_eq!(take_all(&mut agenda, 3), [(1, 9), (1, 7), (1, 4), (1, 5)]);
    }

    #[test]
    fn a_suspended_webhook_keeps_its_deliveries_and_gets_no_turn() {
        let mut agenda = agenda(10, &[(1, 10)]);
        agenda.insert(head(1, 1, 0));
        agenda.configure(webhook(1), Lane { cap: 10, suspended: true });
        agenda.insert(head(1, 2, 0));
        assert_eq!((take_all(&mut agenda, 9), agenda.waiting()), (vec![], 2));
        assert_eq!(agenda.wake_at(), None);
        agenda.configure(webhook(1), Lane { cap: 10, suspended: false });
        assert_eq!(take_all(&mut agenda, 9), [(1, 1), (1, 2)]);
    }

    #[test]
    fn a_webhook_that_nobody_configured_gets_no_turn_yet() {
        let mut agenda = Agenda::new(10);
        agenda.insert(head(1, 1, 0));
        assert_eq!(take_all(&mut agenda, 9), []);
        agenda.configure(webhook(1), Lane { cap: 1, suspended: false });
        assert_eq!(take_all(&mut agenda, 9), [(1, 1)]);
    }

    #[test]
    fn a_removed_webhook_is_forgotten_with_what_waits() {
        let mut agenda = agenda(10, &[(1, 1), (2, 1)]);
        for event in 1..=3 {
            agenda.insert(head(1, event, 0));
        }
        agenda.insert(head(2, 9, 0));
        assert_eq!(agenda.next(at(1)).unwrap().key.event, EventNo(1));
        let forgotten = agenda.remove(webhook(1));
        assert_eq!(forgotten.iter().map(|head| head.key.event.0).collect::<Vec<_>>(), [2, 3]);
        agenda.finish(webhook(1));
        assert_eq!(take_all(&mut agenda, 1), [(2, 9)]);
        assert_eq!((agenda.waiting(), agenda.in_flight()), (0, 1));
    }

    #[test]
    fn a_clock_that_goes_back_sends_nothing_early() {
        let mut agenda = agenda(1, &[(1, 10), (2, 10)]);
        agenda.insert(head(1, 1, 5));
        agenda.insert(head(2, 2, 5));
        assert!(agenda.next(at(5)).is_some());
        agenda.finish(webhook(1));
        assert_eq!(agenda.next(at(4)), None);
        assert_eq!(agenda.wake_at(), Some(at(5)));
        assert!(agenda.next(at(5)).is_some());
    }

    /// Random work against a plain list that does the same slowly.
    #[test]
    fn agrees_with_a_list() {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for _ in 0..200 {
            let (total, cap) = (1 + random(8) as usize, 1 + random(4) as u16);
            let mut agenda = agenda(total, &[(0, cap), (1, cap), (2, cap), (3, cap)]);
            let mut waiting: Vec<Head> = Vec::new();
            let mut flying: Vec<Head> = Vec::new();
            for step in 0..300 {
                match random(3) {
                    0 => {
                        let one = head(random(4) as u8, step, random(300) as i64);
                        waiting.push(one);
                        agenda.insert(one);
                    }
                    1 if !flying.is_empty() => {
                        let done = flying.swap_remove(random(flying.len() as u64) as usize);
                        agenda.finish(done.key.webhook);
                    }
                    _ => {
                        let now = at(step as i64);
                        let free = |hook: WebhookId| {
                            flying.iter().filter(|f| f.key.webhook == hook).count()
                                < usize::from(cap)
                        };
                        let could = flying.len() < total
                            && waiting.iter().any(|w| w.due <= now && free(w.key.webhook));
                        let taken = agenda.next(now);
                        assert_eq!(taken.is_some(), could, "step {step}");
                        if let Some(taken) = taken {
                            assert!(free(taken.key.webhook) && taken.due <= now);
                            let of_hook =
                                waiting.iter().filter(|w| w.key.webhook == taken.key.webhook);
                            assert_eq!(of_hook.min_by_key(|w| (w.due, w.key)), Some(&taken));
                            waiting.retain(|w| *w != taken);
                            flying.push(taken);
                        }
                    }
                }
                assert_eq!(agenda.waiting(), waiting.len());
                assert_eq!(agenda.in_flight(), flying.len());
            }
        }
    }
}
