//! The latest values of rows that have changed of late, and by which write.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    ops::Bound,
    sync::Arc,
};

use super::Blocks;
use crate::rows::{Batch, Order};

/// Bytes of memory that a row takes beside its key and value: its places in the map, in the order and in its log.
const ROW_BYTES: usize = 160;
/// Rows that a write moves to the base at most, beside twice as many as it changes itself: old logs go in small steps.
const MOVED_MAX: usize = 64;

/// From when on old logs go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Bytes of memory that the rows may take.
    pub(super) row_bytes: usize,
    /// Bytes of logs, which opening must read.
    pub(super) log_bytes: usize,
    /// How many logs there may be.
    pub(super) logs: usize,
}

impl Default for Bounds {
    /// Enough for the lists of some ten thousand deliveries, so that a webhook's next delivery finds its list there;
    /// reading so many logs takes a fraction of a second. With 4,096 logs of 8 MiB nothing was faster, and the store took
    /// twice the disk (this crate's benchmark `life` levelled off at 230 MiB in place of 127).
    fn default() -> Self {
        Self { row_bytes: 16 << 20, log_bytes: 4 << 20, logs: 1_024 }
    }
}

type Key = Arc<[u8]>;

/// Rows that are newer than the base's.
#[derive(Debug)]
pub(super) struct Table {
    rows: HashMap<Key, Kept>,
    order: BTreeSet<Key>,
    /// The newest blocks of which the base may have rows.
    blocks: Blocks,
    /// From the oldest on.
    logs: VecDeque<Log>,
    row_bytes: usize,
    log_bytes: usize,
}

#[derive(Debug)]
struct Kept {
    /// None where the row is removed.
    value: Option<Vec<u8>>,
    /// The write that changed it last.
    log: u64,
    /// Whether the base may have a row of its key, which is to go when this one does.
    may_be_in_base: bool,
}

#[derive(Debug)]
struct Log {
    number: u64,
    keys: Vec<Key>,
    bytes: usize,
}

/// What goes to the base.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Logs that are needed no more when these rows are written.
    pub(super) logs: Vec<u64>,
    pub(super) rows: Batch,
    /// The newest blocks of which the base may have rows then.
    pub(super) blocks: Blocks,
}

/// A row as it is seen; none where it is removed.
pub(super) type Seen = (Key, Option<Vec<u8>>);

impl Table {
    /// None yet, over a base that has rows of no newer blocks than these.
    pub(super) fn over(blocks: Blocks) -> Self {
        let (rows, order) = (HashMap::new(), BTreeSet::new());
        Self { rows, order, blocks, logs: VecDeque::new(), row_bytes: 0, log_bytes: 0 }
    }

    /// The row of a key, where it has changed of late, or where the base cannot have it: its value, or none where there
    /// is no such row.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        match self.rows.get(key) {
            Some(kept) => Some(kept.value.as_deref()),
            None => self.blocks.is_newer(key).then_some(None),
        }
    }

    /// Whether the base may have a row of this key, where this is known.
    pub(super) fn may_be_in_base(&self, key: &[u8]) -> Option<bool> {
        match self.rows.get(key) {
            Some(kept) => Some(kept.may_be_in_base),
            None => self.blocks.is_newer(key).then_some(false),
        }
    }

    #[cfg(test)]
    pub(super) fn is_within(&self, bounds: Bounds) -> bool {
        let weigh = |(key, kept): (&Key, &Kept)| weight(key, kept);
        assert!(self.order.iter().eq(self.rows.keys().collect::<BTreeSet<_>>()));
        assert_eq!(self.row_bytes, self.rows.iter().map(weigh).sum::<usize>());
        assert_eq!(self.log_bytes, self.logs.iter().map(|log| log.bytes).sum::<usize>());
        // The last write may have added to it.
        self.row_bytes <= bounds.row_bytes + 20 * 200 && self.logs.len() <= bounds.logs
    }

    /// The number of the next log.
    pub(super) fn next_number(&self) -> u64 {
        self.logs.back().map_or(0, |log| log.number + 1)
    }

    /// Rows between two keys, in order.
    pub(super) fn some(&self, start: &[u8], end: &[u8], order: Order, max: usize) -> Vec<Seen> {
        let bounds = (Bound::Included(start), Bound::Excluded(end));
        let found = self.order.range::<[u8], _>(bounds);
        let seen = |key: &Key| {
            let kept = self.rows.get(key)?;
            Some((Arc::clone(key), kept.value.clone()))
        };
        match order {
            Order::Ascending => found.filter_map(seen).take(max).collect(),
            Order::Descending => found.rev().filter_map(seen).take(max).collect(),
        }
    }

    /// The oldest logs that go with a write of these changes, which are in the order of their keys.
    pub(super) fn moves(&self, changes: &Batch, bounds: Bounds) -> Moved {
        let mut moved = Moved { blocks: self.blocks, ..Moved::default() };
        let (mut row_bytes, mut log_bytes) = (self.row_bytes, self.log_bytes);
        let most = MOVED_MAX + 2 * changes.len();
        for log in &self.logs {
            let logs = self.logs.len() - moved.logs.len();
            let is_within = row_bytes <= bounds.row_bytes
                && log_bytes <= bounds.log_bytes
                && logs < bounds.logs;
            if is_within || moved.rows.len() >= most {
                break;
            }
            for key in &log.keys {
                let latest = self.rows.get(key).filter(|kept| kept.log == log.number);
                let Some(kept) = latest else { continue };
                row_bytes -= weight(key, kept);
                moved.blocks.include(key);
                let is_changed =
                    changes.binary_search_by(|(changed, _)| (**changed).cmp(&**key)).is_ok();
                // What has gone and was never there is nothing to be written.
                if !is_changed && (kept.value.is_some() || kept.may_be_in_base) {
                    moved.rows.push((key.to_vec(), kept.value.clone()));
                }
            }
            log_bytes -= log.bytes;
            moved.logs.push(log.number);
        }
        moved
    }

    /// Takes in what the write of this number, whose log has so many bytes, has changed; and for each row whether the
    /// base may have one.
    pub(super) fn put(
        &mut self,
        number: u64,
        bytes: usize,
        changes: impl IntoIterator<Item = ((Vec<u8>, Option<Vec<u8>>), bool)>,
    ) {
        let mut keys = Vec::new();
        for ((key, value), may_be_in_base) in changes {
            let (key, is_new) = match self.rows.remove_entry(&*key) {
                Some((key, former)) => {
                    self.row_bytes -= weight(&key, &former);
                    (key, false)
                }
                None => (Key::from(key), true),
            };
            if value.is_none() && !may_be_in_base && self.blocks.tell_of(&key) {
                // It has come and gone; the earlier logs that tell of it go before this one.
                self.order.remove(&key);
                continue;
            }
            if is_new {
                self.order.insert(Arc::clone(&key));
            }
            let kept = Kept { value, log: number, may_be_in_base };
            self.row_bytes += weight(&key, &kept);
            keys.push(Arc::clone(&key));
            self.rows.insert(key, kept);
        }
        self.log_bytes += bytes;
        self.logs.push_back(Log { number, keys, bytes });
    }

    /// Forgets these logs, the oldest, and their rows, which the base now has, with rows of these blocks at most.
    pub(super) fn forget(&mut self, logs: &[u64], blocks: Blocks) {
        self.blocks = blocks;
        while let Some(log) = self.logs.pop_front_if(|log| logs.contains(&log.number)) {
            self.log_bytes -= log.bytes;
            for key in &log.keys {
                if self.rows.get(key).is_some_and(|kept| kept.log == log.number)
                    && let Some((key, kept)) = self.rows.remove_entry(key)
                {
                    self.row_bytes -= weight(&key, &kept);
                    self.order.remove(&key);
                }
            }
        }
    }
}

fn weight(key: &[u8], kept: &Kept) -> usize {
    ROW_BYTES + key.len() + kept.value.as_ref().map_or(0, Vec::len)
}
