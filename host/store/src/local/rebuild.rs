//! Lists and counts made anew from what they tell of: events and heads.

use std::{
    collections::BTreeMap,
    ops::{ControlFlow, Range},
};

use transload_domain::{EventNo, Organization};

use super::format::{ROWS_AT_ONCE, clear, for_each, list_deliveries, write};
use crate::{
    Result, keys,
    row::{self, BlockRow, EventRow, ListedRow, NumberRow, block, readable},
    rows::{Order, Rows},
};

/// Makes anew the organizations' lists of events, the webhooks' lists of deliveries, and their counts. Cut off, it can
/// be begun again. What cannot be read is told, and is on no list.
pub(crate) fn lists(rows: &impl Rows) -> Result<()> {
    list_deliveries(rows)?;
    count_deliveries(rows)?;
    list_events(rows)
}

fn count_deliveries(rows: &impl Rows) -> Result<()> {
    clear(rows, &keys::all_counts())?;
    let mut counts = BTreeMap::new();
    for_each(rows, &keys::all_lists(), |key, value| {
        let Some(count) = keys::count_of_list(key) else { return Ok(()) };
        let listed = row::decode::<ListedRow>(value)?.len();
        counts.entry(count).or_insert(NumberRow(0)).0 += listed as u64;
        Ok(())
    })?;
    write(rows, counts)
}

fn list_events(rows: &impl Rows) -> Result<()> {
    clear(rows, &keys::listed_events_of_all())?;
    let mut blocks = BTreeMap::new();
    let mut from = EventNo(0);
    loop {
        let found = some_events(rows, from)?;
        let Some((last, _)) = found.last() else { break };
        from = EventNo(last.0 + 1);
        for (no, organization) in found {
            let Some(organization) = organization else { continue };
            let (at, index) = block::place(no);
            let key = keys::listed_events(&organization, at);
            blocks.entry(key).or_insert_with(BlockRow::default).insert(index);
        }
    }
    write(rows, blocks)
}

/// Some events from this one on, and whose they are, where that can be read.
fn some_events(rows: &impl Rows, from: EventNo) -> Result<Vec<(EventNo, Option<Organization>)>> {
    let Range { end, .. } = keys::under(&keys::events());
    let (mut found, mut failed) = (Vec::new(), None);
    rows.scan(&keys::event(from)..&end, Order::Ascending, &mut |key, value| {
        let Some(no) = keys::number_in(key) else { return ControlFlow::Continue(()) };
        let organization = row::decode::<EventRow<'_>>(value).and_then(|row| row.organization());
        match readable(organization.map(Some), || format!("event {}", no.0)) {
            Ok(organization) => found.push((no, organization)),
            Err(error) => failed = Some(error),
        }
        if found.len() < ROWS_AT_ONCE && failed.is_none() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(found), Err)
}
