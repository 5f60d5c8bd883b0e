//! From an event to a plan that is ready to be written.
//!
//! A plan's transforms run in two steps. First those of webhooks whose plugin uses no state, all at the same time.
//! Then, when nothing else is to be waited for, it asks for its turns at the others, so that it keeps a turn for as
//! short as can be. What would wait too long is put off: it becomes a delivery without bytes, which is made in its
//! turn, and the event's other deliveries go on.

use std::{collections::BTreeMap, sync::Arc};

use transload_domain::{
    Event, EventNo, Hook, NotRun, Status, Timestamp, Webhook, WebhookId,
    made::{Busy, Making},
};
use transload_store::Settlement;

use super::{
    action::{Effect, PlanId, Target, Why},
    hand::{Piece, Plan},
    rules::Wanted,
    term::Term,
    turns::{Asked, Who},
};

impl Term {
    /// Begins with an event that was read.
    pub(super) fn begin(&mut self, no: EventNo, event: Arc<Event>, now: Timestamp) {
        if !self.hand.has(no) {
            let pieces = self.pieces(no, &event, now);
            let id = self.hand.take(no, event, None, pieces);
            self.begin_runs(id, now);
        }
    }

    /// What each webhook of the event's organization makes of it.
    fn pieces(&self, no: EventNo, event: &Event, now: Timestamp) -> BTreeMap<WebhookId, Piece> {
        let mut pieces = BTreeMap::new();
        for webhook in self.rules.webhooks_for(event) {
            let mut piece = Piece { order: webhook.ordering.key(event), ..Piece::default() };
            for hook in &webhook.hooks {
                self.add(&mut piece, &webhook, hook, no, event, now);
            }
            if !piece.targets.is_empty() || !piece.known.is_empty() {
                pieces.insert(webhook.id, piece);
            }
        }
        pieces
    }

    fn add(
        &self,
        piece: &mut Piece,
        webhook: &Webhook,
        hook: &Hook,
        no: EventNo,
        event: &Event,
        now: Timestamp,
    ) {
        let making = Making {
            key: transload_domain::DeliveryKey {
                event: no,
                webhook: webhook.id,
                hook: hook.no,
                part: transload_domain::Part(0),
            },
            plugin: None,
            before: None,
            order: piece.order,
            emulated: event.emulated_for.is_some(),
            now,
        };
        match self.rules.wants(webhook, hook, no, event) {
            Wanted::No => {}
            Wanted::Skip { plugin, reason } => {
                let making = Making { plugin: Some(&plugin), ..making };
                piece.known.push(making.skipped(reason));
            }
            Wanted::Missing(name) => piece.known.push(making.missing(&NotRun::Missing(name))),
            Wanted::Run(target) => piece.targets.push(*target),
        }
    }

    /// Lets the transforms run that need no turn.
    pub(super) fn begin_runs(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.hand.plan(id) else { return };
        let with_runs = plan.pieces.iter().filter(|(_, piece)| !piece.targets.is_empty());
        let (later, at_once): (Vec<_>, Vec<_>) = with_runs
            .map(|(webhook, _)| *webhook)
            .partition(|webhook| self.hand.turns.are_needed(*webhook));
        if let Some(plan) = self.hand.plan_mut(id) {
            plan.later = later;
        }
        for webhook in at_once {
            self.run_or_put_off(id, webhook, now);
        }
        self.go_on(id, now);
    }

    /// Does the next step of a plan, when it waits for nothing.
    pub(super) fn go_on(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.hand.plan(id).filter(|plan| !plan.waits()) else { return };
        if !plan.later.is_empty() {
            // Whoever has a turn must not have to wait for another event: that one may want the same turn.
            if let Some(earlier) = self.hand.earlier(id) {
                return self.hand.wait_for(id, earlier);
            }
            self.ask_for_turns(id, now);
        }
        if self.hand.plan(id).is_some_and(|plan| !plan.waits()) {
            self.finish_plan(id);
        }
    }

    fn ask_for_turns(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.hand.plan_mut(id) else { return };
        let (later, who) = (std::mem::take(&mut plan.later), plan.who());
        // All of them before the first is used: see `Turns`.
        let asked: Vec<_> = later
            .into_iter()
            .map(|webhook| (webhook, self.hand.turns.ask(id, webhook, who, now)))
            .collect();
        for (webhook, asked) in asked {
            match asked {
                Asked::Granted => self.run_or_put_off(id, webhook, now),
                Asked::Waits => self.waits_for_turn(id),
                Asked::TooLong => self.put_off(id, webhook, Busy::State, now),
            }
        }
    }

    pub(super) fn waits_for_turn(&mut self, id: PlanId) {
        if let Some(plan) = self.hand.plan_mut(id) {
            plan.turns += 1;
        }
    }

    /// A plan has the turn that it has waited for.
    fn granted(&mut self, id: PlanId, webhook: WebhookId, now: Timestamp) {
        let Some(plan) = self.hand.plan_mut(id) else { return };
        plan.turns = plan.turns.saturating_sub(1);
        self.run_or_put_off(id, webhook, now);
        self.go_on(id, now);
    }

    /// Ends a plan's turn at a webhook, or its wait for one.
    pub(super) fn leave_turn(&mut self, id: PlanId, webhook: WebhookId, now: Timestamp) {
        if let Some(next) = self.hand.turns.leave(id, webhook, now) {
            self.granted(next, webhook, now);
        }
    }

    /// Lets a webhook's transforms run, unless their plugin would keep the event waiting.
    pub(super) fn run_or_put_off(&mut self, id: PlanId, webhook: WebhookId, now: Timestamp) {
        let piece = self.hand.plan(id).and_then(|plan| plan.pieces.get(&webhook));
        let Some(plugin) = piece.and_then(Piece::plugin) else { return };
        if self.hand.runs.admits(plugin, now) {
            self.hand.run(id, webhook, now);
        } else {
            self.put_off(id, webhook, Busy::Rests, now);
        }
    }

    /// Makes deliveries without bytes of a webhook's part of an event, to be made in their turn; a delivery that is
    /// without bytes already waits on, without a write.
    pub(super) fn put_off(&mut self, id: PlanId, webhook: WebhookId, why: Busy, now: Timestamp) {
        let piece = self.hand.plan(id).and_then(|plan| plan.pieces.get(&webhook));
        let Some(plugin) = piece.and_then(Piece::plugin).cloned() else { return };
        let due = match why {
            Busy::State => self.hand.turns.slot(webhook, now),
            Busy::Overrun | Busy::Rests => self.hand.runs.slot(&plugin, now),
        };
        let Some(plan) = self.hand.plan(id) else { return };
        if let Some(head) = plan.replaces {
            self.end_plan(id, now);
            return self.postpone(head, due, now);
        }
        let piece = plan.pieces.get(&webhook);
        let targets = piece.into_iter().flat_map(|piece| &piece.targets);
        let busy = targets.map(|target| plan.making(target, now).busy(why, &plugin, due));
        let busy = busy.collect();
        self.hand.put(id, webhook, busy, Vec::new(), Vec::new());
        self.leave_turn(id, webhook, now);
    }

    /// Puts off what has waited too long for the engine or for a turn.
    pub(super) fn put_off_overdue(&mut self, now: Timestamp) {
        while let Some(run) = self.hand.runs.overdue(now) {
            let why = if self.hand.runs.rests(&run.plugin) { Busy::Rests } else { Busy::Overrun };
            self.hand.run_ended(run.plan);
            self.put_off(run.plan, run.webhook, why, now);
            self.go_on(run.plan, now);
        }
        while let Some((id, webhook)) = self.hand.turns.overdue(now) {
            if let Some(plan) = self.hand.plan_mut(id) {
                plan.turns = plan.turns.saturating_sub(1);
            }
            self.hand.turns.leave(id, webhook, now);
            self.put_off(id, webhook, Busy::State, now);
            self.go_on(id, now);
        }
    }

    /// All that a plan waited for has come: it is written. A delivery that is still without bytes only moves.
    fn finish_plan(&mut self, id: PlanId) {
        let Some(plan) = self.hand.plan(id) else { return };
        let Some(settlement) = plan.still_blocked() else { return self.hand.make_ready(id) };
        let ended = settlement.after.at;
        self.effects.push(Effect::Settle(Why::Turn, Box::new(settlement)));
        self.end_plan(id, ended);
    }

    /// Forgets a plan; those who waited for it go on.
    pub(super) fn end_plan(&mut self, id: PlanId, now: Timestamp) -> Option<Plan> {
        let (plan, followers) = self.hand.end(id)?;
        for webhook in plan.pieces.keys() {
            self.leave_turn(id, *webhook, now);
        }
        for follower in followers {
            self.go_on(follower, now);
        }
        Some(plan)
    }
}

impl Plan {
    pub(super) fn who(&self) -> Who {
        if self.replaces.is_none() { Who::Event } else { Who::Again }
    }

    /// What is to be written of a delivery that was without bytes and still is.
    fn still_blocked(&self) -> Option<Settlement> {
        let before = self.replaces?;
        let mut made = self.pieces.values().flat_map(Piece::deliveries);
        let (one, None) = (made.next()?, made.next()) else { return None };
        let after = one.head;
        (after.status == Status::Blocked).then(|| Settlement {
            before,
            after,
            attempt: None,
            made: Some(one.made.clone()),
            failure: None,
        })
    }

    /// What a target's deliveries are made for.
    pub(super) fn making<'a>(&self, target: &'a Target, now: Timestamp) -> Making<'a> {
        let piece = self.pieces.get(&target.key.webhook);
        Making {
            key: target.key,
            plugin: Some(&target.plugin.reference),
            before: self.replaces,
            order: piece.and_then(|piece| piece.order),
            emulated: self.event.emulated_for.is_some(),
            now,
        }
    }
}
