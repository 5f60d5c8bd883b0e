//! How much is open of each organization.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use transload_domain::WebhookId;

use super::term::Term;

/// What the backlog was told of the open deliveries of each webhook that has some.
#[derive(Debug, Default)]
pub(super) struct Told(HashMap<WebhookId, Count>);

/// A webhook's part of its organization's count. A webhook that is removed has it until its last delivery has ended.
#[derive(Debug)]
struct Count {
    open: u64,
    organization: Arc<AtomicU64>,
}

impl Term {
    /// Tells the backlog how much is open, in all and of each organization.
    pub(super) fn tell_open(&mut self) {
        for webhook in self.agenda.take_changed() {
            let open = self.agenda.open_of(webhook) as u64;
            if !self.told.0.contains_key(&webhook)
                && let Some(webhook) = self.rules.webhook(webhook)
            {
                let organization = self.backlog.count_of(&webhook.organization);
                self.told.0.insert(webhook.id, Count { open: 0, organization });
            }
            let Some(count) = self.told.0.get_mut(&webhook) else { continue };
            let before = std::mem::replace(&mut count.open, open);
            // A change that takes away wraps into a subtraction; only this loop writes it.
            count.organization.fetch_add(open.wrapping_sub(before), Relaxed);
            if open == 0 {
                self.told.0.remove(&webhook);
            }
        }
        let to_be_closed = self.closing.len() + self.closings_under_way;
        let open = self.agenda.waiting() + self.agenda.in_flight() + to_be_closed;
        self.backlog.open(open);
        self.metrics.queue(open, self.agenda.in_flight());
    }
}
