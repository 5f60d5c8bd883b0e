//! What stands before or behind a delivery that goes out in order.

use transload_domain::{DeliveryId, Head, Status};
use transload_store::{Query, Record};

use crate::{Api, problem::Problem};

/// Deliveries of a status that are looked at: enough for a webhook's last hours, and no request takes long.
const LOOKED_AT_MAX: usize = 1_000;
/// Deliveries that are read at once.
const READ: usize = 100;

/// What a look at other deliveries gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    /// There is this one.
    Is(DeliveryId),
    /// There is none.
    None,
    /// There are too many to look at all of them.
    Unknown,
}

/// A delivery of a later event with the same order key that the vendor has already.
pub(super) async fn delivered_later(api: &Api, head: &Head) -> Result<Other, Problem> {
    search(api, head, Status::Delivered, true).await
}

/// An open delivery with the same order key that goes out first.
pub(super) async fn open_before(api: &Api, head: &Head) -> Result<Other, Problem> {
    for status in Status::ALL.into_iter().filter(|status| status.is_open()) {
        if let other @ Other::Is(_) = search(api, head, status, false).await? {
            return Ok(other);
        }
    }
    Ok(Other::None)
}

/// The lists are newest event first: what is `later` comes before the delivery's own event, and the rest behind it.
async fn search(api: &Api, head: &Head, status: Status, later: bool) -> Result<Other, Problem> {
    if head.order.is_none() {
        return Ok(Other::None);
    }
    let (mut after, mut looked_at) = (None, 0);
    while looked_at < LOOKED_AT_MAX {
        let query = Query::DeliveriesByStatus(head.key.webhook, status);
        let found = api.ledger.page(api.shard, query, after, READ).await?;
        for record in found.records {
            let Record::Delivery(delivery) = record else { continue };
            looked_at += 1;
            let other = delivery.head;
            let is_later = other.key.event > head.key.event;
            if later && !is_later {
                return Ok(Other::None);
            }
            let counts = if later { is_later } else { other.key < head.key };
            if counts && other.order == head.order {
                return Ok(Other::Is(other.key.id()));
            }
        }
        match found.next {
            Some(next) => after = Some(next),
            None => return Ok(Other::None),
        }
    }
    Ok(Other::Unknown)
}
