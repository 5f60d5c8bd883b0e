//! From an event to its deliveries.

use std::{collections::BTreeMap, sync::Arc};

use tracing::{debug, error, info, warn};
use transload_domain::{
    Content, Event, EventNo, Fault, Hook, LogLevel, NotRun, Status, Timestamp, Transformed,
    Webhook, WebhookId, made,
};
use transload_store::{Error, Settlement};

use super::{
    action::{Effect, HookResult, PlanId, Ran, Why},
    hand::{Piece, Plan, ToBegin},
    options::CONFLICTS_MAX,
    requests::Ready,
    rules::Wanted,
    term::{Ending, Term},
};

impl Term {
    /// Begins plans, and those that waited behind them for a webhook which they turned out not to need.
    pub(super) fn begin(&mut self, mut plans: Vec<ToBegin>, now: Timestamp) {
        while let Some((waited_for, id)) = plans.pop() {
            self.begin_one(id, now);
            let next =
                waited_for.and_then(|webhook| Some((waited_for, self.hand.unpark(webhook)?)));
            plans.extend(next);
        }
    }

    fn begin_one(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.hand.plan(id) else { return };
        let pieces = match plan.replaces {
            None => self.pieces(plan.no, &plan.event, now),
            Some(head) => match self.piece_again(head, &plan.event, now) {
                Some(piece) => BTreeMap::from([(head.key.webhook, piece)]),
                None => return self.give_back(id, now),
            },
        };
        let with_runs = pieces.iter().filter(|(_, piece)| !piece.targets.is_empty());
        let webhooks: Vec<WebhookId> = with_runs.map(|(webhook, _)| *webhook).collect();
        if self.hand.hold(id, &webhooks) {
            self.hand.begin(id, pieces, now);
        }
    }

    /// What each webhook of the event's organization makes of it.
    fn pieces(&self, no: EventNo, event: &Event, now: Timestamp) -> BTreeMap<WebhookId, Piece> {
        let mut pieces = BTreeMap::new();
        for webhook in self.rules.webhooks_for(event) {
            let mut piece = Piece::default();
            for hook in &webhook.hooks {
                self.add(&mut piece, &webhook, hook, no, event, now);
            }
            if !piece.targets.is_empty() || !piece.deliveries.is_empty() {
                pieces.insert(webhook.id, piece);
            }
        }
        pieces
    }

    pub(super) fn add(
        &self,
        piece: &mut Piece,
        webhook: &Webhook,
        hook: &Hook,
        no: EventNo,
        event: &Event,
        now: Timestamp,
    ) {
        let key = Self::first_part(no, webhook, hook);
        match self.rules.wants(webhook, hook, no, event) {
            Wanted::No => {}
            Wanted::Skip { plugin, reason } => {
                piece.deliveries.push(made::skipped(key, Some(plugin), reason, now));
            }
            Wanted::Missing(name) => {
                piece.deliveries.push(made::missing(key, &NotRun::Missing(name), 0, now));
            }
            Wanted::Run(target) => piece.targets.push(*target),
        }
    }

    fn first_part(no: EventNo, webhook: &Webhook, hook: &Hook) -> transload_domain::DeliveryKey {
        transload_domain::DeliveryKey {
            event: no,
            webhook: webhook.id,
            hook: hook.no,
            part: transload_domain::Part(0),
        }
    }

    /// A run of transforms has ended.
    pub(super) fn ran(&mut self, ran: Ran, now: Timestamp) {
        self.hand.runs().ended(&ran.plugin);
        let results = match ran.results {
            Ok(results) => results,
            Err(error) => return self.resign(error),
        };
        let Some(plan) = self.hand.plan(ran.plan) else { return };
        let runs = plan.replaces.map_or(0, |head| head.attempts);
        if results.iter().any(|result| matches!(result.result, Err(NotRun::Closed))) {
            // Nothing is said about the event: whoever leads next transforms it.
            if self.stop_until().is_none() {
                self.end(Ending::EngineClosed);
            }
            return;
        }
        let mut deliveries = Vec::new();
        for result in results {
            self.note(&result);
            let HookResult { key, plugin, result } = result;
            let random = self.number();
            let made = made::deliveries(key, result, &plugin.profile, runs, now, random);
            deliveries.extend(made);
        }
        if self.hand.put(ran.plan, ran.webhook, deliveries, ran.checks, ran.changes) {
            self.finish_plan(ran.plan);
        }
    }

    /// Remembers and reports what a transform did.
    fn note(&mut self, result: &HookResult) {
        let Ok(transformed) = &result.result else { return };
        let reference = &transformed.plugin;
        self.metrics.transformed(&reference.name, transformed.took);
        if reference.digest == result.plugin.reference.digest
            && self.rules.profile(&reference.digest).is_none()
        {
            let profile = Arc::new(result.plugin.profile.clone());
            self.rules.store_profile(reference.digest, profile);
        }
        write_log(result.key.id(), transformed);
        if let Err(fault) = &transformed.result {
            self.metrics.faulted(&reference.name, fault);
            info!(delivery = %result.key.id(), plugin = %reference, %fault, "transform made nothing");
        }
    }

    /// All runs of a plan have ended: it is written. A delivery that is still without bytes only moves.
    pub(super) fn finish_plan(&mut self, id: PlanId) {
        let Some(plan) = self.hand.plan(id) else { return };
        let Some(before) = plan.replaces else { return self.hand.make_ready(id) };
        let mut made = plan.pieces.values().flat_map(|piece| &piece.deliveries);
        match (made.next(), made.next()) {
            (Some(one), None) if one.head.status == Status::Blocked => {
                let (after, made) = (one.head, Some(one.made.clone()));
                let settlement = Settlement { before, after, attempt: None, made, failure: None };
                self.effects.push(Effect::Settle(Why::Turn, Box::new(settlement)));
                self.end_plan(id, after.at);
            }
            _ => self.hand.make_ready(id),
        }
    }

    /// A group of dispatches was written, or not.
    pub(super) fn dispatched(
        &mut self,
        plans: Vec<PlanId>,
        answers: Vec<Result<(), Error>>,
        now: Timestamp,
    ) {
        self.hand.batch_ended();
        for (id, answer) in plans.into_iter().zip(answers) {
            match answer {
                Ok(()) => self.dispatch_written(id, now),
                Err(Error::Conflict(what) | Error::Stale { what, .. }) => {
                    self.conflicted(id, &what, now);
                }
                Err(Error::Full { what, .. }) => self.over_limit(id, &what, now),
                Err(Error::NotFound(what) | Error::Corrupt(what)) => {
                    error!(%what, "an event in hand cannot be dispatched and is left as it is");
                    self.forget(id, now);
                }
                Err(error) => return self.resign(error),
            }
        }
    }

    fn dispatch_written(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.end_plan(id, now) else { return };
        match plan.replaces {
            Some(head) => self.agenda.finish(&head.key),
            None => {
                self.metrics.dispatched();
                self.backlog.dispatched(1);
            }
        }
        for delivery in plan.pieces.into_values().flat_map(|piece| piece.deliveries) {
            self.metrics.reached(delivery.head.status);
            if !delivery.head.status.is_open() {
                continue;
            }
            if let (Content::Request(request), Some(plugin)) =
                (delivery.made.content, delivery.made.plugin)
            {
                let ready = Ready { request: Arc::new(request), plugin: plugin.digest };
                self.requests.insert(delivery.head.key, ready);
            }
            self.insert(delivery.head, now);
        }
    }

    /// A dispatch was not as the ledger expected: state has changed since a transform read it, and the transforms run
    /// again; or the event or the delivery was written already, and nothing is left to do.
    fn conflicted(&mut self, id: PlanId, what: &str, now: Timestamp) {
        let Some(plan) = self.hand.plan_mut(id) else { return };
        plan.conflicts += 1;
        let stateful = plan.pieces.values().any(Piece::uses_state);
        debug!(event = plan.no.0, conflicts = plan.conflicts, %what, "dispatch conflicts");
        if !stateful {
            warn!(event = plan.no.0, %what, "dispatched before");
            self.forget(id, now);
        } else if plan.conflicts < CONFLICTS_MAX {
            let plans = self.hand.restart(id);
            self.begin(plans, now);
        } else {
            error!(event = plan.no.0, %what, "plugin state cannot be written");
            give_up_state(plan, what, now, Piece::uses_state);
            self.hand.make_ready(id);
        }
    }

    /// The plugin state would grow beyond its limit: the same event would end so every time.
    fn over_limit(&mut self, id: PlanId, what: &str, now: Timestamp) {
        let Some(plan) = self.hand.plan_mut(id) else { return };
        error!(event = plan.no.0, %what, "plugin state is full");
        give_up_state(plan, what, now, |piece| !piece.changes.is_empty());
        self.hand.make_ready(id);
    }

    /// Drops a plan whose event or delivery the ledger has otherwise than was thought.
    fn forget(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.end_plan(id, now) else { return };
        if let Some(head) = plan.replaces {
            self.agenda.finish(&head.key);
            self.effects.push(Effect::ReadHead(head.key));
        }
    }

    pub(super) fn end_plan(&mut self, id: PlanId, now: Timestamp) -> Option<Plan> {
        let (plan, freed) = self.hand.end(id)?;
        self.begin(freed, now);
        Some(plan)
    }
}

/// Makes dead letters of the pieces that can never be written with their state.
fn give_up_state(plan: &mut Plan, what: &str, now: Timestamp, which: fn(&Piece) -> bool) {
    let runs = plan.replaces.map_or(0, |head| head.attempts);
    for piece in plan.pieces.values_mut().filter(|piece| which(piece)) {
        piece.checks.clear();
        piece.changes.clear();
        let fault = Fault::State(what.to_owned());
        let dead = |target: &super::action::Target| {
            let plugin = Some(target.plugin.reference.clone());
            made::dead(target.key, plugin, fault.clone(), runs, now)
        };
        let targets: Vec<_> = piece.targets.iter().map(dead).collect();
        piece
            .deliveries
            .retain(|known| !targets.iter().any(|d| d.head.key.hook == known.head.key.hook));
        piece.deliveries.extend(targets);
    }
}

fn write_log(delivery: transload_domain::DeliveryId, transformed: &Transformed) {
    let plugin = &transformed.plugin;
    for line in &transformed.log {
        let message = &line.message;
        match line.level {
            LogLevel::Debug => debug!(target: "plugin", %plugin, %delivery, "{message}"),
            LogLevel::Info => info!(target: "plugin", %plugin, %delivery, "{message}"),
            LogLevel::Warn => warn!(target: "plugin", %plugin, %delivery, "{message}"),
            LogLevel::Error => error!(target: "plugin", %plugin, %delivery, "{message}"),
        }
    }
    if transformed.log_dropped > 0 {
        let dropped = transformed.log_dropped;
        warn!(target: "plugin", %plugin, %delivery, dropped, "log lines over the limit were dropped");
    }
}
