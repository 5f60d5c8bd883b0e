//! `POST /v1/webhooks/{id}/suspend`: hold a webhook's deliveries.

use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use transload_domain::{limits::REASON_BYTES_MAX, suspended_event};
use transload_store::{self as store, Change};

use super::{
    change::{TRIES_MAX, answer, crowded, find, missing, parse_id},
    faults::Faults,
    resolve::News,
};
use crate::{
    Api,
    access::Caller,
    budget::Budget,
    etag::IfMatch,
    json,
    path::Named,
    pointer::Pointer,
    problem::{Kind, Problem},
};

/// Bytes of a request: a reason, each byte of which may be written as `\u00xx`, and as much again.
const REQUEST_BYTES_MAX: usize = 12 * REASON_BYTES_MAX;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a JSON object with a reason, or nothing")]
struct SuspendRequest {
    /// Why, for those who meet it.
    reason: Option<String>,
}

/// Holds a webhook's deliveries from now on, and tells the organization's other webhooks by the event
/// `transload.webhook.suspended`. One that is suspended already stays as it is, with its time and reason.
pub(crate) async fn suspend(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let (parts, body) = request.into_parts();
    let wanted = IfMatch::of(&parts.headers)?;
    let (max, what, kind) = (REQUEST_BYTES_MAX, "a reason", Kind::InvalidRequest);
    let asked: SuspendRequest =
        json::read_or_default(&budget, &parts.headers, body, max, what, kind).await?;
    let reason = asked.reason.unwrap_or_else(|| "suspended by hand".to_owned());
    let mut faults = Faults::at(Pointer::root());
    faults.text("reason", &reason, 1, REASON_BYTES_MAX);
    if !faults.is_empty() {
        return Err(Problem::of_input(kind, faults.into_vec()));
    }
    for _ in 0..TRIES_MAX {
        let (revision, webhook) = find(&api, &caller, id).await?;
        wanted.check(revision)?;
        if webhook.suspended_at.is_some() {
            return Ok(answer(&api, revision, &webhook, &News::default()));
        }
        let at = api.clock.now();
        let change = Change::Suspend {
            organization: caller.organization.clone(),
            webhook: id,
            at,
            reason: reason.clone(),
            decided_on: None,
            event: Box::new(suspended_event(&webhook, at, &reason)),
        };
        match api.ledger.configure(api.shard, change, Some(revision)).await {
            Ok(_) => {
                let organization = &caller.organization;
                tracing::info!(%organization, webhook = %id, reason, "webhook suspended");
                let (revision, webhook) = find(&api, &caller, id).await?;
                return Ok(answer(&api, revision, &webhook, &News::default()));
            }
            // Somebody else was faster.
            Err(store::Error::Conflict(_)) => {}
            Err(store::Error::NotFound(_)) => return Err(missing()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(crowded())
}

#[cfg(test)]
mod tests;
