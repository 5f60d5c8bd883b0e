//! Deliveries without bytes: their plugin is missing, busy, or asked for time.

use std::{collections::BTreeMap, sync::Arc};

use transload_domain::{
    Catalog, Event, Head, PluginName, Timestamp, Webhook, limits, made::Making,
};
use transload_store::Error;

use super::{
    action::{Effect, Why},
    closing::{GONE, HOOK_GONE},
    hand::Piece,
    rules::Wanted,
    term::{Moved, Term},
};

/// How many deliveries without bytes are hastened in one turn, so that a turn stays short; the next follows at once.
const HASTENED_PER_TURN_MAX: usize = 1_024;

impl Term {
    /// A delivery without bytes has its turn: it is made, if its plugin is there and has time for it.
    pub(super) fn make_again(&mut self, head: Head, now: Timestamp) {
        let webhook = self.rules.webhook(head.key.webhook);
        let plugin = webhook.and_then(|webhook| self.rules.catalog.get(&webhook.plugin));
        let Some(plugin) = plugin.map(|plugin| plugin.reference.name.clone()) else {
            return self.postpone_or_close(head, now);
        };
        if self.hand.runs.admits(&plugin, now) && self.hand.has_room_again(head.key.webhook) {
            self.hand.again_begun(head.key.webhook);
            self.effects.push(Effect::ReadEvent(head));
        } else {
            let due = self.hand.runs.slot(&plugin, now);
            self.postpone(head, due, now);
        }
    }

    /// The event of a delivery without bytes was read.
    pub(super) fn event_read(
        &mut self,
        head: Head,
        event: Result<Option<Event>, Error>,
        now: Timestamp,
    ) {
        let event = event.map(|found| found.map(Arc::new));
        if let Ok(Some(event)) = &event
            && let Some(piece) = self.piece_again(head, event, now)
        {
            let pieces = BTreeMap::from([(head.key.webhook, piece)]);
            let id = self.hand.take(head.key.event, Arc::clone(event), Some(head), pieces);
            return self.begin_runs(id, now);
        }
        self.hand.again_ended(head.key.webhook);
        match event {
            Ok(Some(_)) => self.postpone_or_close(head, now),
            Ok(None) => self.close(head, "its event is no longer in the store", Why::Turn, now),
            Err(Error::Corrupt(what)) => self.close(head, what, Why::Turn, now),
            Err(error) => self.resign(error),
        }
    }

    /// What is to be made of a delivery without bytes now; `None` when its plugin is still missing, or its webhook or
    /// hook is gone.
    fn piece_again(&self, head: Head, event: &Event, now: Timestamp) -> Option<Piece> {
        let webhook = self.rules.webhook(head.key.webhook)?;
        let hook = webhook.hook(head.key.hook)?;
        let mut piece = Piece { order: head.order, ..Piece::default() };
        let making = Making {
            key: head.key,
            plugin: None,
            before: Some(head),
            order: head.order,
            emulated: head.emulated,
            now,
        };
        match self.rules.wants(webhook, hook, head.key.event, event) {
            Wanted::Missing(_) => return None,
            Wanted::No => {
                let reason = format!(
                    "hook {} of the webhook no longer wants events of type {}",
                    hook.kind, event.kind
                );
                piece.known.push(making.skipped(reason));
            }
            Wanted::Skip { plugin, reason } => {
                let making = Making { plugin: Some(&plugin), ..making };
                piece.known.push(making.skipped(reason));
            }
            Wanted::Run(target) => piece.targets.push(*target),
        }
        Some(piece)
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

    /// Puts a delivery without bytes that was taken back for later, without a write; one that was due too long ago is
    /// given up instead.
    pub(super) fn postpone(&mut self, head: Head, until: Timestamp, now: Timestamp) {
        if self.is_overdue(&head, now) {
            let reason = self.why_overdue(&head, now);
            return self.close(head, reason, Why::Turn, now);
        }
        self.agenda.finish(&head.key);
        self.moved.insert(head.key, Moved { stored: head.due, agenda: until });
        self.insert(Head { due: until, ..head }, now);
    }

    /// Plugins came, went or changed: what waits for one that runs now is due at once.
    pub(super) fn plugins_changed(&mut self, catalog: Arc<Catalog>, now: Timestamp) {
        let before = std::mem::replace(&mut self.rules.catalog, catalog);
        let digest = |catalog: &Catalog, name: &PluginName| {
            catalog.get(name).map(|plugin| plugin.reference.digest)
        };
        for name in before.running.keys() {
            if digest(&before, name) != digest(&self.rules.catalog, name) {
                self.hand.runs.renewed(name, now);
            }
        }
        let webhooks: Vec<Arc<Webhook>> = self.rules.webhooks().cloned().collect();
        for webhook in webhooks {
            let runs = digest(&self.rules.catalog, &webhook.plugin);
            if runs == digest(&before, &webhook.plugin) {
                continue;
            }
            self.configure_lane(&webhook);
            self.hastening.retain(|(id, _)| *id != webhook.id);
            if runs.is_some() {
                self.hastening.push_back((webhook.id, now));
            }
        }
    }

    /// Lets deliveries without bytes be due whose plugin has come, some at a time: there may be as many as the host can
    /// hold.
    pub(super) fn hasten_some(&mut self) {
        let mut left = HASTENED_PER_TURN_MAX;
        while left > 0
            && let Some((webhook, came)) = self.hastening.front().copied()
        {
            let some = self.agenda.take_blocked(webhook, left, came);
            if some.len() < left {
                self.hastening.pop_front();
            }
            left -= some.len();
            for head in some {
                let stored = self.as_stored(head).due;
                self.moved.insert(head.key, Moved { stored, agenda: came });
                self.insert(Head { due: came, ..head }, came);
            }
        }
    }
}
