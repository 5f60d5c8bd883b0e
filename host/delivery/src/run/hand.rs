//! The events in hand: read, and not yet dispatched.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::Arc,
};

use transload_domain::{Content, Delivery, Event, EventNo, Head, OrderKey, Timestamp, WebhookId};
use transload_store::{Dispatch, StateChange, StateCheck};

use super::{
    action::{PlanId, Run, Target},
    options::{
        AGAIN_BYTES_MAX, AGAIN_MAX, BYTES_IN_HAND_MAX, DISPATCH_BATCH_MAX, DISPATCH_WRITES_MAX,
        EVENTS_IN_HAND_MAX,
    },
    runs::Runs,
    succession::{Key, Succession},
    turns::Turns,
};

/// The events in hand, each with its plan: which transforms run for it, and what they made. It keeps the books; what
/// is to happen is decided in `dispatching.rs`.
#[derive(Debug)]
pub(super) struct Hand {
    next: PlanId,
    plans: HashMap<PlanId, Plan>,
    events: HashSet<EventNo>,
    bytes: usize,
    again_bytes: usize,
    /// How many deliveries of each webhook are made anew.
    again: HashMap<WebhookId, usize>,
    ready: VecDeque<PlanId>,
    writes_under_way: usize,
    /// The transforms that wait for the engine, and those under way.
    pub(super) runs: Runs,
    /// Whose turn it is at which webhook's plugin state.
    pub(super) turns: Turns,
    succession: Succession,
}

/// What is to become of one event, or of one delivery without bytes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) no: EventNo,
    pub(super) event: Arc<Event>,
    pub(super) replaces: Option<Head>,
    pub(super) pieces: BTreeMap<WebhookId, Piece>,
    /// Webhooks whose plugin uses state: their turns are asked for when everything else is done.
    pub(super) later: Vec<WebhookId>,
    /// Turns that it waits for.
    pub(super) turns: usize,
    runs: usize,
    keys: Vec<Key>,
    bytes: usize,
}

/// What one webhook makes of an event.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Hooks whose transform runs.
    pub(super) targets: Vec<Target>,
    /// What is known without a transform.
    pub(super) known: Vec<Delivery>,
    /// What the transforms made.
    pub(super) made: Vec<Delivery>,
    pub(super) checks: Vec<StateCheck>,
    pub(super) changes: Vec<StateChange>,
    /// How often its transforms had read state that has changed since.
    pub(super) stale: u32,
    /// The order key of its deliveries, where the webhook is ordered.
    pub(super) order: Option<OrderKey>,
}

impl Hand {
    pub(super) fn new(runs: Runs) -> Self {
        Self {
            next: 0,
            plans: HashMap::new(),
            events: HashSet::new(),
            bytes: 0,
            again_bytes: 0,
            again: HashMap::new(),
            ready: VecDeque::new(),
            writes_under_way: 0,
            runs,
            turns: Turns::default(),
            succession: Succession::default(),
        }
    }

    /// Whether this event is in hand.
    pub(super) fn has(&self, no: EventNo) -> bool {
        self.events.contains(&no)
    }

    /// Takes an event, or a delivery without bytes, in hand.
    pub(super) fn take(
        &mut self,
        no: EventNo,
        event: Arc<Event>,
        replaces: Option<Head>,
        pieces: BTreeMap<WebhookId, Piece>,
    ) -> PlanId {
        let mut keys = Vec::new();
        if replaces.is_none() {
            self.events.insert(no);
            keys.extend(
                pieces.iter().filter_map(|(webhook, piece)| Some((*webhook, piece.order?))),
            );
            self.succession.enter(no, &keys);
        }
        self.next += 1;
        let plan = Plan {
            no,
            replaces,
            pieces,
            later: Vec::new(),
            turns: 0,
            runs: 0,
            keys,
            bytes: 0,
            event,
        };
        let bytes = plan.event.data.len();
        self.plans.insert(self.next, plan);
        self.weigh(self.next, bytes);
        self.next
    }

    /// Whether one more event may be read.
    pub(super) fn has_room(&self) -> bool {
        self.events.len() < EVENTS_IN_HAND_MAX && self.bytes < BYTES_IN_HAND_MAX
    }

    /// Whether one more delivery of this webhook may be made anew, where so many are already on their way to it.
    pub(super) fn has_room_again(&self, webhook: WebhookId) -> bool {
        let again = self.again.get(&webhook).copied().unwrap_or(0);
        self.again_bytes < AGAIN_BYTES_MAX && again < AGAIN_MAX
    }

    /// Says that a delivery of this webhook is to be made anew.
    pub(super) fn again_begun(&mut self, webhook: WebhookId) {
        *self.again.entry(webhook).or_default() += 1;
    }

    /// Says that one is not made anew any more; where it had a plan, the plan's end says it.
    pub(super) fn again_ended(&mut self, webhook: WebhookId) {
        if let Entry::Occupied(mut again) = self.again.entry(webhook) {
            *again.get_mut() -= 1;
            if *again.get() == 0 {
                again.remove();
            }
        }
    }

    pub(super) fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.get(&id)
    }

    pub(super) fn plan_mut(&mut self, id: PlanId) -> Option<&mut Plan> {
        self.plans.get_mut(&id)
    }

    /// Lets the transforms of one webhook run.
    pub(super) fn run(&mut self, id: PlanId, webhook: WebhookId, now: Timestamp) {
        let Some(plan) = self.plans.get_mut(&id) else { return };
        let Some(piece) = plan.pieces.get(&webhook) else { return };
        let Some(plugin) = piece.plugin().cloned() else { return };
        let (event, targets) = (Arc::clone(&plan.event), piece.targets.clone());
        plan.runs += 1;
        self.runs.push(Run { plan: id, webhook, plugin, event, targets }, now);
    }

    /// Takes in what a run made.
    pub(super) fn put(
        &mut self,
        id: PlanId,
        webhook: WebhookId,
        made: Vec<Delivery>,
        checks: Vec<StateCheck>,
        changes: Vec<StateChange>,
    ) {
        if !checks.is_empty() || !changes.is_empty() {
            self.turns.need(webhook);
        }
        let Some(plan) = self.plans.get_mut(&id) else { return };
        let bytes = made.iter().map(body_bytes).sum();
        let piece = plan.pieces.entry(webhook).or_default();
        (piece.made, piece.checks, piece.changes) = (made, checks, changes);
        self.weigh(id, bytes);
    }

    /// Says that a run of a plan has ended, or will not be.
    pub(super) fn run_ended(&mut self, id: PlanId) {
        let Some(plan) = self.plans.get_mut(&id) else { return };
        plan.runs = plan.runs.saturating_sub(1);
    }

    /// Whether a plan that waits for this one to be written first, where its webhooks are ordered.
    pub(super) fn earlier(&self, id: PlanId) -> Option<EventNo> {
        let plan = self.plans.get(&id)?;
        self.succession.before(plan.no, &plan.keys, &HashSet::new())
    }

    /// Lets a plan wait for an earlier event.
    pub(super) fn wait_for(&mut self, id: PlanId, earlier: EventNo) {
        self.succession.wait(id, earlier);
    }

    /// Says that a plan is ready to be written.
    pub(super) fn make_ready(&mut self, id: PlanId) {
        self.ready.push_back(id);
    }

    /// The next group of dispatches to write. Where webhooks are ordered, an event joins those before it, and never
    /// overtakes them: it waits for one whose own dispatch could still be refused because of plugin state.
    pub(super) fn next_batch(&mut self) -> Option<(Vec<PlanId>, Vec<Dispatch>)> {
        if self.writes_under_way >= DISPATCH_WRITES_MAX {
            return None;
        }
        let mut firm = HashSet::new();
        let (mut plans, mut dispatches) = (Vec::new(), Vec::new());
        while plans.len() < DISPATCH_BATCH_MAX
            && let Some(id) = self.ready.pop_front()
        {
            let Some(plan) = self.plans.get(&id) else { continue };
            if let Some(earlier) = self.succession.before(plan.no, &plan.keys, &firm) {
                self.succession.wait(id, earlier);
                continue;
            }
            plans.push(id);
            dispatches.push(plan.dispatch());
            if plan.replaces.is_none() && !plan.keys.is_empty() && !plan.uses_state() {
                firm.insert(plan.no);
                for follower in self.succession.followers(plan.no) {
                    if self.plans.get(&follower).is_some_and(|follower| follower.later.is_empty()) {
                        self.ready.push_front(follower);
                    } else {
                        self.succession.wait(follower, plan.no);
                    }
                }
            }
        }
        if plans.is_empty() {
            return None;
        }
        self.writes_under_way += 1;
        Some((plans, dispatches))
    }

    /// Says that a group was written.
    pub(super) fn batch_ended(&mut self) {
        self.writes_under_way -= 1;
    }

    /// Forgets a plan. The plans that waited for its event to be written are returned with it; its turns are the
    /// caller's to end.
    pub(super) fn end(&mut self, id: PlanId) -> Option<(Plan, Vec<PlanId>)> {
        self.weigh(id, 0);
        let plan = self.plans.remove(&id)?;
        let followers = if let Some(head) = plan.replaces {
            self.again_bytes -= plan.bytes;
            self.again_ended(head.key.webhook);
            Vec::new()
        } else {
            self.bytes -= plan.bytes;
            self.events.remove(&plan.no);
            self.succession.leave(plan.no, &plan.keys)
        };
        Some((plan, followers))
    }

    /// When a transform or a turn will have waited too long, or a plugin has rested.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.runs.wake_at().into_iter().chain(self.turns.overdue_at()).min()
    }

    /// Says that a plan holds so many bytes more.
    fn weigh(&mut self, id: PlanId, more: usize) {
        let Some(plan) = self.plans.get_mut(&id) else { return };
        plan.bytes += more;
        *(if plan.replaces.is_none() { &mut self.bytes } else { &mut self.again_bytes }) += more;
    }
}

impl Plan {
    /// Whether transforms or turns are still to come.
    pub(super) fn waits(&self) -> bool {
        self.runs > 0 || self.turns > 0
    }

    /// Whether plugin state was read or changed for it: then its dispatch can be refused because of that.
    fn uses_state(&self) -> bool {
        self.pieces.values().any(Piece::uses_state)
    }

    fn dispatch(&self) -> Dispatch {
        let pieces = || self.pieces.values();
        Dispatch {
            event: self.no,
            replaces: self.replaces,
            deliveries: pieces().flat_map(Piece::deliveries).cloned().collect(),
            checks: pieces().flat_map(|piece| piece.checks.iter().cloned()).collect(),
            changes: pieces().flat_map(|piece| piece.changes.iter().cloned()).collect(),
        }
    }
}

impl Piece {
    /// The plugin whose transforms run.
    pub(super) fn plugin(&self) -> Option<&transload_domain::PluginName> {
        self.targets.first().map(|target| &target.plugin.reference.name)
    }

    pub(super) fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.known.iter().chain(&self.made)
    }

    /// Whether plugin state was read or changed.
    pub(super) fn uses_state(&self) -> bool {
        !self.checks.is_empty() || !self.changes.is_empty()
    }
}

fn body_bytes(delivery: &Delivery) -> usize {
    match &delivery.made.content {
        Content::Request(request) => request.body.len(),
        _ => 0,
    }
}
