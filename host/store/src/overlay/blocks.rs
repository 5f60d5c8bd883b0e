//! Which blocks of lists the base may have rows of.

use transload_domain::EventNo;

use crate::{
    keys,
    row::{block, listed},
};

/// The newest blocks of which the base may have rows. A list's next block is begun with the events that come: as long
/// as none of its rows has gone to the base, nobody need look there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blocks {
    deliveries: u64,
    events: u64,
}

impl Blocks {
    /// Those of a base whose last event has this number.
    pub(crate) fn up_to(last: EventNo) -> Self {
        Self { deliveries: listed::block_of(last), events: block::place(last).0 }
    }

    /// As a log has them.
    pub(super) fn as_numbers(&self) -> [u64; 2] {
        [self.deliveries, self.events]
    }

    /// From what a log has.
    pub(super) fn of_numbers([deliveries, events]: [u64; 2]) -> Self {
        Self { deliveries, events }
    }

    /// Whether this is the key of a list's block that is newer than these.
    pub(super) fn is_newer(&self, key: &[u8]) -> bool {
        block_in(key).is_some_and(|(kind, block)| block > self.newest(kind))
    }

    /// Whether they tell anything of this key's kind.
    pub(super) fn tell_of(&self, key: &[u8]) -> bool {
        block_in(key).is_some()
    }

    /// The base may have this row from now on.
    pub(super) fn include(&mut self, key: &[u8]) {
        let Some((kind, block)) = block_in(key) else { return };
        let newest = match kind {
            Kind::Deliveries => &mut self.deliveries,
            Kind::Events => &mut self.events,
        };
        *newest = block.max(*newest);
    }

    fn newest(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Deliveries => self.deliveries,
            Kind::Events => self.events,
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Deliveries,
    Events,
}

/// Of which list a key is, and of which block.
fn block_in(key: &[u8]) -> Option<(Kind, u64)> {
    if keys::is_list_of_deliveries(key) {
        return Some((Kind::Deliveries, keys::listed_in(key)?.1));
    }
    keys::is_list_of_events(key).then(|| Some((Kind::Events, keys::number_in(key)?.0)))?
}

#[cfg(test)]
mod tests {
    use transload_domain::{Organization, Status, WebhookId};

    use super::*;

    #[test]
    fn only_the_keys_of_newer_blocks_are_newer() {
        let webhook = WebhookId::from_random([7; 16]);
        let acme = Organization::new("acme").unwrap();
        let deliveries = |block| keys::listed(Status::Dead, webhook, block);
        let events = |block| keys::listed_events(&acme, block);
        let mut blocks = Blocks::up_to(EventNo(3_000));
        let newest = |blocks: &Blocks| {
            let deliveries = (0..99).find(|block| blocks.is_newer(&deliveries(*block)));
            let events = (0..99).find(|block| blocks.is_newer(&events(*block)));
            (deliveries.unwrap() - 1, events.unwrap() - 1)
        };
        assert_eq!(newest(&blocks), (11, 2));
        blocks.include(&deliveries(15));
        blocks.include(&deliveries(14));
        assert_eq!(newest(&blocks), (15, 2));
        blocks.include(&events(7));
        assert_eq!(newest(&blocks), (15, 7));
        // A count is of no block.
        let count = keys::count(WebhookId::from_random([0xff; 16]), Status::Dead);
        assert!(!blocks.is_newer(&count) && !blocks.tell_of(&count));
    }
}
