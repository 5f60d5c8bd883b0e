//! Lists of deliveries by webhook and status: their keys, in blocks.

use std::ops::ControlFlow;

use transload_domain::{DeliveryKey, EventNo, Status, WebhookId};

use crate::{
    Error, Result,
    group::Step,
    keys,
    row::{self, ListedRow, listed, readable},
    rows::{Order, Rows},
};

/// Puts a delivery on the list of a status.
pub(super) fn insert(step: &mut Step<'_>, status: Status, delivery: &DeliveryKey) -> Result<()> {
    let key = keys::listed(status, delivery.webhook, listed::block_of(delivery.event));
    let mut row = step.row::<ListedRow>(&key)?.unwrap_or_default();
    row.insert(delivery);
    step.put(key, &row);
    Ok(())
}

/// Takes a delivery from the list of a status.
pub(super) fn remove(step: &mut Step<'_>, status: Status, delivery: &DeliveryKey) -> Result<()> {
    let key = keys::listed(status, delivery.webhook, listed::block_of(delivery.event));
    let Some(mut row) = step.row::<ListedRow>(&key)? else { return Ok(()) };
    row.remove(delivery);
    if row.is_empty() {
        step.remove(key);
    } else {
        step.put(key, &row);
    }
    Ok(())
}

/// The deliveries of a stored block.
pub(crate) fn deliveries(key: &[u8], value: &[u8]) -> Result<Vec<DeliveryKey>> {
    let place = keys::listed_in(key);
    let place = place.ok_or_else(|| Error::Corrupt("a list of deliveries has no key".into()));
    let (webhook, block) = place?;
    Ok(row::decode::<ListedRow>(value)?.keys(webhook, block).collect())
}

/// The deliveries of a stored block; where it is damaged, all of the block's that have a head, whatever their status:
/// no delivery is forgotten because its list cannot be read.
pub(crate) fn deliveries_or_heads<R: Rows>(
    rows: &R,
    key: &[u8],
    value: &[u8],
) -> Result<Vec<DeliveryKey>> {
    let listed = deliveries(key, value).map(Some);
    if let Some(listed) = readable(listed, || "a list of deliveries".to_owned())? {
        return Ok(listed);
    }
    let Some((webhook, block)) = keys::listed_in(key) else { return Ok(Vec::new()) };
    let events = listed::events_of(block);
    let range = keys::heads(events.start)..keys::heads(events.end);
    let mut found = Vec::new();
    rows.scan(&range.start..&range.end, Order::Ascending, &mut |key, _| {
        found.extend(keys::delivery_in(key).filter(|key| key.webhook == webhook));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Where a piece of a list begins, and in which direction it goes.
#[derive(Clone, Copy)]
pub(super) enum From {
    /// With the newest, or right below one.
    Newest { below: Option<DeliveryKey> },
    /// With the first of this event or a later one; onwards.
    Oldest { first: EventNo },
    /// Right behind this one; onwards.
    Behind(DeliveryKey),
}

impl From {
    fn order(self) -> Order {
        match self {
            Self::Newest { .. } => Order::Descending,
            Self::Oldest { .. } | Self::Behind(_) => Order::Ascending,
        }
    }

    fn has(self, key: &DeliveryKey) -> bool {
        match self {
            Self::Newest { below } => below.is_none_or(|below| *key < below),
            Self::Oldest { first } => key.event >= first,
            Self::Behind(last) => *key > last,
        }
    }
}

/// At most `max` deliveries of a webhook in a status.
pub(super) fn some<R: Rows>(
    rows: &R,
    status: Status,
    webhook: WebhookId,
    from: From,
    max: usize,
) -> Result<Vec<DeliveryKey>> {
    let mut range = keys::under(&keys::all_listed(status, Some(webhook)));
    let block = |event| keys::listed(status, webhook, listed::block_of(event));
    match from {
        From::Newest { below: None } => {}
        From::Newest { below: Some(below) } => range.end = keys::behind(&block(below.event)),
        From::Oldest { first } => range.start = block(first),
        From::Behind(last) => range.start = block(last.event),
    }
    let (mut found, mut failed) = (Vec::new(), None);
    rows.scan(&range.start..&range.end, from.order(), &mut |key, value| {
        match deliveries(key, value) {
            Ok(mut all) => {
                if from.order() == Order::Descending {
                    all.reverse();
                }
                let room = max - found.len();
                found.extend(all.into_iter().filter(|key| from.has(key)).take(room));
            }
            Err(error) => failed = Some(error),
        }
        if found.len() < max && failed.is_none() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(found), Err)
}
