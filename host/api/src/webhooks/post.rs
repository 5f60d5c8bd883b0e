//! `POST /v1/webhooks`: subscribe.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use transload_domain::limits::{ENDPOINT_BYTES_MAX, HOOKS_MAX, SETTINGS_BYTES_MAX};
use transload_store::Change;

use super::{definition::Definition, resolve::resolve, view::WebhookView};
use crate::{
    Api,
    access::Caller,
    budget::Budget,
    json::{self, Answer},
    problem::{Kind, Problem},
};

/// Bytes of a definition: settings and endpoints at their limits, and as much again for the rest and white space.
const DEFINITION_BYTES_MAX: usize = 2 * (SETTINGS_BYTES_MAX + HOOKS_MAX * ENDPOINT_BYTES_MAX);

/// Makes a webhook. Its token, where it has one, is in this answer and in no other.
pub(crate) async fn post(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let what = "a webhook's definition";
    let max = DEFINITION_BYTES_MAX;
    let definition: Definition =
        json::read(&budget, &parts.headers, body, max, what, Kind::InvalidWebhook).await?;
    let new = resolve(&api, &caller.organization, &definition)?;
    let change = Change::Webhook(new.webhook.clone());
    api.ledger.configure(api.shard, change, Some(0)).await?;
    tracing::info!(
        organization = %caller.organization, webhook = %new.webhook.id, plugin = %new.webhook.plugin,
        "webhook made"
    );
    let location = HeaderValue::from_str(&format!("/v1/webhooks/{}", new.webhook.id));
    let catalog = api.catalog();
    let view = WebhookView::new(&new.webhook, &catalog, new.token.as_deref());
    let mut response = (StatusCode::CREATED, Answer(view)).into_response();
    // A URL path with a UUID in it is always a header's value.
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    // The answer has a secret in it.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[cfg(test)]
mod tests;
