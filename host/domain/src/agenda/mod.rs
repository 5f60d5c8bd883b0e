//! Who is due next.

mod queue;

use std::collections::{BTreeSet, HashMap, VecDeque};

use self::queue::Queue;
use crate::{DeliveryKey, EventNo, Head, OrderKey, Status, Timestamp, WebhookId};

/// The open deliveries and whose turn it is: a pure, in-memory view, rebuilt from the ledger at a start.
///
/// Webhooks take turns, one delivery a turn; within a webhook the delivery that is due longest goes first, and of
/// two that are due at the same time the one whose event was accepted first. A webhook never has more in flight
/// than its cap, and all together never more than the agenda's; the last quarter of all places is kept for webhooks
/// that have few. A suspended webhook keeps its deliveries and gets no turn; one whose gate is not open gets its
/// turns as the gate says. Deliveries of one webhook with the same order key go out one after the other, in the order
/// of acceptance, and one that fails holds those behind it.
///
/// Taking, finishing and adding a delivery cost the logarithm of what waits, whether that is ten deliveries or a
/// million; suspending or removing a webhook and closing its gate may look at all webhooks that are ready.
#[derive(Debug)]
pub struct Agenda {
    cap: usize,
    in_flight: usize,
    waiting: usize,
    lanes: HashMap<WebhookId, LaneState>,
    ready: VecDeque<WebhookId>,
    /// Lanes that are ready and have to wait until fewer places are taken.
    modest: VecDeque<WebhookId>,
    timers: BTreeSet<(Timestamp, WebhookId)>,
    /// Lanes whose open deliveries became more or fewer since somebody asked.
    changed: Vec<WebhookId>,
}

/// What a webhook may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Deliveries in flight at the same time; at least one.
    pub cap: u16,
    /// Whether its deliveries are held.
    pub suspended: bool,
}

/// Whether a webhook's vendor is to be spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// As usual.
    #[default]
    Open,
    /// Not before that time, then as usual: the vendor asked for it.
    Paused {
        /// When it opens.
        until: Timestamp,
    },
    /// Not before that time, then one delivery at a time, until the gate is set anew: the vendor has failed often.
    Probing {
        /// When the next may try.
        from: Timestamp,
    },
}

#[derive(Debug)]
struct LaneState {
    lane: Lane,
    gate: Gate,
    waiting: usize,
    in_flight: usize,
    queue: Queue,
    place: Place,
    /// Whether it stands among the changed.
    is_changed: bool,
}

/// Where a lane stands; kept so that each lane stands in one place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Ready,
    Modest,
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
            modest: VecDeque::new(),
            timers: BTreeSet::new(),
            changed: Vec::new(),
        }
    }

    /// Says what a webhook may take, from now on. Its gate stays as it is.
    pub fn configure(&mut self, webhook: WebhookId, lane: Lane) {
        let lane = Lane { cap: lane.cap.max(1), ..lane };
        self.lane(webhook).lane = lane;
        self.place(webhook);
    }

    /// Says whether a webhook's vendor is to be spoken to, from now on.
    pub fn gate(&mut self, webhook: WebhookId, gate: Gate) {
        self.lane(webhook).gate = gate;
        self.leave(webhook);
        self.place(webhook);
    }

    /// Forgets a webhook and what waits for it; what is in flight ends as usual. Returns what was forgotten.
    pub fn remove(&mut self, webhook: WebhookId) -> Vec<Head> {
        let Some(state) = self.lanes.get_mut(&webhook) else { return Vec::new() };
        state.lane.suspended = true;
        state.gate = Gate::Open;
        let forgotten = state.queue.take_all(webhook);
        self.no_longer_wait(webhook, forgotten.len());
        self.place(webhook);
        self.drop_if_idle(webhook);
        forgotten
    }

    /// Takes out deliveries of a webhook that have no bytes and are due later than that, at most `max`.
    pub fn take_blocked(
        &mut self,
        webhook: WebhookId,
        max: usize,
        later_than: Timestamp,
    ) -> Vec<Head> {
        let Some(state) = self.lanes.get_mut(&webhook) else { return Vec::new() };
        let taken = state.queue.take_blocked(webhook, max, later_than);
        self.no_longer_wait(webhook, taken.len());
        self.place(webhook);
        self.drop_if_idle(webhook);
        taken
    }

    /// Adds an open delivery. It must not be there already.
    pub fn insert(&mut self, head: Head) {
        debug_assert!(head.status.is_open(), "{head:?}");
        let webhook = head.key.webhook;
        let lane = self.lane(webhook);
        let fresh = lane.queue.insert(&head);
        debug_assert!(fresh, "{head:?} was there already");
        lane.waiting += usize::from(fresh);
        self.waiting += usize::from(fresh);
        self.change(webhook);
        self.place(webhook);
    }

    /// Removes a delivery that waits, as it was inserted; false when it does not wait.
    pub fn take_out(&mut self, head: &Head) -> bool {
        let webhook = head.key.webhook;
        let Some(state) = self.lanes.get_mut(&webhook) else { return false };
        let there = state.queue.take_out(head);
        self.no_longer_wait(webhook, usize::from(there));
        self.place(webhook);
        self.drop_if_idle(webhook);
        there
    }

    /// Removes and returns deliveries that still wait though they were due before the time that `before` names for
    /// their webhook and status, those of suspended webhooks too; at most `max`. Where it names none, they stay. It
    /// looks at every webhook: for an hourly look, not for each turn.
    pub fn take_overdue(
        &mut self,
        max: usize,
        before: impl Fn(WebhookId, Status) -> Option<Timestamp>,
    ) -> Vec<Head> {
        let mut overdue = Vec::new();
        let mut webhooks: Vec<WebhookId> = self.lanes.keys().copied().collect();
        // What is decided does not hang on the chance of a hash.
        webhooks.sort_unstable();
        for webhook in webhooks {
            let Some(state) = self.lanes.get_mut(&webhook) else { continue };
            let max = max - overdue.len();
            let of_status = |status| before(webhook, status);
            let taken = state.queue.take_overdue(webhook, max, of_status);
            self.no_longer_wait(webhook, taken.len());
            overdue.extend(taken);
        }
        for head in &overdue {
            self.place(head.key.webhook);
            self.drop_if_idle(head.key.webhook);
        }
        overdue
    }

    /// Lets those of a webhook's deliveries that are due at `now` go in the order of acceptance, however long each is due:
    /// one that would go behind a later one is due together with that from now on. Returns those, as they were, and
    /// when each is due now. It looks at all that are due.
    pub fn order_by_acceptance(
        &mut self,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Vec<(Head, Timestamp)> {
        let Some(state) = self.lanes.get_mut(&webhook) else { return Vec::new() };
        let moved = state.queue.order_by_acceptance(webhook, now);
        self.place(webhook);
        moved
    }

    /// Keeps the place of an open delivery that is not in the agenda for a while: the deliveries behind it in its order
    /// get no turn until [`Agenda::give_back`], also where it is taken to be in flight and that ends meanwhile.
    pub fn keep_place(&mut self, head: &Head) {
        self.lane(head.key.webhook).queue.hold(head);
        self.place(head.key.webhook);
    }

    /// The last delivery of a later event with the same order key that is in flight, or has its place kept.
    pub fn overtaken_by(&self, head: &Head) -> Option<DeliveryKey> {
        self.lanes.get(&head.key.webhook)?.queue.overtaken_by(head)
    }

    /// Says that a delivery whose place was kept has been inserted, or will not come.
    pub fn give_back(&mut self, key: &DeliveryKey) {
        let Some(state) = self.lanes.get_mut(&key.webhook) else { return };
        state.queue.finish(key);
        self.place(key.webhook);
        self.drop_if_idle(key.webhook);
    }

    /// Announces that an event which is being dispatched may bring deliveries with this order key: those of later
    /// events wait for it.
    pub fn expect(&mut self, webhook: WebhookId, key: OrderKey, event: EventNo) {
        self.lane(webhook).queue.expect(key, event);
        self.place(webhook);
    }

    /// Takes an announcement back, when the event's deliveries have been inserted or will not come.
    pub fn met(&mut self, webhook: WebhookId, key: OrderKey, event: EventNo) {
        let Some(state) = self.lanes.get_mut(&webhook) else { return };
        state.queue.met(key, event);
        self.place(webhook);
        self.drop_if_idle(webhook);
    }

    /// Takes the delivery whose turn it is at `now`, if any. It counts as in flight until [`Agenda::finish`].
    pub fn next(&mut self, now: Timestamp) -> Option<Head> {
        self.wake(now);
        if self.in_flight >= self.cap {
            return None;
        }
        while let Some(webhook) = self.ready.pop_front() {
            let scarce = self.is_scarce();
            let few = self.few();
            let Some(state) = self.lanes.get_mut(&webhook) else { continue };
            if scarce && state.in_flight >= few {
                state.place = Place::Modest;
                self.modest.push_back(webhook);
                continue;
            }
            state.place = Place::Nowhere;
            let head =
                if state.gate.opens() <= now { state.queue.take_due(webhook, now) } else { None };
            if head.is_some() {
                state.in_flight += 1;
                state.waiting -= 1;
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

    /// Says that a delivery that was taken is no longer in flight. If it is still open, insert it again.
    pub fn finish(&mut self, key: &DeliveryKey) {
        let webhook = key.webhook;
        let Some(state) = self.lanes.get_mut(&webhook) else { return };
        debug_assert!(state.in_flight > 0, "finished more than was begun");
        state.in_flight = state.in_flight.saturating_sub(1);
        state.queue.finish(key);
        self.in_flight = self.in_flight.saturating_sub(1);
        let is_modest = state.place == Place::Modest;
        self.change(webhook);
        if is_modest {
            self.leave(webhook);
        }
        self.place(webhook);
        self.drop_if_idle(webhook);
        if !self.is_scarce() {
            for webhook in std::mem::take(&mut self.modest) {
                if let Some(state) = self.lanes.get_mut(&webhook) {
                    state.place = Place::Ready;
                    self.ready.push_back(webhook);
                }
            }
        }
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

    /// Deliveries of this webhook that were taken and not finished.
    pub fn in_flight_of(&self, webhook: WebhookId) -> usize {
        self.lanes.get(&webhook).map_or(0, |state| state.in_flight)
    }

    /// Deliveries of this webhook that wait or are in flight.
    pub fn open_of(&self, webhook: WebhookId) -> usize {
        self.lanes.get(&webhook).map_or(0, |state| state.waiting + state.in_flight)
    }

    /// The webhooks for which [`Agenda::open_of`] may tell something else than when this was last asked.
    pub fn take_changed(&mut self) -> Vec<WebhookId> {
        let changed = std::mem::take(&mut self.changed);
        for webhook in &changed {
            if let Some(state) = self.lanes.get_mut(webhook) {
                state.is_changed = false;
            }
            self.drop_if_idle(*webhook);
        }
        changed
    }

    /// The time at which the delivery that waits longest was due. It looks at every webhook: for metrics only.
    pub fn oldest_due(&self) -> Option<Timestamp> {
        self.lanes.values().filter_map(|state| state.queue.first_due()).min()
    }

    /// Whether only the places are left that are kept for webhooks with few in flight.
    fn is_scarce(&self) -> bool {
        // With a handful of places a quarter is nothing to share out.
        self.cap >= 16 && self.in_flight >= self.cap - self.cap / 4
    }

    /// From how many in flight a webhook has more than few.
    fn few(&self) -> usize {
        (self.cap / 64).max(1)
    }

    /// A webhook's lane. One that was never configured is taken to be suspended: nothing goes out by rules that are
    /// unknown.
    fn lane(&mut self, webhook: WebhookId) -> &mut LaneState {
        self.lanes.entry(webhook).or_insert_with(|| LaneState {
            lane: Lane { cap: 1, suspended: true },
            gate: Gate::Open,
            waiting: 0,
            in_flight: 0,
            queue: Queue::default(),
            place: Place::Nowhere,
            is_changed: false,
        })
    }

    /// Says that so many deliveries of a webhook were taken out of its queue.
    fn no_longer_wait(&mut self, webhook: WebhookId, count: usize) {
        self.waiting -= count;
        if let Some(state) = self.lanes.get_mut(&webhook).filter(|_| count > 0) {
            state.waiting -= count;
            self.change(webhook);
        }
    }

    /// Says that a webhook has more or fewer open deliveries.
    fn change(&mut self, webhook: WebhookId) {
        let state = self.lanes.get_mut(&webhook).filter(|state| !state.is_changed);
        if let Some(state) = state {
            state.is_changed = true;
            self.changed.push(webhook);
        }
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
        let wanted = match (state.turn_at(), state.place) {
            (None, _) => Place::Nowhere,
            // It keeps its turn; a first delivery that is not due after all is found out when the turn comes.
            (Some(_), place @ (Place::Ready | Place::Modest)) => place,
            (Some(due), _) if due <= now => Place::Ready,
            (Some(due), _) => Place::Timer(due),
        };
        if wanted == state.place {
            return;
        }
        self.leave(webhook);
        match wanted {
            Place::Nowhere | Place::Modest => {}
            Place::Ready => self.ready.push_back(webhook),
            Place::Timer(at) => {
                self.timers.insert((at, webhook));
            }
        }
        if let Some(state) = self.lanes.get_mut(&webhook) {
            state.place = wanted;
        }
    }

    /// Takes a lane from where it stands.
    fn leave(&mut self, webhook: WebhookId) {
        let Some(state) = self.lanes.get_mut(&webhook) else { return };
        match std::mem::replace(&mut state.place, Place::Nowhere) {
            Place::Nowhere => {}
            Place::Ready => self.ready.retain(|other| *other != webhook),
            Place::Modest => self.modest.retain(|other| *other != webhook),
            Place::Timer(at) => {
                self.timers.remove(&(at, webhook));
            }
        }
    }

    fn drop_if_idle(&mut self, webhook: WebhookId) {
        let idle = |state: &LaneState| {
            let is_idle = state.queue.is_idle() && state.in_flight == 0;
            is_idle && state.lane.suspended && !state.is_changed
        };
        // A gate outlives what waits behind it: it says something about the vendor.
        if self.lanes.get(&webhook).is_some_and(|state| idle(state) && state.gate == Gate::Open) {
            self.leave(webhook);
            self.lanes.remove(&webhook);
        }
    }
}

impl Gate {
    /// When it lets something through; a time in the past when it is open.
    pub fn opens(self) -> Timestamp {
        match self {
            Self::Open => Timestamp::from_micros(i64::MIN),
            Self::Paused { until: at } | Self::Probing { from: at } => at,
        }
    }
}

impl LaneState {
    /// When it may have its turn; `None` when something else must happen before.
    fn turn_at(&self) -> Option<Timestamp> {
        let cap = match self.gate {
            Gate::Open | Gate::Paused { .. } => usize::from(self.lane.cap),
            Gate::Probing { .. } => 1,
        };
        let may_go = !self.lane.suspended && self.in_flight < cap;
        let first = self.queue.first_due().filter(|_| may_go)?;
        Some(first.max(self.gate.opens()))
    }
}

#[cfg(test)]
mod tests;
