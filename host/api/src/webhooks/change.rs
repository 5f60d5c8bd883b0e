//! Reading a webhook, changing it, and writing it: only on top of what was read.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use transload_domain::{Webhook, WebhookId};
use transload_store::{self as store, Change, Key, Record, Revision};
use uuid::Uuid;

use super::{resolve::News, view::WebhookView};
use crate::{
    Api,
    access::Caller,
    etag::{IfMatch, etag},
    json::Answer,
    problem::{Kind, Problem},
};

/// How often a change is made anew because somebody else was faster. Each loser waits for one winner, so that so many
/// callers have to change one webhook at the same moment before one is sent away.
pub(super) const TRIES_MAX: usize = 8;

/// An id from a path; a text that is none names nothing.
pub(super) fn parse_id(text: &str) -> Result<WebhookId, Problem> {
    Uuid::parse_str(text).map(WebhookId).map_err(|_| missing())
}

/// The webhook with its revision, if it is there and the caller's.
pub(super) async fn find(
    api: &Api,
    caller: &Caller,
    id: WebhookId,
) -> Result<(Revision, Webhook), Problem> {
    let key = Key::Webhook(caller.organization.clone(), id);
    match api.ledger.read(api.shard, key).await? {
        Some(Record::Webhook(revision, webhook)) if webhook.organization == caller.organization => {
            Ok((revision, *webhook))
        }
        _ => Err(missing()),
    }
}

/// 404.
pub(super) fn missing() -> Problem {
    Problem::not_found("webhook")
}

/// Changes a webhook by `edit`, which is asked again when somebody else was faster. An edit that changes nothing
/// writes nothing.
///
/// # Errors
/// What `edit` says; 404; 412 when the webhook is not at the revision that the caller wants; 409 when others change it
/// all the time.
pub(super) async fn change<T>(
    api: &Api,
    caller: &Caller,
    id: WebhookId,
    wanted: &IfMatch,
    mut edit: impl FnMut(&mut Webhook) -> Result<T, Problem>,
) -> Result<(Revision, Webhook, T), Problem> {
    for _ in 0..TRIES_MAX {
        let (revision, former) = find(api, caller, id).await?;
        wanted.check(revision)?;
        let mut webhook = former.clone();
        let answer = edit(&mut webhook)?;
        if webhook == former {
            return Ok((revision, webhook, answer));
        }
        webhook.updated_at = api.clock.now();
        if let Some(revision) = write(api, &webhook, revision).await? {
            return Ok((revision, webhook, answer));
        }
    }
    Err(crowded())
}

/// Writes a webhook on top of that revision; `None` when it is at another by now.
pub(super) async fn write(
    api: &Api,
    webhook: &Webhook,
    on: Revision,
) -> Result<Option<Revision>, Problem> {
    let change = Change::Webhook(webhook.clone());
    match api.ledger.configure(api.shard, change, Some(on)).await {
        Ok(revision) => Ok(Some(revision)),
        Err(store::Error::Conflict(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// 409: too many others.
pub(super) fn crowded() -> Problem {
    Problem::new(Kind::Conflict, "others change this webhook all the time; send the change again")
}

/// A webhook as it is now, with its etag, and what only this answer says.
pub(super) fn answer(api: &Api, revision: Revision, webhook: &Webhook, news: &News) -> Response {
    let mut response = Answer(WebhookView::new(api, webhook, news)).into_response();
    response.headers_mut().insert(header::ETAG, etag(revision));
    if news.has_secret() {
        let no_store = header::HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    }
    response
}
