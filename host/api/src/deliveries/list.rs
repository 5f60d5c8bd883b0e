//! `GET /v1/deliveries`: what was and is to be delivered.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use transload_domain::{Event, EventNo, Status, Timestamp, WebhookId, limits};
use transload_store::{Query, Record};
use uuid::Uuid;

use super::{
    cursor::Cursor,
    look::Look,
    summary::{DeliverySummary, Shown},
    walk::Walk,
};
use crate::{
    Api,
    access::Caller,
    events,
    json::Answer,
    page::{self, Params},
    problem::{Kind, Problem},
    time::parse_rfc3339,
};

/// Which deliveries are wanted: all filters must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filters {
    /// A webhook's id.
    webhook: Option<String>,
    /// An event's id, as its acceptance told it.
    event: Option<String>,
    /// A status as it is shown.
    status: Option<String>,
    /// Events accepted at this time or later.
    from: Option<String>,
    /// Events accepted before this time.
    to: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Deliveries {
    deliveries: Vec<DeliverySummary>,
    /// Cursor of the next page; `null` at the end. A page may be short and still have a next one.
    next: Option<String>,
}

/// Lists deliveries, newest event first. The list may trail what just happened.
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Params(filters): Params<Filters>,
) -> Result<Response, Problem> {
    let limit = page::limit(filters.limit.as_deref())?;
    let cursor = Cursor::decode(filters.cursor.as_deref())?;
    let status = filters.status.as_deref().map(status).transpose()?;
    let webhook = filters.webhook.as_deref().map(webhook_id).transpose()?;
    let from = time("from", filters.from.as_deref())?;
    let to = time("to", filters.to.as_deref())?;
    let wanted = Wanted { webhook, status, from, to };
    let walk = if let Some(event) = &filters.event {
        let (no, _) = events::find(&api, &caller, event).await?;
        Walk::event(&api, no, cursor)?
    } else if let Some(webhook) = webhook {
        owned(&api, &caller, webhook).await?;
        let statuses = status.map_or(Status::ALL.to_vec(), Shown::stored);
        Walk::webhook(&api, webhook, &statuses, cursor)?
    } else {
        let statuses = status.map_or(Status::ALL.to_vec(), Shown::stored);
        Walk::all(&api, caller.organization.clone(), statuses, cursor)?
    };
    let look = Look::new(&api, &caller.organization);
    let (deliveries, next) = collect(walk, look, limit, &wanted).await?;
    Ok(Answer(Deliveries { deliveries, next }).into_response())
}

/// The first deliveries of an event, and the cursor of the rest.
pub(crate) async fn of_event(
    api: &Api,
    no: EventNo,
    event: &Event,
    limit: usize,
) -> Result<(Vec<DeliverySummary>, Option<String>), Problem> {
    let look = Look::new(api, &event.organization);
    collect(Walk::event(api, no, None)?, look, limit, &Wanted::default()).await
}

/// What a delivery must be like to be listed.
#[derive(Debug, Default)]
struct Wanted {
    webhook: Option<WebhookId>,
    status: Option<Shown>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

async fn collect(
    mut walk: Walk<'_>,
    mut look: Look<'_>,
    limit: usize,
    wanted: &Wanted,
) -> Result<(Vec<DeliverySummary>, Option<String>), Problem> {
    let mut deliveries = Vec::new();
    while deliveries.len() < limit {
        let Some(delivery) = walk.next().await? else { break };
        let key = delivery.head.key;
        if wanted.webhook.is_some_and(|webhook| webhook != key.webhook) {
            continue;
        }
        if wanted.from.is_some() || wanted.to.is_some() {
            let Some(event) = look.event(key.event).await? else { continue };
            let at = event.accepted_at;
            if wanted.from.is_some_and(|from| at.after(limits::CLOCK_SLACK) < from) {
                return Ok((deliveries, None));
            }
            if wanted.from.is_some_and(|from| at < from) || wanted.to.is_some_and(|to| at >= to) {
                continue;
            }
        }
        let shown = Shown::of(delivery.head.status, look.webhook(key.webhook).await?);
        if wanted.status.is_some_and(|status| status != shown) {
            continue;
        }
        deliveries.extend(look.summary(&delivery).await?);
    }
    let next = walk.cursor().map(|cursor| cursor.encode()).transpose()?;
    Ok((deliveries, next))
}

/// A time of a filter.
fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    parse_rfc3339(text).map(Some).ok_or_else(|| {
        let detail = format!("{name} must be as RFC 3339 writes it, like 2018-04-05T17:31:00Z");
        Problem::new(Kind::InvalidRequest, detail)
    })
}

/// Demands that the webhook is the caller's: there, or removed and with deliveries still to be seen.
async fn owned(api: &Api, caller: &Caller, webhook: WebhookId) -> Result<(), Problem> {
    let mut look = Look::new(api, &caller.organization);
    if look.webhook(webhook).await?.is_some() {
        return Ok(());
    }
    for status in Status::ALL {
        let query = Query::DeliveriesByStatus(webhook, status);
        let found = api.ledger.page(api.shard, query, None, 1).await?;
        if let Some(Record::Delivery(delivery)) = found.records.first()
            && look.event(delivery.head.key.event).await?.is_some()
        {
            return Ok(());
        }
    }
    Err(Problem::not_found("webhook"))
}

fn status(name: &str) -> Result<Shown, Problem> {
    Shown::parse(name).ok_or_else(|| {
        let detail = format!("status must be one of {}", Shown::names());
        Problem::new(Kind::InvalidRequest, detail)
    })
}

fn webhook_id(text: &str) -> Result<WebhookId, Problem> {
    Uuid::parse_str(text)
        .map(WebhookId)
        .map_err(|_| Problem::new(Kind::InvalidRequest, "webhook must be a webhook's id, a UUID"))
}

#[cfg(test)]
mod tests;
