//! `POST /v1/deliveries/{id}/retry`: ask for a delivery again.

use axum::{
    Extension,
    extract::{Request, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use transload_delivery::{Trouble, order::delivered_later};
use transload_domain::{Content, Delivery, DeliveryId, Status, Webhook, Wish};
use transload_store::{self as store, Change, Key, Record};
use uuid::Uuid;

use super::{look::Look, summary::Shown, waits};
use crate::{
    Api,
    access::Caller,
    budget::Budget,
    json::{self, Answer},
    path::Named,
    problem::{Kind, Problem},
};

/// Bytes of a request, which has one short member.
const REQUEST_BYTES_MAX: usize = 1 << 10;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a JSON object with out_of_order, or nothing")]
struct RetryRequest {
    /// Send it although the vendor has a later state of the same subject already.
    out_of_order: bool,
}

#[derive(Serialize)]
pub(crate) struct Retried {
    id: String,
    /// As it was when it was asked for.
    status: &'static str,
    /// What happens now, in words.
    detail: String,
}

/// Keeps the wish, durably; the delivery moves right after. 202 says that it is asked for, not that it was sent.
pub(crate) async fn retry(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    Named(id): Named,
    request: Request,
) -> Result<(StatusCode, Answer<Retried>), Problem> {
    let missing = || Problem::not_found("delivery");
    let id = DeliveryId(Uuid::parse_str(&id).map_err(|_| missing())?);
    let (parts, body) = request.into_parts();
    let (max, what, kind) = (REQUEST_BYTES_MAX, "a retry", Kind::InvalidRequest);
    let asked: RetryRequest =
        json::read_or_default(&budget, &parts.headers, body, max, what, kind).await?;
    let Some(Record::Delivery(delivery)) = api.ledger.read(api.shard, Key::Delivery(id)).await?
    else {
        return Err(missing());
    };
    let head = delivery.head;
    let mut look = Look::new(&api, &caller.organization);
    look.event(head.key.event).await?.ok_or_else(missing)?;
    let webhook = look.webhook(head.key.webhook).await?;
    let (webhook, status) = (sendable(&delivery, webhook)?, Shown::of(head.status, webhook));
    if !asked.out_of_order {
        check_order(&api, &delivery).await?;
    }
    let wish = Wish::Asked { out_of_order: asked.out_of_order };
    let change = Change::Redrive { delivery: head.key, wish: Some(wish) };
    match api.ledger.configure(api.shard, change, None).await {
        Ok(_) => {}
        // It was retired meanwhile.
        Err(store::Error::NotFound(_)) => return Err(missing()),
        Err(error) => return Err(error.into()),
    }
    tracing::info!(organization = %caller.organization, delivery = %id, "delivery asked for again");
    let trouble = api.troubles.of(webhook.id, api.clock.now());
    let detail = what_happens(&delivery, webhook, trouble.as_ref());
    let view = Retried { id: id.to_string(), status: status.as_str(), detail };
    Ok((StatusCode::ACCEPTED, Answer(view)))
}

/// Its webhook, if the delivery can still be sent anywhere.
///
/// # Errors
/// 409.
fn sendable<'a>(delivery: &Delivery, webhook: Option<&'a Webhook>) -> Result<&'a Webhook, Problem> {
    let Some(webhook) = webhook else {
        let detail = "its webhook was removed, so there is nowhere to send it; post the event \
                      again under a new id for another webhook";
        return Err(Problem::new(Kind::Conflict, detail));
    };
    if webhook.hook(delivery.head.key.hook).is_none() {
        let detail = "its hook was removed from the webhook, so there is nowhere to send it";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    Ok(webhook)
}

/// Demands that a delivery in order does not put an old state over a new one, nor overtakes another. What arrives from
/// now on, the lead looks at when it grants the wish: what it refuses then is shown with the delivery.
///
/// # Errors
/// 409, which names the other delivery.
async fn check_order(api: &Api, delivery: &Delivery) -> Result<(), Problem> {
    let head = &delivery.head;
    let ledger = api.ledger.as_ref();
    let detail = if head.status.is_open() {
        let waits = waits::for_another(api, delivery).await?;
        waits.map(|waits| format!("{waits}; retry that one first"))
    } else {
        delivered_later(ledger, api.shard, head).await?.why_not()
    };
    detail.map_or(Ok(()), |detail| Err(Problem::new(Kind::Conflict, detail)))
}

/// In words for whoever asked.
fn what_happens(delivery: &Delivery, webhook: &Webhook, trouble: Option<&Trouble>) -> String {
    let has_bytes = matches!(delivery.made.content, Content::Request(_));
    if webhook.suspended_at.is_some() {
        return "it stays held while its webhook is suspended, and goes out after resume"
            .to_owned();
    }
    let what = match (delivery.head.status, has_bytes) {
        (Status::Scheduled, _) if trouble.is_some() => "it no longer waits for its own time",
        (Status::Blocked, _) if trouble.is_some() => {
            "its plugin is run again, without waiting for its own time"
        }
        (Status::Scheduled, _) => "it is tried at once instead of waiting for its time",
        (Status::Blocked, _) => "its plugin is run again at once instead of at its time",
        (Status::Delivered, _) => {
            "the same bytes are sent once more under the same delivery id, though the vendor has them"
        }
        (Status::Dead | Status::Skipped, true) => {
            "the same bytes are sent again under the same delivery id, and the retry schedule begins anew"
        }
        (Status::Dead | Status::Skipped, false) => {
            "its event is transformed again, by the version of the plugin that runs now"
        }
    };
    match trouble {
        Some(trouble) => format!("{what}; but {}", waits::for_trouble(trouble)),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests;
