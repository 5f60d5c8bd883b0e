//! Accepting one event that is made here, and whether any is accepted.

use transload_delivery::{Full, Waiting, Whose};
use transload_domain::{Event, Organization};
use transload_store as store;

use super::view::EventSummary;
use crate::{
    Api,
    problem::{Kind, Problem},
};

/// Seconds after which a caller that met a full backlog may try again.
const BACKLOG_RETRY_S: u32 = 5;
/// The same where vendors must take something first, or somebody must look.
const VENDORS_RETRY_S: u32 = 30;

/// Whether an organization may post more; a refusal is counted.
pub(super) fn admit(api: &Api, organization: &Organization) -> Result<(), Full> {
    api.backlog.admits(organization).inspect_err(|full| api.metrics.refused(full))
}

/// 429: too much waits.
pub(super) fn backlog_full(full: Full) -> Problem {
    let (why, retry) = match (full.whose, full.what) {
        (Whose::Organization, Waiting::Deliveries) => (
            "deliveries of this organization are open, which is its share of what this host holds \
             (backlog_deliveries, backlog_share). Look for its webhooks that are suspended or show a \
             trouble: until they are mended, resumed or removed, their deliveries wait",
            VENDORS_RETRY_S,
        ),
        (Whose::Organization, Waiting::Events) => (
            "events of this organization wait to be handed to its webhooks, which is its share of \
             what this host holds (backlog_events, backlog_share): they come faster than the plugins \
             take them",
            BACKLOG_RETRY_S,
        ),
        (Whose::Host, Waiting::Deliveries) => (
            "deliveries of all organizations are open, and this host holds no more \
             (backlog_deliveries). Its operator finds out whose in its metrics",
            VENDORS_RETRY_S,
        ),
        (Whose::Host, Waiting::Events) => (
            "events of all organizations wait to be handed to webhooks, and this host holds no more \
             (backlog_events)",
            BACKLOG_RETRY_S,
        ),
    };
    let detail = format!(
        "{} {why}. Nothing of this request was stored: send it again after {retry} s",
        full.waiting
    );
    Problem::new(Kind::BacklogFull, detail).retry_after(retry)
}

/// Accepts an event that must be new.
///
/// # Errors
/// 429 when the backlog is full; 409 when its name is taken; 503 when the store refuses.
pub(crate) async fn accept_one(api: &Api, event: Event) -> Result<EventSummary, Problem> {
    admit(api, &event.organization).map_err(backlog_full)?;
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
