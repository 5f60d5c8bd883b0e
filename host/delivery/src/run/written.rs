//! What became of writing dispatches.

use tracing::{debug, error, warn};
use transload_domain::{Content, Fault, Timestamp, WebhookId, made::Busy};
use transload_store::Error;

use super::{
    action::{Effect, PlanId},
    options::CONFLICTS_MAX,
    requests::Ready,
    term::Term,
    turns::Asked,
};

impl Term {
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
                Err(Error::Stale { webhook, what }) => self.stale(id, webhook, &what, now),
                Err(Error::Full { webhook, what }) => {
                    error!(%webhook, %what, "plugin state is full");
                    self.give_up(id, webhook, &what, now);
                }
                Err(Error::Conflict(what)) => {
                    warn!(%what, "an event or a delivery was dispatched before");
                    self.forget(id, now);
                }
                Err(Error::NotFound(what)) => {
                    warn!(%what, "what was to be dispatched is gone");
                    self.forget(id, now);
                }
                Err(Error::Corrupt(what)) => self.damaged(id, &what, now),
                Err(error) => return self.resign(error),
            }
        }
    }

    fn dispatch_written(&mut self, id: PlanId, now: Timestamp) {
        // What follows in order is begun after these are in the agenda.
        let Some(plan) = self.hand.plan_mut(id) else { return };
        let (replaces, pieces) = (plan.replaces, std::mem::take(&mut plan.pieces));
        match replaces {
            Some(head) => self.agenda.finish(&head.key),
            None => self.metrics.dispatched(),
        }
        let webhooks: Vec<WebhookId> = pieces.keys().copied().collect();
        for delivery in
            pieces.into_values().flat_map(|piece| piece.known.into_iter().chain(piece.made))
        {
            self.metrics.reached(delivery.head.status);
            if !delivery.head.status.is_open() {
                self.closed(&delivery.head);
                continue;
            }
            if let (Content::Request(request), Some(plugin)) =
                (delivery.made.content, delivery.made.plugin)
            {
                let ready = Ready { request, plugin: plugin.digest };
                self.requests.insert(delivery.head.key, ready);
            }
            self.insert(delivery.head, now);
        }
        for webhook in webhooks {
            self.leave_turn(id, webhook, now);
        }
        self.end_plan(id, now);
    }

    /// The state that a webhook's transforms read has changed since: they run again, and nothing else does.
    fn stale(&mut self, id: PlanId, webhook: WebhookId, what: &str, now: Timestamp) {
        let Some(plan) = self.hand.plan_mut(id) else { return };
        let who = plan.who();
        let others: Vec<WebhookId> =
            plan.pieces.keys().filter(|other| **other != webhook).copied().collect();
        let Some(piece) = plan.pieces.get_mut(&webhook) else {
            // It names a webhook that has no part in this: nothing that could be done would help.
            return self.damaged(id, what, now);
        };
        piece.stale += 1;
        debug!(%webhook, times = piece.stale, %what, "plugin state has changed since it was read");
        if piece.stale >= CONFLICTS_MAX {
            error!(%webhook, %what, "plugin state cannot be written");
            return self.give_up(id, webhook, what, now);
        }
        self.hand.put(id, webhook, Vec::new(), Vec::new(), Vec::new());
        self.hand.turns.need(webhook);
        let holds = |webhook| self.hand.turns.holds(id, webhook);
        if holds(webhook) {
            self.run_or_put_off(id, webhook, now);
        } else if others.into_iter().any(holds) && !self.hand.turns.is_free(webhook) {
            // Whoever has a turn must not wait for another: that one's plan may wait for this.
            self.put_off(id, webhook, Busy::State, now);
        } else {
            match self.hand.turns.ask(id, webhook, who, now) {
                Asked::Granted => self.run_or_put_off(id, webhook, now),
                Asked::Waits => self.waits_for_turn(id),
                Asked::TooLong => self.put_off(id, webhook, Busy::State, now),
            }
        }
        self.go_on(id, now);
    }

    /// A webhook's plugin state cannot be written, and would not be if the transforms ran again: its deliveries are
    /// dead letters, and the event's others go on.
    fn give_up(&mut self, id: PlanId, webhook: WebhookId, what: &str, now: Timestamp) {
        let Some(plan) = self.hand.plan(id) else { return };
        let Some(piece) = plan.pieces.get(&webhook) else { return self.damaged(id, what, now) };
        let fault = Fault::State(what.to_owned());
        let dead = piece.targets.iter().map(|target| plan.making(target, now).dead(fault.clone()));
        let dead = dead.collect();
        self.hand.put(id, webhook, dead, Vec::new(), Vec::new());
        self.leave_turn(id, webhook, now);
        self.go_on(id, now);
    }

    /// The store holds something damaged where this event or delivery is written. Trying again would meet the same;
    /// the event stays as it is, and is tried once more by each new lead. Meanwhile the host's health tells of it.
    fn damaged(&mut self, id: PlanId, what: &str, now: Timestamp) {
        let Some(plan) = self.end_plan(id, now) else { return };
        let which = match plan.replaces {
            Some(head) => format!("delivery {} cannot be made", head.key.id()),
            None => format!(
                "the event with id {:?} of organization {} cannot be dispatched",
                plan.event.id, plan.event.organization
            ),
        };
        self.tell_damage(format!("{which}: {what}"));
        if let Some(head) = plan.replaces {
            self.agenda.finish(&head.key);
        }
    }

    /// Drops a plan whose event or delivery the ledger has otherwise than was thought.
    fn forget(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.end_plan(id, now) else { return };
        if let Some(head) = plan.replaces {
            self.agenda.finish(&head.key);
            self.effects.push(Effect::ReadHead(head.key));
        }
    }
}
