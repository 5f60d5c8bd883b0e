//! Showing the rows of a range, leaf by leaf.

use std::ops::{ControlFlow, Range};

use super::{Base, Found, Packs, Place, Value, damaged};
use crate::{
    Error, Result,
    keys::{self, APART, LEAF},
    rows::{Order, Rows, Visit},
};

/// A part of a range.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Rows of one kind that is packed.
    Packed(u8, Range<Vec<u8>>),
    /// Rows that lie in the base as they are.
    Plain(Range<Vec<u8>>),
}

/// The parts of a range in the order in which they are shown. What the base has for the packs is no part of it.
pub(super) fn parts(range: Range<&[u8]>, order: Order) -> Vec<Part> {
    if let Some(part) = only_part(&range) {
        return vec![part];
    }
    let (start, end) = (range.start.to_vec(), range.end.to_vec());
    let mut kinds = [APART, LEAF].to_vec();
    kinds.extend(keys::PACKED.map(|(kind, _)| kind));
    kinds.sort_unstable();
    let (mut parts, mut from) = (Vec::new(), start);
    for kind in kinds {
        let (first, behind) = (vec![kind], vec![kind + 1]);
        let plain = from.clone()..first.clone().min(end.clone());
        let own = from.clone().max(first)..behind.clone().min(end.clone());
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        if !own.is_empty() && keys::packed_kind(&[kind]).is_some() {
            parts.push(Part::Packed(kind, own));
        }
        from = from.max(behind);
    }
    if from < end {
        parts.push(Part::Plain(from..end));
    }
    if order == Order::Descending {
        parts.reverse();
    }
    parts
}

/// A range within one kind: nearly every range is.
fn only_part(range: &Range<&[u8]>) -> Option<Part> {
    let kind = *range.start.first()?;
    if range.is_empty() || range.end > &[kind + 1][..] || [APART, LEAF].contains(&kind) {
        return None;
    }
    let range = range.start.to_vec()..range.end.to_vec();
    Some(match keys::packed_kind(&[kind]) {
        Some(kind) => Part::Packed(kind, range),
        None => Part::Plain(range),
    })
}

impl<B: Base> Packs<B> {
    /// Shows rows of a kind from the smallest key.
    pub(super) fn ascend(
        &self,
        kind: u8,
        range: Range<Vec<u8>>,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>> {
        let (mut from, mut is_first) = (range.start.clone(), true);
        while from < range.end {
            // A scan goes through many leaves once; one that looks at an event's rows comes again.
            let end = match self.find(kind, Place::At(&from), is_first)? {
                Some(Found::Leaf(span)) => {
                    for row in span.leaf.range(&from, &range.end) {
                        if self.show(row, visit)?.is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                    span.end
                }
                Some(Found::Damaged { start, end }) => {
                    if show_damaged(&start, &range, visit)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    end
                }
                None => self.next_start(kind, &from)?,
            };
            from = end;
            is_first = false;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Shows rows of a kind from the largest key.
    pub(super) fn descend(
        &self,
        kind: u8,
        range: Range<Vec<u8>>,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>> {
        let (mut below, mut is_first) = (range.end.clone(), true);
        while range.start < below {
            let start = match self.find(kind, Place::Below(&below), is_first)? {
                Some(Found::Leaf(span)) => {
                    for row in span.leaf.range(&range.start, &below).rev() {
                        if self.show(row, visit)?.is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                    span.start
                }
                Some(Found::Damaged { start, .. }) => {
                    if show_damaged(&start, &range, visit)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    start
                }
                None => break,
            };
            below = start;
            is_first = false;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Shows a row; one that went away meanwhile is passed over. One whose value is kept apart and cannot be read is shown
    /// like a damaged leaf.
    fn show(
        &self,
        (key, value): (&[u8], Value<'_>),
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>> {
        match value {
            Value::Here(value) => Ok(visit(key, value)),
            Value::Apart => match self.get(key) {
                Ok(Some(value)) => Ok(visit(key, &value)),
                Ok(None) => Ok(ControlFlow::Continue(())),
                Err(Error::Corrupt(why)) => {
                    tracing::error!(%why, "a part of the store is damaged");
                    Ok(visit(key, &[]))
                }
                Err(error) => Err(error),
            },
        }
    }
}

/// A damaged leaf is shown as one row that cannot be read, so that a scan which passes over such rows passes over it.
/// Where its key is not in the range, nobody would learn of it: that is an error.
fn show_damaged(
    start: &[u8],
    range: &Range<Vec<u8>>,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>> {
    let error = damaged(start);
    if start < &range.start[..] {
        return Err(error);
    }
    tracing::error!(%error, "a part of the store is damaged");
    Ok(visit(start, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(start: &str, end: &str) -> Part {
        Part::Plain(start.into()..end.into())
    }

    fn packed(start: &str, end: &str) -> Part {
        Part::Packed(start.as_bytes()[0], start.into()..end.into())
    }

    #[test]
    fn a_range_is_shown_in_parts() {
        let all = vec![
            plain("", "B"),
            plain("C", "L"),
            plain("M", "a"),
            packed("a", "b"),
            plain("b", "e"),
            packed("e", "f"),
            plain("f", "h"),
            packed("h", "i"),
            plain("i", "m"),
            packed("m", "n"),
            plain("n", "~"),
        ];
        for (start, end, parts_of) in [
            ("", "~", all),
            ("e1", "e7", vec![packed("e1", "e7")]),
            ("e1", "f", vec![packed("e1", "f")]),
            ("e1", "f2", vec![packed("e1", "f"), plain("f", "f2")]),
            ("c", "c9", vec![plain("c", "c9")]),
            ("L1", "L9", vec![]),
            ("e7", "e1", vec![]),
            ("z", "b", vec![]),
        ] {
            let range = start.as_bytes()..end.as_bytes();
            assert_eq!(parts(range.clone(), Order::Ascending), parts_of, "{start}..{end}");
            let mut back = parts(range, Order::Descending);
            back.reverse();
            assert_eq!(back, parts_of, "{start}..{end}");
        }
    }
}
