//! `GET /v1/webhooks/{id}`: a webhook.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use transload_domain::{Webhook, WebhookId};
use transload_store::{Key, Record};
use uuid::Uuid;

use super::view::WebhookView;
use crate::{Api, access::Caller, json::Answer, path::Named, problem::Problem};

/// Shows a webhook, without its token.
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let webhook = find(&api, &caller, id).await?.ok_or_else(|| Problem::not_found("webhook"))?;
    Ok(Answer(WebhookView::new(&webhook, &api.catalog(), None)).into_response())
}

/// An id from a path; a text that is none names nothing.
pub(super) fn parse_id(text: &str) -> Result<WebhookId, Problem> {
    Uuid::parse_str(text).map(WebhookId).map_err(|_| Problem::not_found("webhook"))
}

/// The webhook, if it is there and the caller's.
pub(super) async fn find(
    api: &Api,
    caller: &Caller,
    id: WebhookId,
) -> Result<Option<Box<Webhook>>, Problem> {
    let key = Key::Webhook(caller.organization.clone(), id);
    match api.ledger.read(api.shard, key).await? {
        Some(Record::Webhook(_, webhook)) if webhook.organization == caller.organization => {
            Ok(Some(webhook))
        }
        _ => Ok(None),
    }
}
