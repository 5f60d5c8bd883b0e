//! `POST /v1/webhooks`: subscribe.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use transload_domain::limits::{ENDPOINT_BYTES_MAX, HOOKS_MAX, SETTINGS_BYTES_MAX};
use transload_store::Change;

use super::{change::answer, definition::Definition, endpoints, resolve::resolve};
use crate::{
    Api,
    access::Caller,
    budget::Budget,
    json,
    problem::{Kind, Problem},
};

/// Bytes of a definition: settings and endpoints at their limits, and as much again for the rest and white space.
pub(super) const DEFINITION_BYTES_MAX: usize =
    2 * (SETTINGS_BYTES_MAX + HOOKS_MAX * ENDPOINT_BYTES_MAX);

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
    let mut new = resolve(&api, &caller.organization, &definition, None)?;
    new.news.warnings = endpoints::check(&api, &new.webhook, None).await?;
    let change = Change::Webhook(new.webhook.clone());
    let revision = api.ledger.configure(api.shard, change, Some(0)).await?;
    tracing::info!(
        organization = %caller.organization, webhook = %new.webhook.id, plugin = %new.webhook.plugin,
        "webhook made"
    );
    let location = HeaderValue::from_str(&format!("/v1/webhooks/{}", new.webhook.id));
    let mut response = answer(&api, revision, &new.webhook, &new.news);
    *response.status_mut() = StatusCode::CREATED;
    // A URL path with a UUID in it is always a header's value.
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

#[cfg(test)]
mod tests;
