//! What a row store must be able to do: three functions, and nothing of transload's words.

use std::ops::{ControlFlow, Range};

use crate::Result;

/// Ordered rows of bytes, with an atomic and durable write. Memory and sled are both this.
pub trait Rows: Send + Sync + 'static {
    /// Whether [`Rows::scan`] may wait for a disk, so that it belongs on a thread of its own.
    fn blocks(&self) -> bool;

    /// The value of a key.
    ///
    /// # Errors
    /// When the disk cannot be read or holds what cannot be understood.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Shows the rows of a range in order until the visitor breaks. The visitor must not call the store: it may
    /// be locked. Rows that are written meanwhile may be seen or not.
    ///
    /// # Errors
    /// As [`Rows::get`].
    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()>;

    /// Writes all rows of the batch or none; what has returned is durable. After an error the write may or may
    /// not have happened, and the store must not be written to again.
    ///
    /// # Errors
    /// When the disk refuses.
    fn write(&self, batch: Batch) -> Result<()>;

    /// Bytes that the rows take where they are kept.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn bytes(&self) -> Result<u64>;
}

impl<R: Rows> Rows for std::sync::Arc<R> {
    fn blocks(&self) -> bool {
        (**self).blocks()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        (**self).get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        (**self).scan(range, order, visit)
    }

    fn write(&self, batch: Batch) -> Result<()> {
        (**self).write(batch)
    }

    fn bytes(&self) -> Result<u64> {
        (**self).bytes()
    }
}

/// Sees one row after the other.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Rows to be written: a value, or none to remove the key. Each key stands in it once.
pub type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// In which direction a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the smallest key.
    Ascending,
    /// From the largest key.
    Descending,
}

/// A row as it was found.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

/// At most `max` rows of a range.
pub(crate) fn collect(
    rows: &(impl Rows + ?Sized),
    range: Range<&[u8]>,
    order: Order,
    max: usize,
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    if max == 0 {
        return Ok(found);
    }
    rows.scan(range, order, &mut |key, value| {
        found.push((key.to_vec(), value.to_vec()));
        if found.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found)
}
