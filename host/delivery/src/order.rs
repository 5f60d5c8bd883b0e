//! What stands before or behind a delivery that goes out in order.

use transload_domain::{DeliveryId, Head, Status};
use transload_store::{Error, Ledger, Query, Record, Shard};

/// Deliveries of a status that are looked at: enough for a webhook's last hours, and no look takes long.
const LOOKED_AT_MAX: usize = 1_000;
/// Deliveries that are read at once.
const READ: usize = 100;

/// What a look at other deliveries gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// There is this one.
    Is(DeliveryId),
    /// There is none.
    None,
    /// There are too many to look at all of them.
    Unknown,
}

/// A delivery of a later event with the same order key that the vendor has already.
///
/// # Errors
/// Of the ledger.
pub async fn delivered_later(
    ledger: &dyn Ledger,
    shard: Shard,
    head: &Head,
) -> Result<Other, Error> {
    search(ledger, shard, head, Status::Delivered, true).await
}

/// An open delivery with the same order key that goes out first.
///
/// # Errors
/// Of the ledger.
pub async fn open_before(ledger: &dyn Ledger, shard: Shard, head: &Head) -> Result<Other, Error> {
    for status in Status::ALL.into_iter().filter(|status| status.is_open()) {
        if let other @ Other::Is(_) = search(ledger, shard, head, status, false).await? {
            return Ok(other);
        }
    }
    Ok(Other::None)
}

impl Other {
    /// Why a delivery is not put over a later state that there is, or may be; `None` where there is none.
    pub fn why_not(self) -> Option<String> {
        let why = match self {
            Self::None => return None,
            Self::Is(other) => {
                format!("the vendor has a later state of the same subject (delivery {other})")
            }
            Self::Unknown => "the vendor may have a later state of the same subject: so many \
                               deliveries came later that not all were looked at"
                .to_owned(),
        };
        Some(overtaken(&why))
    }
}

/// Why a delivery in order does not go out again, and what to do where that is meant.
pub(crate) fn overtaken(why: &str) -> String {
    format!(
        "it goes out in order, and {why}; to send it all the same, say {{\"out_of_order\": true}}"
    )
}

/// The lists are newest event first: what is `later` comes before the delivery's own event, and the rest behind it.
async fn search(
    ledger: &dyn Ledger,
    shard: Shard,
    head: &Head,
    status: Status,
    later: bool,
) -> Result<Other, Error> {
    if head.order.is_none() {
        return Ok(Other::None);
    }
    let (mut after, mut looked_at) = (None, 0);
    while looked_at < LOOKED_AT_MAX {
        let query = Query::DeliveriesByStatus(head.key.webhook, status);
        let found = ledger.page(shard, query, after, READ).await?;
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
