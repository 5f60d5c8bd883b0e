//! `POST /v1/replays`: ask for deliveries again, by query.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use transload_domain::{Progress, Replay, ReplayId, Selection, Status, Timestamp, WebhookId};
use transload_store::{self as store, Change, Key, Record};
use uuid::Uuid;

use super::view::ReplayView;
use crate::{
    Api,
    access::Caller,
    budget::Budget,
    json::{self, Answer},
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
    time::parse_rfc3339,
};

/// Bytes of a request; its members have few.
const REQUEST_BYTES_MAX: usize = 4 << 10;

/// Which deliveries are wanted: all that is said must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a replay, a JSON object")]
struct ReplayRequest {
    /// A webhook's id; all webhooks of the organization where it is left out.
    webhook: Option<String>,
    /// Statuses of closed deliveries; dead letters where it is left out.
    statuses: Option<Vec<String>>,
    /// Events accepted at this time or later.
    from: Option<String>,
    /// Events accepted before this time.
    to: Option<String>,
    /// Send what goes out in order although the vendor has a later state of the same subject already.
    #[serde(default)]
    out_of_order: bool,
}

/// Makes a job that moves the deliveries, bit by bit beside the traffic. Its progress survives a restart.
pub(crate) async fn post(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (max, what, kind) = (REQUEST_BYTES_MAX, "a replay", Kind::InvalidRequest);
    let asked: ReplayRequest = json::read(&budget, &parts.headers, body, max, what, kind).await?;
    let selection = select(&api, &caller, &asked).await?;
    let mut id = [0; 16];
    api.random.fill(&mut id);
    let replay = Replay {
        id: ReplayId::from_random(id),
        organization: caller.organization.clone(),
        selection,
        created_at: api.clock.now(),
        progress: Progress::default(),
    };
    match api.ledger.configure(api.shard, Change::Replay(replay.clone()), Some(0)).await {
        Ok(_) => {}
        Err(store::Error::Limit(detail)) => return Err(Problem::new(Kind::Conflict, detail)),
        Err(error) => return Err(error.into()),
    }
    tracing::info!(organization = %caller.organization, replay = %replay.id, "replay asked for");
    let location = HeaderValue::from_str(&format!("/v1/replays/{}", replay.id));
    let mut response =
        (StatusCode::ACCEPTED, Answer(ReplayView::of(replay, &api.backlog))).into_response();
    // A URL path with a UUID in it is always a header's value.
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The selection that is meant.
///
/// # Errors
/// All that is wrong, with its place.
async fn select(api: &Api, caller: &Caller, asked: &ReplayRequest) -> Result<Selection, Problem> {
    let mut faults = Vec::new();
    let mut fault = |at: Pointer, detail: &str| faults.push(InputError::new(at, detail));
    let root = Pointer::root();
    let mut webhook = None;
    if let Some(text) = &asked.webhook {
        webhook = find(api, caller, text).await?;
        if webhook.is_none() {
            fault(root.member("webhook"), "there is no such webhook");
        }
    }
    let mut statuses = Vec::new();
    for (index, name) in asked.statuses.iter().flatten().enumerate() {
        let status = Status::parse(name).filter(|status| !status.is_open());
        match status {
            Some(status) if !statuses.contains(&status) => statuses.push(status),
            Some(_) => {}
            None => {
                let detail =
                    "a status is dead, delivered or skipped; what is open goes out by itself";
                fault(root.member("statuses").item(index), detail);
            }
        }
    }
    match &asked.statuses {
        None => statuses.push(Status::Dead),
        Some(names) if names.is_empty() => {
            fault(root.member("statuses"), "name a status, or leave statuses out for dead letters");
        }
        Some(_) => {}
    }
    let mut time = |member: &str, text: &Option<String>| -> Option<Timestamp> {
        let text = text.as_deref()?;
        let time = parse_rfc3339(text);
        if time.is_none() {
            let detail = "a time is as RFC 3339 writes it, like 2018-04-05T17:31:00Z";
            fault(root.member(member), detail);
        }
        time
    };
    let (from, to) = (time("from", &asked.from), time("to", &asked.to));
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        fault(root.member("to"), "to is later than from");
    }
    if faults.is_empty() {
        Ok(Selection { webhook, statuses, from, to, out_of_order: asked.out_of_order })
    } else {
        Err(Problem::of_input(Kind::InvalidRequest, faults))
    }
}

/// The webhook with that id, if it is there and the caller's.
async fn find(api: &Api, caller: &Caller, id: &str) -> Result<Option<WebhookId>, Problem> {
    let Ok(id) = Uuid::parse_str(id).map(WebhookId) else { return Ok(None) };
    let key = Key::Webhook(caller.organization.clone(), id);
    match api.ledger.read(api.shard, key).await? {
        Some(Record::Webhook(_, webhook)) if webhook.organization == caller.organization => {
            Ok(Some(id))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
