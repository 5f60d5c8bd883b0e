//! Packs: many small rows in one stored value, for a store that asks a price for each value.
//!
//! Rows of some kinds ([`keys::PACKED`]) are written together, read together and forgotten together, since their keys
//! begin with an event's number. They are kept as leaves: a leaf has the rows from its own key up to that of the next
//! leaf of the kind, compressed. Whatever does not change with this is passed on as it is.
//!
//! | Key of the base | Value |
//! |---|---|
//! | `L` key | leaf: its rows, from this key on |
//! | `B` key | a value that is too large for a leaf |
//!
//! A group of writes stays one write of the base. What a reader sees of it, it sees all at once.

mod cache;
pub(crate) mod frame;
mod leaf;
mod mend;
#[cfg(test)]
mod model;
mod place;
#[cfg(test)]
mod readers;
mod scan;
mod take_over;
mod write;

use std::{
    ops::{ControlFlow, Range},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use crate::{
    Error, Result,
    keys::{self, APART, LEAF},
    rows::{self, Batch, Order, Rows, Visit},
};
use cache::{Cache, Span};
use leaf::{Leaf, Value};
use place::Place;
use scan::Part;

/// Bytes of a value that is kept apart from its leaf: from here on, compressing it with others gains nothing, and
/// writing it again with others costs.
const APART_BYTES: usize = 8 << 10;
/// Bytes that a leaf can have at all, so that a damaged length asks for no memory beyond it: those written have twice
/// what [`keys::PACKED`] says, or that and one more row.
const LEAF_BYTES_LIMIT: usize = 64 << 10;
/// Bytes of a value that is kept apart. Events and requests have little more than 1 MiB.
const VALUE_BYTES_LIMIT: usize = 64 << 20;
/// How often a value is read that is replaced again and again meanwhile.
const READS_MAX: u32 = 100;

/// Rows whose writes are seen first and durable then.
pub(crate) trait Base: Rows {
    /// Writes all rows of the batch or none; they are seen, but may not be durable.
    ///
    /// # Errors
    /// As [`Rows::write`].
    fn apply(&self, batch: Batch) -> Result<()>;

    /// Makes durable what was applied.
    ///
    /// # Errors
    /// As [`Rows::write`].
    fn sync(&self) -> Result<()>;
}

/// Rows over a base that keeps some of them in packs.
pub(crate) struct Packs<B> {
    base: B,
    /// One write at a time.
    writer: Mutex<()>,
    seen: RwLock<Seen>,
}

/// What readers share. It is locked for writing while a write becomes visible.
#[derive(Default)]
struct Seen {
    cache: Cache,
    /// How many writes there were: what was read before one must not be kept after it.
    writes: u64,
}

/// A leaf as it was found.
enum Found {
    Leaf(Span),
    /// It cannot be read.
    Damaged {
        start: Vec<u8>,
        end: Vec<u8>,
    },
}

impl<B: Base> Packs<B> {
    pub(crate) fn new(base: B) -> Self {
        Self { base, writer: Mutex::default(), seen: RwLock::default() }
    }

    #[cfg(test)]
    pub(crate) fn base(&self) -> &B {
        &self.base
    }

    /// The leaf of a kind that this place is in; none where all leaves lie behind it. `keep` says whether it is likely
    /// to be asked for again.
    fn find(&self, kind: u8, place: Place<'_>, keep: bool) -> Result<Option<Found>> {
        let (found, writes) = {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(span) = seen.cache.find(place) {
                return Ok(Some(Found::Leaf(span)));
            }
            (self.load(kind, place)?, seen.writes)
        };
        if let (Some(Found::Leaf(span)), true) = (&found, keep) {
            self.keep(span.clone(), writes);
        }
        Ok(found)
    }

    /// Keeps a leaf that was read after so many writes, unless there was one more since.
    fn keep(&self, span: Span, writes: u64) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.writes == writes {
            seen.cache.insert(span);
        }
    }

    /// Reads a leaf, while no write becomes visible.
    fn load(&self, kind: u8, place: Place<'_>) -> Result<Option<Found>> {
        let end = match place {
            Place::At(key) => keys::behind(&leaf_key(key)),
            Place::Below(key) => leaf_key(key),
        };
        let found =
            rows::collect(&self.base, &leaf_key(&[kind])..&end, Order::Descending, 1)?.pop();
        let Some((key, stored)) = found else { return Ok(None) };
        let (start, end) = (key[1..].to_vec(), self.next_start(kind, &keys::behind(&key[1..]))?);
        let leaf = frame::decode(&stored, LEAF_BYTES_LIMIT).and_then(Leaf::decode);
        Ok(Some(match leaf.filter(|leaf| leaf.is_within(&start, &end)) {
            Some(leaf) => Found::Leaf(Span { start, end, leaf: Arc::new(leaf) }),
            None => Found::Damaged { start, end },
        }))
    }

    /// Where the first leaf of a kind from this key on begins, or where the kind ends.
    fn next_start(&self, kind: u8, from: &[u8]) -> Result<Vec<u8>> {
        let end = vec![kind + 1];
        let mut next = None;
        self.base.scan(&leaf_key(from)..&leaf_key(&end), Order::Ascending, &mut |key, _| {
            next = Some(key[1..].to_vec());
            ControlFlow::Break(())
        })?;
        Ok(next.unwrap_or(end))
    }

    /// A value that has a row of its own; none where it was replaced meanwhile by one that has not, or has gone.
    fn apart(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(stored) = self.base.get(&apart_key(key))? else { return Ok(None) };
        frame::decode(&stored, VALUE_BYTES_LIMIT).map(Some).ok_or_else(|| damaged(key))
    }
}

impl<B: Base> Rows for Packs<B> {
    fn blocks(&self) -> bool {
        self.base.blocks()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(kind) = keys::packed_kind(key) else { return self.base.get(key) };
        for _ in 0..READS_MAX {
            let leaf = match self.find(kind, Place::At(key), true)? {
                Some(Found::Leaf(span)) => span.leaf,
                Some(Found::Damaged { start, .. }) => return Err(damaged(&start)),
                None => return Ok(None),
            };
            match leaf.get(key) {
                Some(Value::Here(value)) => return Ok(Some(value.to_vec())),
                Some(Value::Apart) => {
                    if let Some(value) = self.apart(key)? {
                        return Ok(Some(value));
                    }
                }
                None => return Ok(None),
            }
        }
        Err(damaged(key))
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        for part in scan::parts(range, order) {
            let flow = match part {
                Part::Packed(kind, range) => match order {
                    Order::Ascending => self.ascend(kind, range, visit)?,
                    Order::Descending => self.descend(kind, range, visit)?,
                },
                Part::Plain(range) => {
                    let mut flow = ControlFlow::Continue(());
                    self.base.scan(&range.start..&range.end, order, &mut |key, value| {
                        flow = visit(key, value);
                        flow
                    })?;
                    flow
                }
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn write(&self, batch: Batch) -> Result<()> {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = self.plan(batch)?;
        self.apply(plan)?;
        self.base.sync()
    }

    fn bytes(&self) -> Result<u64> {
        self.base.bytes()
    }
}

fn leaf_key(key: &[u8]) -> Vec<u8> {
    [&[LEAF], key].concat()
}

fn apart_key(key: &[u8]) -> Vec<u8> {
    [&[APART], key].concat()
}

fn damaged(key: &[u8]) -> Error {
    Error::Corrupt(format!("the rows from {} on cannot be read", keys::in_words(key)))
}
