//! Which events wait for their dispatch.
//!
//! Everything up to the last number waits that is not marked as dispatched. Marks stand in blocks; a block whose events
//! are all dispatched goes when those before it have gone, and the floor tells how far that is. So an event costs no
//! row of its own, neither when it is accepted nor when it is dispatched.

use std::{
    collections::HashMap,
    ops::{ControlFlow, Range},
};

use transload_domain::{EventNo, Organization};

use crate::{
    Error, Result,
    group::Step,
    keys,
    row::{self, BlockRow, EventRow, NumberRow, block, readable},
    rows::{self, Order, Rows},
};

/// Marks an event as dispatched, which happens once.
pub(crate) fn mark(step: &mut Step<'_>, no: EventNo) -> Result<()> {
    let (at, index) = block::place(no);
    let floor = step.number(keys::FLOOR)?;
    let key = keys::dispatched(at);
    let row = step.row::<BlockRow>(&key).map_err(|error| match error {
        Error::Corrupt(what) => Error::Corrupt(format!("event {}: {what}", no.0)),
        other => other,
    });
    let mut row = row?.unwrap_or_default();
    if no.0 == 0 || no.0 > step.number(keys::LAST_EVENT)? || at < floor || !row.insert(index) {
        let what = format!("event {} was dispatched already, or is gone", no.0);
        return Err(Error::Conflict(what));
    }
    let event = step.get(&keys::event(no))?;
    let organization = event.map_or(Ok(None), |event| organization_in(no, &event))?;
    step.count_undispatched(organization.as_ref(), -1);
    if at > floor || !row.is_full() {
        step.put(key, &row);
        return Ok(());
    }
    step.remove(key);
    raise_floor(step, floor + 1)
}

/// Sets the floor to the first block that is not full, from this one on. There is one behind the last event.
fn raise_floor(step: &mut Step<'_>, mut floor: u64) -> Result<()> {
    loop {
        let key = keys::dispatched(floor);
        if !step.row::<BlockRow>(&key)?.is_some_and(|row| row.is_full()) {
            break;
        }
        step.remove(key);
        floor += 1;
    }
    step.put(keys::FLOOR.to_vec(), &NumberRow(floor));
    Ok(())
}

/// Whether the event waits, with everything that was changed before.
pub(crate) fn is_waiting(step: &Step<'_>, no: EventNo) -> Result<bool> {
    let (at, index) = block::place(no);
    let row = step.row::<BlockRow>(&keys::dispatched(at))?;
    Ok(at >= step.number(keys::FLOOR)? && !row.is_some_and(|row| row.has(index)))
}

/// At most `max` events that wait, from `from` up to and including `last`, and where to look on.
pub(crate) fn waiting(
    rows: &impl Rows,
    from: EventNo,
    last: EventNo,
    max: usize,
) -> Result<(Vec<EventNo>, Option<EventNo>)> {
    let mut found = Vec::new();
    let mut next = EventNo(from.0.max(1));
    while next <= last && found.len() < max {
        let (at, index) = block::place(next);
        let row = match marks(rows, at)? {
            Marks::All(floor) => {
                next = block::number(floor, 0);
                continue;
            }
            Marks::Some(row) => row,
        };
        let rest = (index..block::BLOCK_EVENTS as usize).filter(|index| !row.has(*index));
        let rest = rest.map(|index| block::number(at, index)).take_while(|no| *no <= last);
        let room = max - found.len();
        found.extend(rest.take(room));
        next = match found.last() {
            Some(no) if found.len() == max => EventNo(no.0 + 1),
            _ => block::number(at + 1, 0),
        };
    }
    Ok((found, (next <= last).then_some(next)))
}

/// Whose event it is; none where its row is gone or damaged: that is no reason to keep it waiting, nor can it be told.
pub(crate) fn organization(rows: &impl Rows, no: EventNo) -> Result<Option<Organization>> {
    rows.get(&keys::event(no))?.map_or(Ok(None), |bytes| organization_in(no, &bytes))
}

fn organization_in(no: EventNo, row: &[u8]) -> Result<Option<Organization>> {
    let row = row::decode::<EventRow<'_>>(row).and_then(|row| row.organization());
    readable(row.map(Some), || format!("event {}", no.0))
}

/// How many events of each organization wait. It looks at the blocks above the floor only, however many events are
/// kept below it.
pub(crate) fn count_by_organization(rows: &impl Rows) -> Result<HashMap<Organization, u64>> {
    let floor = rows.get(keys::FLOOR)?;
    let floor = floor.map(|bytes| row::decode::<NumberRow>(&bytes)).transpose()?;
    let floor = floor.map_or(0, |row| row.0);
    let mut marked = HashMap::new();
    let all = keys::under(&keys::all_dispatched());
    rows.scan(&all.start..&all.end, Order::Ascending, &mut |key, value| {
        let at = keys::number_in(key).map_or(0, |no| no.0);
        marked.insert(at, row::decode::<BlockRow>(value).unwrap_or_default());
        ControlFlow::Continue(())
    })?;
    let mut counts = HashMap::new();
    let Range { mut start, end } = keys::under(&keys::listed_events_of_all());
    while let Some((key, _)) = first(rows, &start, &end)? {
        let Some(organization) = keys::organization_in(&key) else {
            start = keys::behind(&key);
            continue;
        };
        let of_organization = keys::under(&keys::all_listed_events(&organization));
        let from = keys::listed_events(&organization, floor);
        let mut waiting = 0;
        rows.scan(&from..&of_organization.end, Order::Ascending, &mut |key, value| {
            let at = keys::number_in(key).map_or(0, |no| no.0);
            let row = row::decode::<BlockRow>(value).unwrap_or_default();
            waiting += marked.get(&at).map_or(row.len(), |marked| row.len_without(marked));
            ControlFlow::Continue(())
        })?;
        if waiting > 0 {
            counts.insert(organization, waiting);
        }
        start = of_organization.end;
    }
    Ok(counts)
}

fn first(rows: &impl Rows, start: &Vec<u8>, end: &Vec<u8>) -> Result<Option<rows::Row>> {
    Ok(rows::collect(rows, start..end, Order::Ascending, 1)?.into_iter().next())
}

/// How many events wait.
pub(crate) fn count(rows: &impl Rows) -> Result<u64> {
    let number = |key: &[u8]| -> Result<u64> {
        let row = rows.get(key)?.map(|bytes| row::decode::<NumberRow>(&bytes)).transpose()?;
        Ok(row.map_or(0, |row| row.0))
    };
    let (floor, last) = (number(keys::FLOOR)?, number(keys::LAST_EVENT)?);
    let above_floor = last.saturating_sub(floor * block::BLOCK_EVENTS);
    let mut marked = 0;
    let all = keys::under(&keys::all_dispatched());
    rows.scan(&all.start..&all.end, Order::Ascending, &mut |_, value| {
        marked += row::decode::<BlockRow>(value).map_or(0, |row| row.len());
        ControlFlow::Continue(())
    })?;
    Ok(above_floor.saturating_sub(marked))
}

/// Which events of a block are dispatched.
enum Marks {
    /// All of them, and those of all blocks below this one.
    All(u64),
    Some(BlockRow),
}

/// Where marks are damaged all events of the block are told: a dispatch of them is refused in words, and the other
/// blocks are not held up.
///
/// The floor is read behind the row: a row that has gone meanwhile has gone because the floor was raised above it.
fn marks(rows: &impl Rows, at: u64) -> Result<Marks> {
    let row = rows.get(&keys::dispatched(at))?;
    let row = row.map(|bytes| row::decode::<BlockRow>(&bytes)).transpose();
    let row = readable(row, || format!("the marks of block {at}"))?;
    let floor = rows.get(keys::FLOOR)?;
    let floor = floor.map(|bytes| row::decode::<NumberRow>(&bytes)).transpose()?;
    let floor = floor.map_or(0, |row| row.0);
    Ok(if at < floor { Marks::All(floor) } else { Marks::Some(row.unwrap_or_default()) })
}
