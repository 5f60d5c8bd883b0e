//! Rows that change again soon: kept in memory over a base, and written to it when they have not changed for a while.
//!
//! Lists and counts ([`keys::OVERLAID`]) change with every event and delivery, and with many webhooks each time others:
//! as rows of the base they would cost more than all the rest of a write. So their latest values are kept in memory,
//! and each write puts all that it changes of them into one row of the base, its log. When there are many logs, the
//! oldest goes, and what no later write has changed of its rows is written to the base in the same write. A row that
//! has come and gone meanwhile, as the list of what is scheduled for a moment, is never written.
//!
//! | Key of the base | Value |
//! |---|---|
//! | `O` number | log: what the write of this number changed |
//!
//! A log is a part of its write: it is there with all that belongs to it or not at all, and opening reads the logs.

mod blocks;
mod log;
#[cfg(test)]
mod model;
mod scan;
mod table;

use std::{
    ops::{ControlFlow, Range},
    sync::{Mutex, PoisonError, RwLock},
};

use crate::{
    Result, keys,
    rows::{self, Batch, Order, Rows, Visit},
};
pub(crate) use blocks::Blocks;
use table::{Bounds, Moved, Table};

/// Logs that are read at once when the store is opened: some MiB.
const LOGS_PER_PAGE: usize = 64;

/// Rows over a base that are the base's when they have not changed for a while.
pub(crate) struct Overlay<B> {
    base: B,
    /// One write at a time.
    writer: Mutex<()>,
    table: RwLock<Table>,
    bounds: Bounds,
}

impl<B: Rows> Overlay<B> {
    /// Reads what was written before. Beside what the logs tell, the base has rows of no newer blocks than these. Where a
    /// log is damaged, `mend` makes the rows anew in the base from what they tell of, and all logs go.
    pub(crate) fn open(
        base: B,
        blocks: Blocks,
        mend: impl FnOnce(&B) -> Result<()>,
    ) -> Result<Self> {
        Self::bounded(base, blocks, Bounds::default(), mend)
    }

    fn bounded(
        base: B,
        blocks: Blocks,
        bounds: Bounds,
        mend: impl FnOnce(&B) -> Result<()>,
    ) -> Result<Self> {
        let table = if let Some(table) = read_logs(&base, blocks)? {
            table
        } else {
            tracing::error!(
                "a log of lists and counts is damaged: they are made anew from what they tell of"
            );
            mend(&base)?;
            remove_logs(&base)?;
            Table::over(blocks)
        };
        Ok(Self { base, writer: Mutex::default(), table: RwLock::new(table), bounds })
    }

    #[cfg(test)]
    pub(crate) fn base(&self) -> &B {
        &self.base
    }

    fn seen(&self) -> std::sync::RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For each of these rows, whether the base may have one of its key.
    fn may_be_in_base(&self, changes: &Batch) -> Result<Vec<bool>> {
        let table = self.seen();
        let each = changes.iter().map(|(key, _)| match table.may_be_in_base(key) {
            Some(known) => Ok(known),
            None => Ok(self.base.get(key)?.is_some()),
        });
        each.collect()
    }
}

impl<B: Rows> Rows for Overlay<B> {
    fn blocks(&self) -> bool {
        self.base.blocks()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if keys::is_overlaid(key)
            && let Some(value) = self.seen().get(key)
        {
            return Ok(value.map(<[u8]>::to_vec));
        }
        // A row that the table has no more the base has by now.
        self.base.get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        if scan::is_plain(&range) {
            return self.base.scan(range, order, visit);
        }
        self.scan_both(range, order, visit)
    }

    fn write(&self, batch: Batch) -> Result<()> {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut changes, mut rest): (Batch, Batch) =
            batch.into_iter().partition(|(key, _)| keys::is_overlaid(key));
        if changes.is_empty() {
            return self.base.write(rest);
        }
        changes.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let number = self.seen().next_number();
        let may_be_in_base = self.may_be_in_base(&changes)?;
        let Moved { logs, rows, blocks } = self.seen().moves(&changes, self.bounds);
        let log = log::encode(blocks, &changes);
        rest.extend(rows);
        rest.extend(logs.iter().map(|number| (keys::log(*number), None)));
        rest.push((keys::log(number), Some(log::pack(&log))));
        self.base.write(rest)?;
        // From here on nothing can fail: what was written is what is seen.
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.put(number, log.len(), changes.into_iter().zip(may_be_in_base));
        table.forget(&logs, blocks);
        Ok(())
    }

    fn bytes(&self) -> Result<u64> {
        self.base.bytes()
    }
}

/// The logs as they are stored; none where one is damaged. These are the newest blocks where there is no log.
fn read_logs(base: &impl Rows, blocks: Blocks) -> Result<Option<Table>> {
    let Range { mut start, end } = keys::under(&keys::logs());
    let Some((_, last)) = rows::collect(base, &start..&end, Order::Descending, 1)?.pop() else {
        return Ok(Some(Table::over(blocks)));
    };
    // The last log tells what the base has now.
    let Some(Read { blocks, .. }) = Read::of(&last) else { return Ok(None) };
    let mut table = Table::over(blocks);
    loop {
        let found = rows::collect(base, &start..&end, Order::Ascending, LOGS_PER_PAGE)?;
        let Some((last, _)) = found.last() else { return Ok(Some(table)) };
        start = keys::behind(last);
        for (key, stored) in &found {
            let (Some(number), Some(log)) = (keys::number_in(key), Read::of(stored)) else {
                return Ok(None);
            };
            // To know more would cost a look at the base for each row.
            let may_be_in_base = |key: &[u8]| table.may_be_in_base(key).unwrap_or(true);
            let known: Vec<bool> = log.changes.iter().map(|(key, _)| may_be_in_base(key)).collect();
            table.put(number.0, log.bytes, log.changes.into_iter().zip(known));
        }
    }
}

/// A log that was read.
struct Read {
    bytes: usize,
    blocks: Blocks,
    changes: Batch,
}

impl Read {
    fn of(stored: &[u8]) -> Option<Self> {
        let log = log::unpack(stored)?;
        let (blocks, changes) = log::decode(&log)?;
        Some(Self { bytes: log.len(), blocks, changes })
    }
}

/// All logs go in one write, the damaged one with them: where only some were left, they would tell of fewer blocks than
/// the base has rows of by then, or of an older state. There are no more than [`Bounds`] allow.
fn remove_logs(base: &impl Rows) -> Result<()> {
    let (range, mut logs) = (keys::under(&keys::logs()), Batch::new());
    base.scan(&range.start..&range.end, Order::Ascending, &mut |key, _| {
        logs.push((key.to_vec(), None));
        ControlFlow::Continue(())
    })?;
    base.write(logs)
}
