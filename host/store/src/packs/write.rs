//! Writing rows into leaves.

use std::{
    mem,
    sync::{Arc, PoisonError},
};

use super::{
    APART_BYTES, Base, Found, Packs, Place, apart_key,
    cache::Span,
    frame,
    leaf::{self, Leaf, Value},
    leaf_key,
};
use crate::{
    Result,
    keys::{self, HEAD},
    rows::Batch,
};

/// A row as it stands in a leaf.
type Row<'a> = (&'a [u8], Value<'a>);

/// What a write means for the base and for the leaves that are kept.
#[derive(Default)]
pub(super) struct Plan {
    batch: Batch,
    changed: Vec<Changed>,
}

/// A leaf that a write changes.
enum Changed {
    Written {
        span: Span,
        /// Whether its rows are likely to be asked for soon.
        is_wanted: bool,
    },
    Gone {
        start: Vec<u8>,
    },
}

/// The leaf that rows are written to.
struct Target {
    kind: u8,
    span: Span,
    /// Whether the base has it.
    is_there: bool,
}

impl<B: Base> Packs<B> {
    /// Finds out what a write means.
    pub(super) fn plan(&self, batch: Batch) -> Result<Plan> {
        let (mut packed, plain): (Batch, Batch) =
            batch.into_iter().partition(|(key, _)| keys::packed_kind(key).is_some());
        packed.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut plan = Plan { batch: plain, changed: Vec::new() };
        let mut rest = &packed[..];
        while let Some((first, _)) = rest.first() {
            let target = self.target(first)?;
            let own = rest.partition_point(|(key, _)| *key < target.span.end);
            let (own, others) = rest.split_at(own);
            plan.rewrite(&target, own);
            rest = others;
        }
        Ok(plan)
    }

    /// The leaf that a row is written to. Where it is damaged a new one takes its place from this row on: what it has
    /// cannot be read, and what comes later must not suffer from it.
    fn target(&self, key: &[u8]) -> Result<Target> {
        let kind = key.first().copied().unwrap_or_default();
        let begin = |end| Target {
            kind,
            span: Span { start: key.to_vec(), end, leaf: Arc::default() },
            is_there: false,
        };
        Ok(match self.find(kind, Place::At(key), false)? {
            Some(Found::Leaf(span)) => Target { kind, span, is_there: true },
            Some(Found::Damaged { end, .. }) => begin(end),
            None => begin(self.next_start(kind, key)?),
        })
    }

    /// Lets the write be seen, all at once. Where that fails or panics no leaf is kept that could be wrong.
    pub(super) fn apply(&self, Plan { batch, changed }: Plan) -> Result<()> {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let mut cache = mem::take(&mut seen.cache);
        seen.writes += 1;
        self.base.apply(batch)?;
        for change in changed {
            match change {
                Changed::Written { span, is_wanted } => {
                    if is_wanted || cache.has(&span.start) {
                        cache.insert(span);
                    }
                }
                Changed::Gone { start } => cache.forget(&start),
            }
        }
        seen.cache = cache;
        Ok(())
    }
}

impl Plan {
    /// Adds changes of the base's own rows.
    pub(super) fn also(&mut self, changes: Batch) {
        self.batch.extend(changes);
    }

    /// Adds changes of one leaf's rows, in the order of their keys.
    fn rewrite(&mut self, target: &Target, changes: &[(Vec<u8>, Option<Vec<u8>>)]) {
        let Target { kind, span, is_there } = target;
        let Some(rows) = self.merge(&span.leaf, changes) else { return };
        let (kind, is_there) = (*kind, *is_there);
        let pieces = cut(&rows, keys::good_piece(kind));
        if pieces.is_empty() && is_there {
            self.batch.push((leaf_key(&span.start), None));
            self.changed.push(Changed::Gone { start: span.start.clone() });
            return;
        }
        let start_of = |number: usize| match pieces.get(number) {
            None => span.end.clone(),
            Some(_) if number == 0 && is_there => span.start.clone(),
            Some(piece) => piece[0].0.to_vec(),
        };
        for (number, piece) in pieces.iter().enumerate() {
            let leaf = Arc::new(Leaf::of(piece));
            let (start, end) = (start_of(number), start_of(number + 1));
            self.batch.push((leaf_key(&start), Some(frame::encode(leaf.bytes()))));
            // Heads are written again when their deliveries settle; new rows come behind the last leaf's.
            let is_wanted = kind == HEAD || end == [kind + 1];
            self.changed.push(Changed::Written { span: Span { start, end, leaf }, is_wanted });
        }
    }

    /// The rows of a leaf after changes; none where nothing changes. Large values go where they belong.
    fn merge<'a>(
        &mut self,
        leaf: &'a Leaf,
        changes: &'a [(Vec<u8>, Option<Vec<u8>>)],
    ) -> Option<Vec<Row<'a>>> {
        let (mut rows, mut old) = (Vec::new(), leaf.rows().peekable());
        let mut is_changed = false;
        for (key, value) in changes {
            while let Some(row) = old.next_if(|(before, _)| *before < &key[..]) {
                rows.push(row);
            }
            let replaced = old.next_if(|(same, _)| *same == &key[..]);
            is_changed |= replaced.is_some() || value.is_some();
            match value {
                Some(value) if value.len() > APART_BYTES => {
                    self.batch.push((apart_key(key), Some(frame::encode(value))));
                    rows.push((&key[..], Value::Apart));
                    continue;
                }
                Some(value) => rows.push((&key[..], Value::Here(value))),
                None => {}
            }
            if let Some((_, Value::Apart)) = replaced {
                self.batch.push((apart_key(key), None));
            }
        }
        rows.extend(old);
        is_changed.then_some(rows)
    }
}

/// Rows in pieces, each for a leaf. One piece may have twice what is good, so that rows which come a little later than
/// their neighbours find room.
fn cut<'a, 'b>(rows: &'b [Row<'a>], good_bytes: usize) -> Vec<&'b [Row<'a>]> {
    let total: usize = rows.iter().map(leaf::size).sum();
    if rows.is_empty() {
        return Vec::new();
    }
    if total <= 2 * good_bytes {
        return vec![rows];
    }
    let piece_bytes = total.div_ceil(total.div_ceil(good_bytes));
    let (mut pieces, mut rest) = (Vec::new(), rows);
    while !rest.is_empty() {
        let mut bytes = 0;
        let full = rest.iter().position(|row| {
            bytes += leaf::size(row);
            bytes >= piece_bytes
        });
        let (piece, others) = rest.split_at(full.map_or(rest.len(), |last| last + 1));
        pieces.push(piece);
        rest = others;
    }
    pieces
}
