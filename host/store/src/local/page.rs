//! Reading a list, page by page.

use std::ops::{ControlFlow, Range};

use transload_domain::{DeliveryKey, Digest, EventNo, Organization, Status, WebhookId};

use super::{
    events, gone,
    listed::{self, From},
    merged, read,
};
use crate::{
    Error, Page, Query, Record, Result, keys,
    row::{self, AccessRow, AttemptRow},
    rows::{Order, Row, Rows},
};

/// Records of one page.
const RECORDS_MAX: usize = 1_000;
/// Bytes of a page, unless its first record alone has more.
const BYTES_MAX: usize = 8 << 20;
/// Bytes of a cursor that tell which list it belongs to.
const MARK_LEN: usize = 8;
/// What marks a list of deliveries that is read oldest first.
const OLDEST_FIRST: &[u8] = b"oldest first";

pub(super) fn page<R: Rows>(
    rows: &R,
    query: &Query,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Page> {
    match query {
        Query::Events(organization) => {
            return events_page(rows, organization, after, limit.clamp(1, RECORDS_MAX));
        }
        Query::DeliveriesByStatus(webhook, status) => {
            let limit = limit.clamp(1, RECORDS_MAX);
            return deliveries_page(rows, (*webhook, *status), None, after, limit);
        }
        Query::DeliveriesSince(webhook, status, first) => {
            let limit = limit.clamp(1, RECORDS_MAX);
            return deliveries_page(rows, (*webhook, *status), Some(*first), after, limit);
        }
        Query::DeliveriesByOrganization { organization, statuses, below } => {
            let limit = limit.clamp(1, RECORDS_MAX);
            return organization_page(rows, organization, statuses, *below, after, limit);
        }
        _ => {}
    }
    let (prefix, order) = place(query);
    let range = rest(&prefix, order, after)?;
    let (found, mut more) = rows_of(rows, &range, order, limit.clamp(1, RECORDS_MAX))?;
    let mut page = Page::default();
    let (mut last, mut bytes) = (None, 0);
    for (key, value) in found {
        if let Some((record, size)) = record(rows, query, &key, &value)? {
            bytes += size;
            if bytes > BYTES_MAX && !page.records.is_empty() {
                more = true;
                break;
            }
            page.records.push(record);
        }
        last = Some(key);
    }
    page.next = last.filter(|_| more).map(|key| cursor(&prefix, &key));
    Ok(page)
}

/// An organization's events, newest first. Their numbers stand in blocks, so that a cursor has the last number.
fn events_page<R: Rows>(
    rows: &R,
    organization: &Organization,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Page> {
    let prefix = keys::all_listed_events(organization);
    let below = match after {
        None => EventNo(u64::MAX),
        Some(after) => {
            let place = place_in(&prefix, after)?;
            EventNo(u64::from_be_bytes(place.try_into().map_err(|_| Error::Cursor)?))
        }
    };
    let found = events::newest(rows, organization, below, limit + 1)?;
    let read = |no: &EventNo| {
        let event = read::event(rows, *no)?;
        Ok(event.map(|event| (event.data.len(), Record::Event(*no, Box::new(event)))))
    };
    filled(found, limit, read, |no| cursor_at(&prefix, &no.0.to_be_bytes()))
}

/// A webhook's deliveries in a status: newest first, or oldest first from an event on. Their keys stand in blocks, so
/// that a cursor has the last key.
fn deliveries_page<R: Rows>(
    rows: &R,
    (webhook, status): (WebhookId, Status),
    first: Option<EventNo>,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Page> {
    let mut prefix = keys::all_listed(status, Some(webhook));
    if first.is_some() {
        // A list that is read in the other direction is another list.
        prefix.extend_from_slice(OLDEST_FIRST);
    }
    let behind = match after {
        None => None,
        Some(after) => {
            let place = keys::delivery_in(place_in(&prefix, after)?).ok_or(Error::Cursor)?;
            Some(place)
        }
    };
    let from = match (first, behind) {
        (None, behind) => From::Newest { below: behind },
        (Some(first), None) => From::Oldest { first },
        (Some(_), Some(behind)) => From::Behind(behind),
    };
    let found = listed::some(rows, status, webhook, from, limit + 1)?;
    let read = |key: &DeliveryKey| {
        let found = delivery(rows, key)?;
        // It may have moved on since the list was read.
        let found = found.filter(|(_, _, has)| *has == status);
        Ok(found.map(|(record, size, _)| (size, record)))
    };
    filled(found, limit, read, |key| cursor_at(&prefix, &keys::head(key)[1..]))
}

/// An organization's deliveries in some statuses, newest first: the lists of all its webhooks as one.
fn organization_page<R: Rows>(
    rows: &R,
    organization: &Organization,
    statuses: &[Status],
    below: Option<DeliveryKey>,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Page> {
    let prefix = organization_prefix(organization, statuses);
    let after = after.map(|after| {
        place_in(&prefix, after).and_then(|place| keys::delivery_in(place).ok_or(Error::Cursor))
    });
    let below = after.transpose()?.or(below);
    let webhooks = gone::webhooks(rows, organization)?;
    let lists = webhooks.iter().flat_map(|id| statuses.iter().map(|status| (*status, *id)));
    let found = merged::newest(rows, lists, below.as_ref(), limit + 1)?;
    let read = |key: &DeliveryKey| {
        let found = delivery(rows, key)?;
        // It may have moved on since the lists were read.
        let found = found.filter(|(_, _, has)| statuses.contains(has));
        Ok(found.map(|(record, size, _)| (size, record)))
    };
    filled(found, limit, read, |key| cursor_at(&prefix, &keys::head(key)[1..]))
}

/// What tells this list from others; no rows lie under it.
fn organization_prefix(organization: &Organization, statuses: &[Status]) -> Vec<u8> {
    let statuses = statuses.iter().map(|status| keys::status_byte(*status));
    keys::organization_webhooks(organization).into_iter().chain(statuses).collect()
}

/// A page of what was found, at most one of which is beyond it: each read, as long as the bytes allow.
fn filled<T>(
    found: Vec<T>,
    limit: usize,
    read: impl Fn(&T) -> Result<Option<(usize, Record)>>,
    cursor: impl Fn(&T) -> Vec<u8>,
) -> Result<Page> {
    let mut more = found.len() > limit;
    let mut page = Page::default();
    let (mut last, mut bytes) = (None, 0);
    for one in found.into_iter().take(limit) {
        if let Some((size, record)) = read(&one)? {
            bytes += size;
            if bytes > BYTES_MAX && !page.records.is_empty() {
                more = true;
                break;
            }
            page.records.push(record);
        }
        last = Some(one);
    }
    page.next = last.filter(|_| more).map(|last| cursor(&last));
    Ok(page)
}

fn cursor_at(prefix: &[u8], place: &[u8]) -> Vec<u8> {
    [&mark(prefix)[..], place].concat()
}

/// Where a list lies, and in which direction it is read.
fn place(query: &Query) -> (Vec<u8>, Order) {
    match query {
        Query::Webhooks(organization) => {
            (keys::organization_webhooks(organization), Order::Ascending)
        }
        Query::Events(organization) => (keys::all_listed_events(organization), Order::Descending),
        Query::DeliveriesByStatus(webhook, status) => {
            (keys::all_listed(*status, Some(*webhook)), Order::Descending)
        }
        Query::DeliveriesSince(webhook, status, _) => {
            (keys::all_listed(*status, Some(*webhook)), Order::Ascending)
        }
        Query::DeliveriesByOrganization { organization, statuses, .. } => {
            (organization_prefix(organization, statuses), Order::Descending)
        }
        Query::DeliveriesByEvent(event) => (keys::heads(*event), Order::Ascending),
        Query::Attempts(delivery) => (keys::attempts(delivery), Order::Ascending),
        Query::Replays(organization) => {
            (keys::organization_replays(organization), Order::Descending)
        }
        Query::Access => (keys::all_access(), Order::Ascending),
    }
}

/// The rows of a page, and whether there are more.
fn rows_of(
    rows: &impl Rows,
    range: &Range<Vec<u8>>,
    order: Order,
    limit: usize,
) -> Result<(Vec<Row>, bool)> {
    let (mut found, mut more, mut bytes) = (Vec::new(), false, 0);
    rows.scan(&range.start..&range.end, order, &mut |key, value| {
        bytes += value.len();
        more = found.len() == limit || (bytes > BYTES_MAX && !found.is_empty());
        if more {
            return ControlFlow::Break(());
        }
        found.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })?;
    Ok((found, more))
}

/// The record that a row stands for and its bytes; none where it went away since the row was read.
fn record<R: Rows>(
    rows: &R,
    query: &Query,
    key: &[u8],
    value: &[u8],
) -> Result<Option<(Record, usize)>> {
    let record = match query {
        Query::Webhooks(_) => read::webhook(value)?,
        Query::Events(_)
        | Query::DeliveriesByStatus(..)
        | Query::DeliveriesSince(..)
        | Query::DeliveriesByOrganization { .. } => return Err(unreadable(key)),
        Query::DeliveriesByEvent(_) => {
            let key = keys::delivery_in(key).ok_or_else(|| unreadable(key))?;
            return Ok(delivery(rows, &key)?.map(|(one, size, _)| (one, size)));
        }
        Query::Attempts(delivery) => {
            let row: AttemptRow = row::decode(value)?;
            Record::Attempt(Box::new(row.into_attempt(*delivery)))
        }
        Query::Replays(_) => {
            let key = keys::replay_of(key).ok_or_else(|| unreadable(key))?;
            let Some(bytes) = rows.get(&key)? else { return Ok(None) };
            return Ok(Some((read::replay(&bytes)?, bytes.len())));
        }
        Query::Access => {
            let row: AccessRow = row::decode(value)?;
            Record::Access(row.revision, row.value)
        }
    };
    Ok(Some((record, value.len())))
}

fn delivery<R: Rows>(rows: &R, key: &DeliveryKey) -> Result<Option<(Record, usize, Status)>> {
    let Some(found) = read::delivery(rows, key)? else { return Ok(None) };
    let size = match &found.made.content {
        transload_domain::Content::Request(request) => request.body.len(),
        _ => 0,
    };
    let status = found.head.status;
    Ok(Some((Record::Delivery(Box::new(found)), size, status)))
}

/// A cursor: a mark of the list, and the last key that was shown without the list's prefix.
fn cursor(prefix: &[u8], key: &[u8]) -> Vec<u8> {
    cursor_at(prefix, &key[prefix.len()..])
}

/// What of a list lies behind a cursor.
fn rest(prefix: &[u8], order: Order, after: Option<&[u8]>) -> Result<Range<Vec<u8>>> {
    let all = keys::under(prefix);
    let Some(after) = after else { return Ok(all) };
    let key = [prefix, place_in(prefix, after)?].concat();
    Ok(match order {
        Order::Ascending => keys::behind(&key)..all.end,
        Order::Descending => all.start..key,
    })
}

/// The place in a cursor of this list.
fn place_in<'a>(prefix: &[u8], cursor: &'a [u8]) -> Result<&'a [u8]> {
    let (found, place) = cursor.split_at_checked(MARK_LEN).ok_or(Error::Cursor)?;
    if found != mark(prefix) || place.is_empty() {
        return Err(Error::Cursor);
    }
    Ok(place)
}

fn mark(prefix: &[u8]) -> [u8; MARK_LEN] {
    let mut mark = [0; MARK_LEN];
    mark.copy_from_slice(&Digest::of(prefix).0[..MARK_LEN]);
    mark
}

fn unreadable(key: &[u8]) -> Error {
    Error::Corrupt(format!("a key of {} bytes is not what its list holds", key.len()))
}
