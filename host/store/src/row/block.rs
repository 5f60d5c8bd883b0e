//! Which events of a block something holds for: one row for many events, so that a group of writes that concerns
//! neighbours writes it once.

use serde::{Deserialize, Serialize};
use transload_domain::EventNo;

use super::Row;

/// Events of a block. A row of a full one has 130 bytes: less than one small row for each of a few events.
pub(crate) const BLOCK_EVENTS: u64 = 1_024;

/// Which block an event is in, and where. Numbers begin at 1.
pub(crate) fn place(no: EventNo) -> (u64, usize) {
    let index = no.0.saturating_sub(1);
    // Below 1,024.
    (index / BLOCK_EVENTS, (index % BLOCK_EVENTS) as usize)
}

/// The number of an event by its place.
pub(crate) fn number(block: u64, index: usize) -> EventNo {
    EventNo(block * BLOCK_EVENTS + index as u64 + 1)
}

/// A set of the events of one block: one bit for each, from the lowest bit of the first byte. Zeros at the end are
/// left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockRow(#[serde(with = "super::bytes")] Vec<u8>);

impl Row<'_> for BlockRow {}

impl BlockRow {
    pub(crate) fn has(&self, index: usize) -> bool {
        self.0.get(index / 8).is_some_and(|byte| byte & (1 << (index % 8)) != 0)
    }

    /// Adds an event; false where it is there already.
    pub(crate) fn insert(&mut self, index: usize) -> bool {
        if self.0.len() <= index / 8 {
            self.0.resize(index / 8 + 1, 0);
        }
        let byte = &mut self.0[index / 8];
        let is_new = *byte & (1 << (index % 8)) == 0;
        *byte |= 1 << (index % 8);
        is_new
    }

    pub(crate) fn remove(&mut self, index: usize) {
        if let Some(byte) = self.0.get_mut(index / 8) {
            *byte &= !(1 << (index % 8));
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|byte| u64::from(byte.count_ones())).sum()
    }

    /// How many there are that are not in the other.
    pub(crate) fn len_without(&self, other: &Self) -> u64 {
        let theirs = other.0.iter().copied().chain(std::iter::repeat(0));
        self.0.iter().zip(theirs).map(|(own, their)| u64::from((own & !their).count_ones())).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every event of the block is in it.
    pub(crate) fn is_full(&self) -> bool {
        self.len() == BLOCK_EVENTS
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn places_are_found_again() {
        for no in [1, 2, 1_024, 1_025, 2_048, 2_049, (1 << 48) - 1] {
            let (block, index) = place(EventNo(no));
            assert_eq!(number(block, index), EventNo(no));
            assert!(index < BLOCK_EVENTS as usize);
        }
        assert_eq!(place(EventNo(1_025)), (1, 0));
    }

    #[test]
    fn it_is_a_set() {
        let (mut row, mut model) = (BlockRow::default(), BTreeSet::new());
        for step in 0..20_000_usize {
            let index = step * 7_919 % BLOCK_EVENTS as usize;
            if step % 3 == 0 {
                row.remove(index);
                model.remove(&index);
            } else {
                assert_eq!(row.insert(index), model.insert(index));
            }
            assert_eq!(row.len(), model.len() as u64);
            assert_eq!(row.is_empty(), model.is_empty());
        }
        for index in 0..BLOCK_EVENTS as usize {
            assert_eq!(row.has(index), model.contains(&index));
        }
        for index in 0..BLOCK_EVENTS as usize {
            row.insert(index);
        }
        assert!(row.is_full());
    }
}
