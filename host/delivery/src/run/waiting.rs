//! Deliveries without bytes: their plugin is missing, busy, or asked for time.

use std::sync::Arc;

use transload_domain::{Catalog, Event, Head, Status, Timestamp, Webhook, limits, made};
use transload_store::Error;

use super::{
    action::{PlanId, Run, Why},
    hand::Piece,
    options::RUN_WAIT_MAX,
    rules::Wanted,
    sending::{GONE, HOOK_GONE},
    term::Term,
};

impl Term {
    /// The event of a delivery without bytes was read.
    pub(super) fn event_read(
        &mut self,
        head: Head,
        event: Result<Option<Event>, Error>,
        now: Timestamp,
    ) {
        match event {
            Ok(Some(event)) => {
                if let Some(id) = self.hand.take(head.key.event, Arc::new(event), Some(head)) {
                    self.begin(vec![(None, id)], now);
                }
            }
            Ok(None) => self.close(head, "its event is no longer in the store", Why::Turn, now),
            Err(Error::Corrupt(what)) => self.close(head, &what, Why::Turn, now),
            Err(error) => self.resign(error),
        }
    }

    /// What is to be made of a delivery without bytes now; `None` when its plugin is still missing, or its webhook or
    /// hook is gone.
    pub(super) fn piece_again(&self, head: Head, event: &Event, now: Timestamp) -> Option<Piece> {
        let webhook = self.rules.webhook(head.key.webhook)?;
        let hook = webhook.hook(head.key.hook)?;
        let mut piece = Piece::default();
        match self.rules.wants(webhook, hook, head.key.event, event) {
            Wanted::Missing(_) => return None,
            Wanted::No => {
                let reason = format!(
                    "hook {} of the webhook no longer wants events of type {}",
                    hook.kind, event.kind
                );
                piece.deliveries.push(made::skipped(head.key, None, reason, now));
            }
            _ => self.add(&mut piece, webhook, hook, head.key.event, event, now),
        }
        Some(piece)
    }

    /// A delivery without bytes cannot be made now: its plugin is still missing, or it has nowhere to go any more.
    pub(super) fn give_back(&mut self, id: PlanId, now: Timestamp) {
        let Some(plan) = self.end_plan(id, now) else { return };
        let Some(head) = plan.replaces else { return };
        self.postpone_or_close(head, now);
    }

    /// Puts a delivery whose plugin is missing back for later, without a write; closes one that has nowhere to go.
    pub(super) fn postpone_or_close(&mut self, head: Head, now: Timestamp) {
        match self.rules.webhook(head.key.webhook) {
            None => self.close(head, GONE, Why::Turn, now),
            Some(webhook) if webhook.hook(head.key.hook).is_none() => {
                self.close(head, HOOK_GONE, Why::Turn, now);
            }
            Some(_) => self.postpone(head, now.after(limits::MISSING_PLUGIN_RECHECK), now),
        }
    }

    /// Puts a delivery that was taken back for later, without a write.
    fn postpone(&mut self, head: Head, until: Timestamp, now: Timestamp) {
        self.agenda.finish(&head.key);
        self.moved.insert(head.key, head.due);
        self.insert(Head { due: until, ..head }, now);
    }

    /// Plugins came, went or changed: what waits for one that runs now is due at once.
    pub(super) fn plugins_changed(&mut self, catalog: Arc<Catalog>, now: Timestamp) {
        let before = std::mem::replace(&mut self.rules.catalog, catalog);
        let digest = |catalog: &Catalog, webhook: &Webhook| {
            catalog.get(&webhook.plugin).map(|plugin| plugin.reference.digest)
        };
        let webhooks: Vec<Arc<Webhook>> = self.rules.webhooks().cloned().collect();
        for webhook in webhooks {
            let runs = digest(&self.rules.catalog, &webhook);
            if runs == digest(&before, &webhook) {
                continue;
            }
            let waiting = self.agenda.remove(webhook.id);
            self.agenda.configure(webhook.id, self.rules.lane(&webhook));
            for head in waiting {
                let hasten = head.status == Status::Blocked && runs.is_some() && head.due > now;
                if hasten {
                    self.moved.entry(head.key).or_insert(head.due);
                }
                self.insert(Head { due: if hasten { now } else { head.due }, ..head }, now);
            }
        }
    }

    /// A run has waited too long, because its plugin is slow: the event's other deliveries do not wait for it any
    /// more. Its own becomes one without bytes, which is made when its webhook's turn comes.
    pub(super) fn run_overdue(&mut self, run: &Run, now: Timestamp) {
        let Some(plan) = self.hand.plan(run.plan) else { return };
        if let Some(head) = plan.replaces {
            self.end_plan(run.plan, now);
            self.postpone(head, now.after(RUN_WAIT_MAX), now);
            return;
        }
        let busy = run.targets.iter().map(|target| made::busy(target.key, &run.plugin, now));
        if self.hand.put(run.plan, run.webhook, busy.collect(), Vec::new(), Vec::new()) {
            self.finish_plan(run.plan);
        }
    }
}
