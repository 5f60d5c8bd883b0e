//! Lists of deliveries by webhook and status: their keys, in blocks.

use std::ops::ControlFlow;

use transload_domain::{DeliveryKey, Status, WebhookId};

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

/// At most `max` deliveries of a webhook in a status, newest first; those below `below`, where that is given.
pub(super) fn newest<R: Rows>(
    rows: &R,
    status: Status,
    webhook: WebhookId,
    below: Option<&DeliveryKey>,
    max: usize,
) -> Result<Vec<DeliveryKey>> {
    let mut range = keys::under(&keys::all_listed(status, Some(webhook)));
    if let Some(below) = below {
        range.end = keys::behind(&keys::listed(status, webhook, listed::block_of(below.event)));
    }
    let (mut found, mut failed) = (Vec::new(), None);
    rows.scan(&range.start..&range.end, Order::Descending, &mut |key, value| {
        match deliveries(key, value) {
            Ok(all) => {
                let all = all.into_iter().rev();
                let rest = all.filter(|key| below.is_none_or(|below| key < below));
                let room = max - found.len();
                found.extend(rest.take(room));
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
