//! Rows whose disk can be made to refuse: for tests of what then happens.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    Error, Result,
    rows::{Batch, Order, Rows, Visit},
};

/// Any rows, with writes that fail while the switch is on.
pub struct Refusing<R> {
    rows: R,
    refuses: Arc<AtomicBool>,
}

/// Says whether a disk refuses.
#[derive(Clone, Debug, Default)]
pub struct Switch(Arc<AtomicBool>);

impl Switch {
    /// Makes writes fail, or work again.
    pub fn refuse(&self, refuses: bool) {
        self.0.store(refuses, Ordering::SeqCst);
    }
}

impl<R: Rows> Refusing<R> {
    /// Rows that refuse writes while the switch says so.
    pub fn new(rows: R, switch: &Switch) -> Self {
        Self { rows, refuses: switch.0.clone() }
    }
}

impl<R: Rows> Rows for Refusing<R> {
    fn blocks(&self) -> bool {
        self.rows.blocks()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.rows.get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        self.rows.scan(range, order, visit)
    }

    fn write(&self, batch: Batch) -> Result<()> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(Error::Unavailable("No space left on device (os error 28)".into()));
        }
        self.rows.write(batch)
    }

    fn bytes(&self) -> Result<u64> {
        self.rows.bytes()
    }
}
