//! Showing the rows of a range: the table's and the base's as one.

use std::{
    iter::Peekable,
    ops::{ControlFlow, Range},
};

use super::{Overlay, table::Seen};
use crate::{
    Result, keys,
    rows::{Order, Rows, Visit},
};

/// Rows of the table that are looked at first: many a scan wants only one row.
const FIRST: usize = 8;
/// Rows of the table that are looked at in one go.
const MOST: usize = 1_024;

/// Whether the range lies in the base alone.
pub(super) fn is_plain(range: &Range<&[u8]>) -> bool {
    let mut kinds = keys::OVERLAID.iter().chain([&keys::LOG]);
    !kinds.any(|kind| range.start < &[kind + 1][..] && &[*kind][..] < range.end)
}

impl<B: Rows> Overlay<B> {
    /// Shows the rows piece by piece. What goes from the table to the base meanwhile is seen in one of them: the table
    /// is looked at first.
    pub(super) fn scan_both(
        &self,
        range: Range<&[u8]>,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        let (mut start, mut end, mut most) = (range.start.to_vec(), range.end.to_vec(), FIRST);
        while start < end {
            let newer = self.seen().some(&start, &end, order, most);
            let last = newer.last().filter(|_| newer.len() == most).map(|(key, _)| key.to_vec());
            let piece = match (&last, order) {
                (None, _) => start.clone()..end.clone(),
                (Some(last), Order::Ascending) => start.clone()..keys::behind(last),
                (Some(last), Order::Descending) => last.clone()..end.clone(),
            };
            if self.show(&piece, newer, order, visit)?.is_break() || last.is_none() {
                break;
            }
            match order {
                Order::Ascending => start = piece.end,
                Order::Descending => end = piece.start,
            }
            most = (2 * most).min(MOST);
        }
        Ok(())
    }

    /// Shows the rows of a piece of which these are newer than the base's.
    fn show(
        &self,
        piece: &Range<Vec<u8>>,
        newer: Vec<Seen>,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>> {
        let (mut newer, mut flow) = (newer.into_iter().peekable(), ControlFlow::Continue(()));
        self.base.scan(&piece.start..&piece.end, order, &mut |key, value| {
            flow = show_before(&mut newer, Some((key, order)), visit);
            let is_old = newer.next_if(|(same, _)| **same == *key).map(|(_, value)| value);
            if flow.is_continue() && key.first() != Some(&keys::LOG) {
                flow = match is_old {
                    None => visit(key, value),
                    Some(Some(value)) => visit(key, &value),
                    Some(None) => ControlFlow::Continue(()),
                };
            }
            flow
        })?;
        Ok(if flow.is_break() { flow } else { show_before(&mut newer, None, visit) })
    }
}

/// Shows the rows that come before this key, or all.
fn show_before(
    newer: &mut Peekable<impl Iterator<Item = Seen>>,
    key: Option<(&[u8], Order)>,
    visit: &mut Visit<'_>,
) -> ControlFlow<()> {
    let is_before = |own: &[u8]| match key {
        None => true,
        Some((key, Order::Ascending)) => own < key,
        Some((key, Order::Descending)) => own > key,
    };
    while let Some((key, value)) = newer.next_if(|(own, _)| is_before(own)) {
        if let Some(value) = value {
            visit(&key, &value)?;
        }
    }
    ControlFlow::Continue(())
}
