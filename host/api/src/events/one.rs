//! Accepting one event that is made here.

use transload_domain::Event;
use transload_store as store;

use super::view::EventSummary;
use crate::{
    Api,
    problem::{Kind, Problem},
};

/// Seconds after which a caller that met a full backlog may try again.
pub(super) const BACKLOG_RETRY_S: u32 = 5;

/// 429: too much waits.
pub(super) fn backlog_full() -> Problem {
    let detail = "the events that were accepted wait for their vendors; nothing of this request \
                  was stored: send it again later";
    Problem::new(Kind::BacklogFull, detail).retry_after(BACKLOG_RETRY_S)
}

/// Accepts an event that must be new.
///
/// # Errors
/// 429 when the backlog is full; 409 when its name is taken; 503 when the store refuses.
pub(crate) async fn accept_one(api: &Api, event: Event) -> Result<EventSummary, Problem> {
    if api.backlog.is_full() {
        return Err(backlog_full());
    }
    let known = event.clone();
    let receipts = match api.ledger.accept(api.shard, vec![event]).await {
        Ok(receipts) => receipts,
        Err(store::Error::Differs { .. }) => return Err(taken()),
        Err(error) => {
            if let store::Error::Unavailable(why) = &error {
                api.health.store_failed(why);
            }
            return Err(error.into());
        }
    };
    match receipts.first() {
        Some(receipt) if receipt.fresh => {
            api.metrics.accepted(1);
            Ok(EventSummary::new(receipt.no, &known))
        }
        _ => Err(taken()),
    }
}

fn taken() -> Problem {
    let detail = "an event with this source and id was accepted before, and an event is taken once; \
                  leave id out to get a fresh one";
    Problem::new(Kind::EventDiffers, detail)
}
