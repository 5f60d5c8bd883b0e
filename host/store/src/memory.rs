//! Rows in memory: the small twin of every other store.

use std::{
    collections::BTreeMap,
    ops::{Bound, ControlFlow, Range},
    sync::{Arc, PoisonError, RwLock},
};

use transload_domain::Clock;

use crate::{
    Local, Result,
    rows::{Batch, Order, Rows, Visit},
};

/// A ledger that forgets everything when it goes. It runs on its callers' threads and starts none, so that a test
/// that moves its own clock decides what happens when.
pub type Memory = Local<MemoryRows>;

impl Memory {
    /// An empty ledger.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::inline(MemoryRows::default(), clock).expect("an empty memory can be read")
    }
}

/// Rows in a B-tree behind a lock.
#[derive(Debug, Default)]
pub struct MemoryRows(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Rows for MemoryRows {
    fn blocks(&self) -> bool {
        false
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get(key).cloned())
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let bounds = (Bound::Included(range.start), Bound::Excluded(range.end));
        let mut found = rows.range::<[u8], _>(bounds);
        while let Some((key, value)) = match order {
            Order::Ascending => found.next(),
            Order::Descending => found.next_back(),
        } {
            if let ControlFlow::Break(()) = visit(key, value) {
                break;
            }
        }
        Ok(())
    }

    fn write(&self, batch: Batch) -> Result<()> {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }

    fn bytes(&self) -> Result<u64> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum())
    }
}
