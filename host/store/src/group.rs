//! Changes that are written together: jobs of one group see what the jobs before them did.

use std::{collections::HashMap, ops::Range};

use transload_domain::{DeliveryKey, Organization};

use crate::{
    Entry, Result, Revision, keys,
    leadership::Leadership,
    row::{self, NumberRow, Row as Stored},
    rows::{self, Batch, Order, Row, Rows},
    undispatched::Change,
};

/// What the jobs of one group have changed so far.
pub(crate) struct Group<'a> {
    rows: &'a dyn Rows,
    pub(crate) leadership: &'a mut Leadership,
    changes: Changes,
}

#[derive(Default)]
struct Changes {
    rows: HashMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    news: Vec<Entry>,
    heads: Vec<DeliveryKey>,
    undispatched: Change,
}

/// One thing that happens as a whole or not at all.
pub(crate) struct Step<'g> {
    rows: &'g dyn Rows,
    before: &'g Changes,
    own: Changes,
}

/// All that a group leaves behind.
pub(crate) struct Written {
    pub(crate) batch: Batch,
    /// What a lead's agenda is told after the write.
    pub(crate) news: Vec<Entry>,
    /// Deliveries whose heads change with the write.
    pub(crate) heads: Vec<DeliveryKey>,
    /// How many more events wait for their dispatch.
    pub(crate) undispatched: Change,
}

impl<'a> Group<'a> {
    pub(crate) fn new(rows: &'a dyn Rows, leadership: &'a mut Leadership) -> Self {
        Self { rows, leadership, changes: Changes::default() }
    }

    /// Does the work and keeps its changes where it succeeds; where it fails it leaves no trace.
    pub(crate) fn atomic<T>(&mut self, work: impl FnOnce(&mut Step<'_>) -> Result<T>) -> Result<T> {
        let own = Changes::default();
        let mut step = Step { rows: self.rows, before: &self.changes, own };
        let result = work(&mut step)?;
        let own = step.own;
        self.changes.bytes += own.bytes;
        self.changes.rows.extend(own.rows);
        self.changes.news.extend(own.news);
        self.changes.heads.extend(own.heads);
        self.changes.undispatched.join(own.undispatched);
        Ok(result)
    }

    /// Whether nothing has changed so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.rows.is_empty()
    }

    /// Bytes of what has changed so far.
    pub(crate) fn bytes(&self) -> usize {
        self.changes.bytes
    }

    pub(crate) fn finish(self) -> Written {
        let Changes { rows, news, heads, undispatched, .. } = self.changes;
        Written { batch: rows.into_iter().collect(), news, heads, undispatched }
    }
}

impl Step<'_> {
    /// The value of a key, with everything that was changed before.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.changed(key) {
            Some(value) => Ok(value.clone()),
            None => self.rows.get(key),
        }
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &[u8]) -> Result<bool> {
        match self.changed(key) {
            Some(value) => Ok(value.is_some()),
            None => Ok(self.rows.get(key)?.is_some()),
        }
    }

    /// The row of a key.
    pub(crate) fn row<T: for<'a> Stored<'a>>(&self, key: &[u8]) -> Result<Option<T>> {
        self.get(key)?.map(|bytes| row::decode(&bytes)).transpose()
    }

    /// The number in a row, 0 where there is none.
    pub(crate) fn number(&self, key: &[u8]) -> Result<u64> {
        Ok(self.row::<NumberRow>(key)?.map_or(0, |row| row.0))
    }

    /// The rows under a prefix. Only for a job that scans: it begins a group of its own, and looks at no prefix
    /// that it has written to before.
    pub(crate) fn scan(&self, prefix: &[u8]) -> Result<Vec<Row>> {
        let mut changed = self.own.rows.keys().chain(self.before.rows.keys());
        debug_assert!(!changed.any(|key| key.starts_with(prefix)), "a range shows no changes");
        let Range { start, end } = keys::under(prefix);
        rows::collect(self.rows, &start..&end, Order::Ascending, usize::MAX)
    }

    pub(crate) fn put<'a>(&mut self, key: Vec<u8>, row: &impl Stored<'a>) {
        self.put_bytes(key, row::encode(row));
    }

    /// Writes a row that was encoded before, or an empty one.
    pub(crate) fn put_bytes(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.own.bytes += key.len() + value.len();
        self.own.rows.insert(key, Some(value));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.own.bytes += key.len();
        self.own.rows.insert(key, None);
    }

    /// Adds to a number; at 0 its row goes.
    pub(crate) fn add(&mut self, key: Vec<u8>, change: i64) -> Result<u64> {
        let number = self.number(&key)?.saturating_add_signed(change);
        if number == 0 {
            self.remove(key);
        } else {
            self.put(key, &NumberRow(number));
        }
        Ok(number)
    }

    /// A revision that nothing ever had.
    pub(crate) fn next_revision(&mut self) -> Result<Revision> {
        self.add(keys::LAST_REVISION.to_vec(), 1)
    }

    /// What a lead's agenda is told when this is durable.
    pub(crate) fn tell(&mut self, news: Entry) {
        self.own.news.push(news);
    }

    /// Counts an event that waits for its dispatch, 1, or no longer does, -1. Where nobody can tell whose it is, only
    /// in all.
    pub(crate) fn count_undispatched(&mut self, organization: Option<&Organization>, change: i64) {
        self.own.undispatched.add(organization, change);
    }

    /// Says that this delivery's head changes.
    pub(crate) fn touch(&mut self, key: DeliveryKey) {
        self.own.heads.push(key);
    }

    fn changed(&self, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.own.rows.get(key).or_else(|| self.before.rows.get(key))
    }
}
