//! Which deliveries of a webhook, of a block of events, are in a status: one row for many deliveries.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use transload_domain::{DeliveryKey, EventNo, HookNo, Part, WebhookId};

use super::Row;

/// Events of a block. A place in it is one byte; a usual webhook has a delivery of each event at most, so that a full
/// row stays below 1 KiB.
const BLOCK_EVENTS: u64 = 256;

/// Deliveries in their order, each three bytes: place of the event, hook and part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedRow(#[serde(with = "super::bytes")] Vec<u8>);

impl Row<'_> for ListedRow {}

/// Which block a delivery is in.
pub(crate) fn block_of(event: EventNo) -> u64 {
    event.0 / BLOCK_EVENTS
}

/// The events of a block.
pub(crate) fn events_of(block: u64) -> Range<EventNo> {
    let first = block.saturating_mul(BLOCK_EVENTS);
    EventNo(first)..EventNo(first.saturating_add(BLOCK_EVENTS))
}

impl ListedRow {
    pub(crate) fn insert(&mut self, key: &DeliveryKey) {
        let entry = entry(key);
        if let Err(place) = self.entries().binary_search(&entry) {
            self.0.splice(3 * place..3 * place, entry);
        }
    }

    pub(crate) fn remove(&mut self, key: &DeliveryKey) {
        if let Ok(place) = self.entries().binary_search(&entry(key)) {
            self.0.drain(3 * place..3 * place + 3);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries().len()
    }

    /// The deliveries, in their order.
    pub(crate) fn keys(
        &self,
        webhook: WebhookId,
        block: u64,
    ) -> impl DoubleEndedIterator<Item = DeliveryKey> + '_ {
        self.entries().iter().map(move |[index, hook, part]| DeliveryKey {
            event: EventNo(block * BLOCK_EVENTS + u64::from(*index)),
            webhook,
            hook: HookNo(*hook),
            part: Part(*part),
        })
    }

    fn entries(&self) -> &[[u8; 3]] {
        self.0.as_chunks().0
    }
}

fn entry(key: &DeliveryKey) -> [u8; 3] {
    // Below 256.
    let index = (key.event.0 % BLOCK_EVENTS) as u8;
    [index, key.hook.0, key.part.0]
}
