//! Several lists of deliveries as one, newest first.

use std::{collections::BinaryHeap, ops::Range};

use transload_domain::{DeliveryKey, Status, WebhookId};

use super::listed;
use crate::{
    Result, keys,
    row::listed::block_of,
    rows::{self, Order, Rows},
};

/// A list's deliveries of one block, not yet read. The greatest is the one with the newest events.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    at: u64,
    list: (Status, WebhookId),
    key: Vec<u8>,
    value: Vec<u8>,
}

/// At most `max` deliveries of all these lists, newest first; those below `below`, where that is given. It looks once
/// for the next block of each list, and then reads only what it shows: how many events lie between is no matter.
pub(super) fn newest<R: Rows>(
    rows: &R,
    lists: impl Iterator<Item = (Status, WebhookId)>,
    below: Option<&DeliveryKey>,
    max: usize,
) -> Result<Vec<DeliveryKey>> {
    let first = below.map_or(u64::MAX, |below| block_of(below.event));
    let mut ahead = BinaryHeap::new();
    for list in lists {
        ahead.extend(block(rows, list, first)?);
    }
    let mut found = Vec::new();
    while found.len() < max
        && let Some(Block { at, .. }) = ahead.peek()
    {
        let (at, mut all) = (*at, Vec::new());
        while ahead.peek().is_some_and(|next| next.at == at)
            && let Some(next) = ahead.pop()
        {
            all.extend(listed::deliveries(&next.key, &next.value)?);
            if let Some(before) = at.checked_sub(1) {
                ahead.extend(block(rows, next.list, before)?);
            }
        }
        all.retain(|key| below.is_none_or(|below| key < below));
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.truncate(max - found.len());
        found.extend(all);
    }
    Ok(found)
}

/// The latest block of a list, up to this one.
fn block<R: Rows>(rows: &R, list: (Status, WebhookId), latest: u64) -> Result<Option<Block>> {
    let (status, webhook) = list;
    let Range { start, .. } = keys::under(&keys::all_listed(status, Some(webhook)));
    let end = keys::behind(&keys::listed(status, webhook, latest));
    let found = rows::collect(rows, &start..&end, Order::Descending, 1)?.into_iter().next();
    Ok(found.and_then(|(key, value)| {
        let (_, at) = keys::listed_in(&key)?;
        Some(Block { at, list, key, value })
    }))
}
