//! `GET /v1/deliveries/{id}`: a delivery with its bytes and attempts.

use std::collections::VecDeque;

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use transload_domain::{DeliveryId, DeliveryKey, Wish};
use transload_store::{Error, Key, Query, Record};
use uuid::Uuid;

use super::{
    look::Look,
    request::{AttemptView, RequestView},
    summary::DeliverySummary,
    waits,
};
use crate::{Api, access::Caller, json::Answer, path::Named, problem::Problem, time::Rfc3339};

/// Attempts that are shown: the last ones. Each may hold 16 KiB of an answer.
const ATTEMPTS_SHOWN_MAX: usize = 100;
/// Attempts that are read at once.
const ATTEMPTS_READ: usize = 100;

#[derive(Serialize)]
struct DeliveryView<'a> {
    #[serde(flatten)]
    summary: DeliverySummary,
    /// `null` while it has no bytes.
    request: Option<RequestView<'a>>,
    /// The last hundred, oldest first.
    attempts: VecDeque<AttemptView>,
    /// Somebody asked for it again, and it has not gone out since; `null` otherwise.
    retry: Option<WishView>,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum WishView {
    /// It goes out again when the exchange that is under way has ended, or right away.
    Asked,
    /// It does not.
    Refused { refused_at: Rfc3339, detail: String },
}

/// Shows a delivery: what was sent, what was answered, and why it is where it is.
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("delivery");
    let id = DeliveryId(Uuid::parse_str(&id).map_err(|_| missing())?);
    let Some(Record::Delivery(delivery)) = api.ledger.read(api.shard, Key::Delivery(id)).await?
    else {
        return Err(missing());
    };
    let key = delivery.head.key;
    let mut look = Look::new(&api, &caller.organization);
    let mut summary = look.summary(&delivery).await?.ok_or_else(missing)?;
    let attempts = last_attempts(&api, key).await?;
    if delivery.head.status.is_open() && summary.waits_for.is_none() {
        summary.waits_for = waits::for_another(&api, &delivery).await?;
    }
    let request = RequestView::of(&delivery, look.webhook(key.webhook).await?);
    let retry = wish(&api, key).await?;
    Ok(Answer(DeliveryView { summary, request, attempts, retry }).into_response())
}

async fn wish(api: &Api, key: DeliveryKey) -> Result<Option<WishView>, Problem> {
    let found = match api.ledger.read(api.shard, Key::Redrive(key)).await {
        // The lead tells of it; the delivery itself can be read.
        Err(Error::Corrupt(_)) => None,
        found => found?,
    };
    let Some(Record::Redrive(_, wish)) = found else { return Ok(None) };
    Ok(Some(match wish {
        Wish::Asked { .. } => WishView::Asked,
        Wish::Refused { at, why } => WishView::Refused { refused_at: Rfc3339(at), detail: why },
    }))
}

async fn last_attempts(api: &Api, key: DeliveryKey) -> Result<VecDeque<AttemptView>, Problem> {
    let mut shown = VecDeque::new();
    let mut after = None;
    loop {
        let query = Query::Attempts(key);
        let found = api.ledger.page(api.shard, query, after, ATTEMPTS_READ).await?;
        for record in found.records {
            if let Record::Attempt(attempt) = record {
                if shown.len() == ATTEMPTS_SHOWN_MAX {
                    shown.pop_front();
                }
                shown.push_back(AttemptView::of(*attempt));
            }
        }
        match found.next {
            // It ends: a delivery has at most `limits::ATTEMPTS_MAX` attempts.
            Some(next) => after = Some(next),
            None => return Ok(shown),
        }
    }
}
