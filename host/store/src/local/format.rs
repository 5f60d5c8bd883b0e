//! Which layout a store has, and how one of an older layout becomes one of this.

use std::collections::BTreeMap;

use crate::{
    Error, Result, keys,
    row::{self, BlockRow, FormatRow, HeadRow, ListedRow, NumberRow, Row, block, listed, readable},
    rows::{self, Batch, Order, Rows},
};
use transload_domain::{EventNo, Status};

/// The layout that this program writes.
const FORMAT: u32 = 5;
/// Rows that are read, or removed, at once.
pub(super) const ROWS_AT_ONCE: usize = 10_000;

/// Whether a store is there. One of an older layout is brought to this one; one that a later program made is
/// refused. `take_over` brings to this layout what lies below the rows; cut off, it can be begun again.
///
/// The store has this format before anything changes, so that no older program takes what is half done for its own. What
/// format it had is kept until all is done: where this is cut off, it begins anew and ends in the same way.
pub(crate) fn is_present(rows: &impl Rows, take_over: impl FnOnce() -> Result<()>) -> Result<bool> {
    let Some(bytes) = rows.get(keys::FORMAT)? else { return Ok(false) };
    let FormatRow { format, made_by } = row::decode(&bytes)?;
    if !(1..=FORMAT).contains(&format) {
        return Err(Error::Corrupt(format!(
            "the store has format {format}, made by {made_by}, and this program reads up to \
             format {FORMAT}: start the program that made it, or a later one"
        )));
    }
    if format < FORMAT {
        tracing::info!("the store has format {format} and is brought to format {FORMAT}");
        let mut marks = vec![this_format()];
        // One that an older program has begun with is of the format that it had before that.
        if rows.get(keys::FORMER)?.is_none() {
            let former = row::encode(&NumberRow(format.into()));
            marks.push((keys::FORMER.to_vec(), Some(former)));
        }
        rows.write(marks)?;
    }
    if let Some(former) = rows.get(keys::FORMER)? {
        take_over()?;
        migrate(rows, row::decode::<NumberRow>(&former)?.0)?;
        rows.write(vec![(keys::FORMER.to_vec(), None)])?;
    }
    Ok(true)
}

/// Marks a store as one of this layout.
pub(crate) fn begin(rows: &impl Rows) -> Result<()> {
    rows.write(vec![this_format()])
}

fn this_format() -> (Vec<u8>, Option<Vec<u8>>) {
    let made_by = concat!("transload ", env!("CARGO_PKG_VERSION")).to_owned();
    let row = row::encode(&FormatRow { format: FORMAT, made_by });
    (keys::FORMAT.to_vec(), Some(row))
}

/// To this format: rows whose shape has changed are readable as they are, and become rows of this layout when they
/// change; what was a row for each event or delivery becomes one for a block of them, and only then do the old rows go.
fn migrate(rows: &impl Rows, from: u64) -> Result<()> {
    if from == 1 {
        rows.write(marks(rows)?)?;
        list_events(rows)?;
    }
    if from < 3 {
        list_deliveries(rows)?;
        // The old rows, which the new ones are made from, are needed no more.
        rows.write(vec![(keys::FORMER.to_vec(), Some(row::encode(&NumberRow(3))))])?;
    }
    clear(rows, keys::first::BY_ORGANIZATION)?;
    clear(rows, keys::first::BY_STATUS)?;
    clear(rows, keys::first::UNDISPATCHED)
}

/// The organizations' events.
fn list_events(rows: &impl Rows) -> Result<()> {
    let mut blocks = BTreeMap::new();
    for_each(rows, keys::first::BY_ORGANIZATION, |key, _| {
        let (Some(no), Some(list)) = (keys::number_in(key), key.get(1..key.len() - 8)) else {
            return Ok(());
        };
        let (at, index) = block::place(no);
        let key = [&b"b"[..], list, &at.to_be_bytes()].concat();
        blocks.entry(key).or_insert_with(BlockRow::default).insert(index);
        Ok(())
    })?;
    write(rows, blocks)
}

/// The webhooks' deliveries by status, from the deliveries themselves: stores of format 2 have these lists in either
/// of two shapes, and one that was opened by the wrong program has lost some.
pub(super) fn list_deliveries(rows: &impl Rows) -> Result<()> {
    clear(rows, &keys::all_lists())?;
    let (mut lists, mut last_block) = (BTreeMap::new(), 0);
    for_each(rows, &keys::all_heads(), |key, value| {
        let Some(delivery) = keys::delivery_in(key) else { return Ok(()) };
        let head = row::decode::<HeadRow>(value).map(|row| Some(row.into_head(delivery).status));
        let what = || format!("the head of delivery {}", delivery.id());
        // One that cannot be read is told of at each start, as long as it is on a list of open ones.
        let status = readable(head, what)?.unwrap_or(Status::Scheduled);
        let block = listed::block_of(delivery.event);
        // Heads lie in the order of their events: a block is full when the next begins.
        if block != last_block && lists.len() >= ROWS_AT_ONCE {
            write(rows, std::mem::take(&mut lists))?;
        }
        last_block = block;
        let list = keys::listed(status, delivery.webhook, block);
        lists.entry(list).or_insert_with(ListedRow::default).insert(&delivery);
        Ok(())
    })?;
    write(rows, lists)
}

/// Writes rows, some at a time.
pub(super) fn write<R: for<'a> Row<'a>>(rows: &impl Rows, all: BTreeMap<Vec<u8>, R>) -> Result<()> {
    let mut all = all.into_iter().map(|(key, row)| (key, Some(row::encode(&row)))).peekable();
    while all.peek().is_some() {
        rows.write(all.by_ref().take(ROWS_AT_ONCE).collect())?;
    }
    Ok(())
}

/// The floor, and which events above it are dispatched.
fn marks(rows: &impl Rows) -> Result<Batch> {
    let last = rows.get(keys::LAST_EVENT)?;
    let last = last.map(|bytes| row::decode::<NumberRow>(&bytes)).transpose()?;
    let last = EventNo(last.map_or(0, |row| row.0));
    let mut waiting = Vec::new();
    for_each(rows, keys::first::UNDISPATCHED, |key, _| {
        waiting.extend(keys::number_in(key));
        Ok(())
    })?;
    let first = waiting.first().map_or(last.0 + 1, |no| no.0);
    let (floor, _) = block::place(EventNo(first));
    let mut batch = vec![(keys::FLOOR.to_vec(), Some(row::encode(&NumberRow(floor))))];
    let mut waiting = waiting.into_iter().peekable();
    let mut next = block::number(floor, 0);
    while next <= last {
        let (at, _) = block::place(next);
        let mut row = BlockRow::default();
        while next <= last && block::place(next).0 == at {
            if waiting.next_if_eq(&next).is_none() {
                row.insert(block::place(next).1);
            }
            next = EventNo(next.0 + 1);
        }
        batch.push((keys::dispatched(at), Some(row::encode(&row))));
    }
    Ok(batch)
}

/// Shows the rows of a kind.
pub(super) fn for_each(
    rows: &impl Rows,
    kind: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    let mut range = keys::under(kind);
    loop {
        let found = rows::collect(rows, &range.start..&range.end, Order::Ascending, ROWS_AT_ONCE)?;
        for (key, value) in &found {
            visit(key, value)?;
        }
        match found.last() {
            Some((key, _)) => range.start = keys::behind(key),
            None => return Ok(()),
        }
    }
}

/// Removes the rows of a kind that this layout does not have.
pub(super) fn clear(rows: &impl Rows, kind: &[u8]) -> Result<()> {
    let range = keys::under(kind);
    loop {
        let found = rows::collect(rows, &range.start..&range.end, Order::Ascending, ROWS_AT_ONCE)?;
        if found.is_empty() {
            return Ok(());
        }
        rows.write(found.into_iter().map(|(key, _)| (key, None)).collect())?;
    }
}

#[cfg(test)]
mod tests {
    use transload_domain::{DeliveryKey, Head, HookNo, Organization, Part, Timestamp, WebhookId};

    use super::*;
    use crate::{
        MemoryRows,
        local::{
            events,
            listed::{From, some},
        },
        waiting::{count, waiting},
    };

    /// A store of format 1 with so many events of two organizations, some of which wait.
    fn first(events: u64, waits: impl Fn(u64) -> bool) -> MemoryRows {
        let (rows, mut batch) = (MemoryRows::default(), Vec::new());
        let format = FormatRow { format: 1, made_by: "transload 0.1.0".into() };
        batch.push((keys::FORMAT.to_vec(), Some(row::encode(&format))));
        batch.push((keys::LAST_EVENT.to_vec(), Some(row::encode(&NumberRow(events)))));
        for no in 1..=events {
            let key = keys::first::by_organization(&organization(no % 2), EventNo(no));
            batch.push((key, Some(Vec::new())));
            if waits(no) {
                batch.push((keys::first::undispatched(EventNo(no)), Some(Vec::new())));
            }
        }
        rows.write(batch).unwrap();
        rows
    }

    fn organization(n: u64) -> Organization {
        Organization::new(&format!("acme-{n}")).unwrap()
    }

    #[test]
    fn what_waited_in_format_1_waits_in_this_format() {
        type Waits = fn(u64) -> bool;
        let cases: [(u64, Waits); 6] = [
            (0, |_| false),
            (5_000, |_| false),
            (5_000, |_| true),
            (5_000, |no| no % 7 == 0),
            (5_000, |no| no > 2_048),
            (2_048, |no| no == 1_025),
        ];
        for (events, waits) in cases {
            let rows = first(events, waits);
            assert_eq!(is_present(&rows, || Ok(())), Ok(true));
            let expected: Vec<_> = (1..=events).filter(|no| waits(*no)).map(EventNo).collect();
            let found = waiting(&rows, EventNo(0), EventNo(events), usize::MAX).unwrap();
            assert_eq!(found, (expected.clone(), None));
            assert_eq!(count(&rows), Ok(expected.len() as u64));
            for n in [0, 1] {
                let found =
                    events::newest(&rows, &organization(n), EventNo(u64::MAX), usize::MAX).unwrap();
                let listed = (1..=events).rev().filter(|no| no % 2 == n).map(EventNo);
                assert!(found.into_iter().eq(listed));
            }
            for gone in [keys::first::BY_ORGANIZATION, keys::first::UNDISPATCHED] {
                for_each(&rows, gone, |key, _| panic!("{key:?} is left")).unwrap();
            }
        }
    }

    /// Of each webhook and status, deliveries of several blocks.
    fn some_heads() -> Vec<Head> {
        let mut heads = Vec::new();
        for (no, n) in (1..=600).step_by(50).flat_map(|no| [(no, 1), (no, 2)]) {
            for (part, status) in (0..).zip(Status::ALL) {
                let webhook = WebhookId::from_random([n; 16]);
                let (event, hook, part) = (EventNo(no), HookNo(0), Part(part));
                let key = DeliveryKey { event, webhook, hook, part };
                heads.push(Head::new(key, status, Timestamp::EPOCH, Timestamp::EPOCH));
            }
        }
        heads
    }

    fn by_status(head: &Head) -> (Vec<u8>, Option<Vec<u8>>) {
        (keys::first::by_status(head.status, &head.key), Some(Vec::new()))
    }

    fn in_block(head: &Head) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut list = ListedRow::default();
        list.insert(&head.key);
        let block = listed::block_of(head.key.event);
        (keys::listed(head.status, head.key.webhook, block), Some(row::encode(&list)))
    }

    #[test]
    fn no_delivery_is_lost_from_its_list_whatever_the_stores_shape() {
        type Lists = fn(&Head) -> Batch;
        let shapes: [(&str, u32, Lists); 5] = [
            ("format 1", 1, |head| vec![by_status(head)]),
            ("format 2 as it was first", 2, |head| vec![by_status(head)]),
            ("format 2 with blocks", 2, |head| vec![in_block(head)]),
            ("format 2 that has lost its lists", 2, |_| Vec::new()),
            ("format 2 with lists that are no longer true", 2, |head| {
                vec![in_block(&Head { status: Status::Scheduled, ..*head })]
            }),
        ];
        let heads = some_heads();
        for (shape, format, lists) in shapes {
            let rows = first(600, |_| false);
            let format = FormatRow { format, made_by: "transload 0.1.0".into() };
            rows.write(vec![(keys::FORMAT.to_vec(), Some(row::encode(&format)))]).unwrap();
            for head in &heads {
                let stored = row::encode(&HeadRow::from(head));
                rows.write(vec![(keys::head(&head.key), Some(stored))]).unwrap();
                rows.write(lists(head)).unwrap();
            }
            assert_eq!(is_present(&rows, || Ok(())), Ok(true), "{shape}");
            for (webhook, status) in
                [1, 2].into_iter().flat_map(|n| Status::ALL.map(|status| (n, status)))
            {
                let webhook = WebhookId::from_random([webhook; 16]);
                let found =
                    some(&rows, status, webhook, From::Newest { below: None }, usize::MAX).unwrap();
                let wanted = heads.iter().rev().map(|head| (head.key, head.status));
                let wanted = wanted.filter(|(key, is)| (key.webhook, *is) == (webhook, status));
                assert!(found.into_iter().eq(wanted.map(|(key, _)| key)), "{shape}: {status}");
            }
            for_each(&rows, keys::first::BY_STATUS, |key, _| panic!("{key:?} is left")).unwrap();
            let stored = rows.get(keys::FORMAT).unwrap().unwrap();
            assert_eq!(row::decode::<FormatRow>(&stored).unwrap().format, FORMAT, "{shape}");
        }
    }

    #[test]
    fn a_delivery_that_cannot_be_read_stays_on_a_list() {
        let rows = first(600, |_| false);
        let [head, damaged, ..] = some_heads()[..] else { panic!() };
        for (head, bytes) in [(head, row::encode(&HeadRow::from(&head))), (damaged, vec![99])] {
            rows.write(vec![(keys::head(&head.key), Some(bytes))]).unwrap();
        }
        assert_eq!(is_present(&rows, || Ok(())), Ok(true));
        let list = |status| {
            some(&rows, status, head.key.webhook, From::Newest { below: None }, 9).unwrap()
        };
        assert_eq!(list(head.status), [head.key]);
        assert_eq!(list(Status::Scheduled), [damaged.key]);
    }

    #[test]
    fn an_older_program_does_not_take_what_is_half_done_for_its_own() {
        let rows = first(3_000, |no| no % 3 == 0);
        let cut_off = Error::Unavailable("cut off".into());
        assert_eq!(is_present(&rows, || Err(cut_off.clone())), Err(cut_off));
        let stored = rows.get(keys::FORMAT).unwrap().unwrap();
        assert_eq!(row::decode::<FormatRow>(&stored).unwrap().format, FORMAT);
        assert_eq!(is_present(&rows, || Ok(())), Ok(true));
        assert_eq!(count(&rows), Ok(1_000));
        assert_eq!(rows.get(keys::FORMER), Ok(None));
        assert_eq!(is_present(&rows, || panic!("it is done")), Ok(true));
    }

    #[test]
    fn a_migration_that_was_cut_off_begins_anew() {
        let rows = first(3_000, |no| no % 3 == 0);
        rows.write(marks(&rows).unwrap()).unwrap();
        assert_eq!(is_present(&rows, || Ok(())), Ok(true));
        assert_eq!(count(&rows), Ok(1_000));
        // Or it was cut off while old rows were removed.
        let left = keys::first::undispatched(EventNo(3));
        let former = (keys::FORMER.to_vec(), Some(row::encode(&NumberRow(3))));
        rows.write(vec![(left.clone(), Some(Vec::new())), former]).unwrap();
        assert_eq!(is_present(&rows, || Ok(())), Ok(true));
        assert_eq!(rows.get(&left), Ok(None));
        assert_eq!(count(&rows), Ok(1_000));
    }
}
