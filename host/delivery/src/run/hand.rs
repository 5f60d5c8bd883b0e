//! The events in hand: read, and not yet dispatched.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use transload_domain::{Content, Delivery, Event, EventNo, Head, Timestamp, WebhookId};
use transload_store::{Dispatch, StateChange, StateCheck};

use super::{
    action::{PlanId, Run, Target},
    options::{BYTES_IN_HAND_MAX, DISPATCH_BATCH_MAX, DISPATCH_WRITES_MAX, EVENTS_IN_HAND_MAX},
    runs::Runs,
};

/// The events in hand, each with its plan: which transforms run for it, and what they made.
///
/// A webhook whose plugin uses state takes one event at a time, from the first transform to the end of the write, so
/// that one transform sees what the one before it changed. A webhook is known to use state once a run of it did;
/// until then two that meet are told apart by the ledger, and the loser is run again.
#[derive(Debug, Default)]
pub(super) struct Hand {
    next: PlanId,
    plans: HashMap<PlanId, Plan>,
    events: HashSet<EventNo>,
    bytes: usize,
    runs: Runs,
    ready: VecDeque<PlanId>,
    writes_under_way: usize,
    stateful: HashSet<WebhookId>,
    held: HashMap<WebhookId, PlanId>,
    parked: HashMap<WebhookId, VecDeque<PlanId>>,
}

/// What is to become of one event, or of one delivery without bytes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) no: EventNo,
    pub(super) event: Arc<Event>,
    pub(super) replaces: Option<Head>,
    pub(super) conflicts: u32,
    pub(super) pieces: BTreeMap<WebhookId, Piece>,
    runs: usize,
    bytes: usize,
}

/// A plan to be begun, and the webhook that it has waited for.
pub(super) type ToBegin = (Option<WebhookId>, PlanId);

/// What one webhook makes of an event.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Hooks whose transform runs.
    pub(super) targets: Vec<Target>,
    /// What is known without a transform, and then what the transforms made.
    pub(super) deliveries: Vec<Delivery>,
    pub(super) checks: Vec<StateCheck>,
    pub(super) changes: Vec<StateChange>,
}

impl Hand {
    /// Takes an event (or a delivery without bytes) in hand; `None` when it is there already.
    pub(super) fn take(
        &mut self,
        no: EventNo,
        event: Arc<Event>,
        replaces: Option<Head>,
    ) -> Option<PlanId> {
        if replaces.is_none() && !self.events.insert(no) {
            return None;
        }
        let bytes = event.data.len();
        self.bytes += bytes;
        self.next += 1;
        let pieces = BTreeMap::new();
        let plan = Plan { no, event, replaces, conflicts: 0, pieces, runs: 0, bytes };
        self.plans.insert(self.next, plan);
        Some(self.next)
    }

    /// Whether one more event may be read.
    pub(super) fn has_room(&self) -> bool {
        self.events.len() < EVENTS_IN_HAND_MAX && self.bytes < BYTES_IN_HAND_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.get(&id)
    }

    pub(super) fn plan_mut(&mut self, id: PlanId) -> Option<&mut Plan> {
        self.plans.get_mut(&id)
    }

    /// Whether all of these webhooks are free for this plan; otherwise it is parked, and begun again in its turn.
    pub(super) fn hold(&mut self, id: PlanId, webhooks: &[WebhookId]) -> bool {
        let stateful = || webhooks.iter().filter(|webhook| self.stateful.contains(webhook));
        if let Some(busy) = stateful().find(|webhook| self.held.contains_key(webhook)) {
            self.parked.entry(*busy).or_default().push_back(id);
            return false;
        }
        let held: Vec<WebhookId> = stateful().copied().collect();
        self.held.extend(held.into_iter().map(|webhook| (webhook, id)));
        true
    }

    /// Gives a plan its pieces; what has transforms waits for them, the others are ready to be written.
    pub(super) fn begin(&mut self, id: PlanId, pieces: BTreeMap<WebhookId, Piece>, now: Timestamp) {
        let Some(plan) = self.plans.get_mut(&id) else { return };
        plan.pieces = pieces;
        for (webhook, piece) in &plan.pieces {
            let Some(first) = piece.targets.first() else { continue };
            plan.runs += 1;
            let run = Run {
                plan: id,
                webhook: *webhook,
                plugin: first.plugin.reference.name.clone(),
                event: Arc::clone(&plan.event),
                targets: piece.targets.clone(),
            };
            self.runs.push(run, now);
        }
        if plan.runs == 0 {
            self.ready.push_back(id);
        }
    }

    /// The transforms that wait, and those under way.
    pub(super) fn runs(&mut self) -> &mut Runs {
        &mut self.runs
    }

    /// When a transform will have waited too long.
    pub(super) fn overdue_at(&self) -> Option<Timestamp> {
        self.runs.overdue_at()
    }

    /// Takes in what a run made; true when the plan has no more runs to wait for.
    pub(super) fn put(
        &mut self,
        id: PlanId,
        webhook: WebhookId,
        deliveries: Vec<Delivery>,
        checks: Vec<StateCheck>,
        changes: Vec<StateChange>,
    ) -> bool {
        if !checks.is_empty() || !changes.is_empty() {
            self.stateful.insert(webhook);
        }
        let Some(plan) = self.plans.get_mut(&id) else { return false };
        let made: usize = deliveries.iter().map(body_bytes).sum();
        plan.bytes += made;
        self.bytes += made;
        let piece = plan.pieces.entry(webhook).or_default();
        piece.deliveries.extend(deliveries);
        piece.checks = checks;
        piece.changes = changes;
        plan.runs -= 1;
        plan.runs == 0
    }

    /// Says that a plan is ready to be written.
    pub(super) fn make_ready(&mut self, id: PlanId) {
        self.ready.push_back(id);
    }

    /// The next group of dispatches to write.
    pub(super) fn next_batch(&mut self) -> Option<(Vec<PlanId>, Vec<Dispatch>)> {
        if self.ready.is_empty() || self.writes_under_way >= DISPATCH_WRITES_MAX {
            return None;
        }
        self.writes_under_way += 1;
        let count = self.ready.len().min(DISPATCH_BATCH_MAX);
        let plans: Vec<PlanId> = self.ready.drain(..count).collect();
        let dispatches = plans.iter().filter_map(|id| self.plans.get(id)).map(Plan::dispatch);
        let dispatches = dispatches.collect();
        Some((plans, dispatches))
    }

    /// Says that a group was written.
    pub(super) fn batch_ended(&mut self) {
        self.writes_under_way -= 1;
    }

    /// Forgets a plan and frees what it held. The plans to be begun now are returned with it.
    pub(super) fn end(&mut self, id: PlanId) -> Option<(Plan, Vec<ToBegin>)> {
        let freed = self.free(id);
        let plan = self.plans.remove(&id)?;
        self.bytes -= plan.bytes;
        if plan.replaces.is_none() {
            self.events.remove(&plan.no);
        }
        Some((plan, freed))
    }

    /// Takes back what a plan made, so that it can be begun anew. The plans to be begun now are returned, itself
    /// last.
    pub(super) fn restart(&mut self, id: PlanId) -> Vec<ToBegin> {
        let mut begin = self.free(id);
        if let Some(plan) = self.plans.get_mut(&id) {
            plan.pieces.clear();
            begin.push((None, id));
        }
        begin
    }

    /// The webhooks that a plan held are free: whoever waited for one of them longest is next.
    fn free(&mut self, id: PlanId) -> Vec<ToBegin> {
        let Some(plan) = self.plans.get(&id) else { return Vec::new() };
        let mine: Vec<WebhookId> = plan
            .pieces
            .keys()
            .filter(|webhook| self.held.get(webhook) == Some(&id))
            .copied()
            .collect();
        let mut begin = Vec::new();
        for webhook in mine {
            self.held.remove(&webhook);
            begin.extend(self.unpark(webhook).map(|next| (Some(webhook), next)));
        }
        begin
    }

    /// The plan that has waited longest for this webhook, if the webhook is free.
    pub(super) fn unpark(&mut self, webhook: WebhookId) -> Option<PlanId> {
        if self.held.contains_key(&webhook) {
            return None;
        }
        let queue = self.parked.get_mut(&webhook)?;
        let first = queue.pop_front();
        if queue.is_empty() {
            self.parked.remove(&webhook);
        }
        first
    }
}

impl Plan {
    fn dispatch(&self) -> Dispatch {
        let pieces = || self.pieces.values();
        Dispatch {
            event: self.no,
            replaces: self.replaces,
            deliveries: pieces().flat_map(|piece| piece.deliveries.iter().cloned()).collect(),
            checks: pieces().flat_map(|piece| piece.checks.iter().cloned()).collect(),
            changes: pieces().flat_map(|piece| piece.changes.iter().cloned()).collect(),
        }
    }
}

fn body_bytes(delivery: &Delivery) -> usize {
    match &delivery.made.content {
        Content::Request(request) => request.body.len(),
        _ => 0,
    }
}

impl Piece {
    /// Whether plugin state was read or changed.
    pub(super) fn uses_state(&self) -> bool {
        !self.checks.is_empty() || !self.changes.is_empty()
    }
}
