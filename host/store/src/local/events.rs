//! An organization's list of events: the numbers, in blocks.

use std::ops::ControlFlow;

use transload_domain::{EventNo, Organization};

use crate::{
    Result,
    group::Step,
    keys,
    row::{self, BlockRow, block, readable},
    rows::{Order, Rows},
};

/// Puts an event on the list.
pub(super) fn list(step: &mut Step<'_>, organization: &Organization, no: EventNo) -> Result<()> {
    let (at, index) = block::place(no);
    let key = keys::listed_events(organization, at);
    let mut row = stored(step, &key)?.unwrap_or_default();
    row.insert(index);
    step.put(key, &row);
    Ok(())
}

/// A block of a list. A damaged one begins anew: a list that misses events is better than an organization that cannot
/// post any.
fn stored(step: &Step<'_>, key: &[u8]) -> Result<Option<BlockRow>> {
    readable(step.row::<BlockRow>(key), || "a list of an organization's events".to_owned())
}

/// Takes an event from the list.
pub(super) fn unlist(step: &mut Step<'_>, organization: &Organization, no: EventNo) -> Result<()> {
    let (at, index) = block::place(no);
    let key = keys::listed_events(organization, at);
    let Some(mut row) = stored(step, &key)? else { return Ok(()) };
    row.remove(index);
    if row.is_empty() {
        step.remove(key);
    } else {
        step.put(key, &row);
    }
    Ok(())
}

/// At most `max` events below `below`, newest first.
pub(super) fn newest<R: Rows>(
    rows: &R,
    organization: &Organization,
    below: EventNo,
    max: usize,
) -> Result<Vec<EventNo>> {
    let start = keys::all_listed_events(organization);
    let (last, _) = block::place(below);
    let end = keys::behind(&keys::listed_events(organization, last));
    let (mut found, mut failed) = (Vec::new(), None);
    rows.scan(&start..&end, Order::Descending, &mut |key, value| {
        let row = match row::decode::<BlockRow>(value) {
            Ok(row) => row,
            Err(error) => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
        };
        let at = keys::number_in(key).map_or(0, |no| no.0);
        let listed = (0..block::BLOCK_EVENTS as usize).rev().filter(|index| row.has(*index));
        let listed = listed.map(|index| block::number(at, index)).filter(|no| *no < below);
        let room = max - found.len();
        found.extend(listed.take(room));
        if found.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    failed.map_or(Ok(found), Err)
}
