//! Rows in memory whose writes end after so many, as where a process is killed: for tests of what is there then.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use crate::{
    Error, MemoryRows, Result,
    packs::Base,
    rows::{Batch, Order, Rows, Visit},
};

/// A base that takes so many more writes; the first that it refuses has taken effect, or not.
#[derive(Default)]
pub(crate) struct CutOff {
    pub(crate) rows: MemoryRows,
    pub(crate) writes: AtomicUsize,
    pub(crate) takes_effect: AtomicBool,
}

impl Rows for CutOff {
    fn blocks(&self) -> bool {
        false
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.rows.get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        self.rows.scan(range, order, visit)
    }

    fn write(&self, batch: Batch) -> Result<()> {
        let left = self.writes.load(SeqCst).checked_sub(1);
        if left.is_some() || self.takes_effect.load(SeqCst) {
            self.rows.write(batch)?;
        }
        self.writes.store(left.ok_or_else(|| Error::Unavailable("cut off".into()))?, SeqCst);
        Ok(())
    }

    fn bytes(&self) -> Result<u64> {
        self.rows.bytes()
    }
}

impl Base for CutOff {
    fn apply(&self, batch: Batch) -> Result<()> {
        self.write(batch)
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }
}
