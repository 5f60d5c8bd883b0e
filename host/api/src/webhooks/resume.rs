//! `POST /v1/webhooks/{id}/resume`: let what waits at a webhook go out.

use axum::{Extension, extract::State, http::HeaderMap, response::Response};

use super::{
    change::{answer, change, parse_id},
    resolve::News,
};
use crate::{Api, access::Caller, etag::IfMatch, path::Named, problem::Problem};

/// Says that it is mended: a suspension ends, what was held goes out in the order of acceptance, and failures before do
/// not count towards the next suspension. What else keeps deliveries back ends, too, also where the webhook is not
/// suspended: a pause that its vendor asked for, and the wait between the probes of a vendor that keeps failing.
pub(crate) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, wanted) = (parse_id(&id)?, IfMatch::of(&headers)?);
    let now = api.clock.now();
    let resumed = change(&api, &caller, id, &wanted, |webhook| {
        let was_suspended = webhook.suspended_at.take().is_some();
        webhook.suspended_because = None;
        webhook.resumed_at = Some(now);
        Ok(was_suspended)
    });
    let (revision, webhook, was_suspended) = resumed.await?;
    let organization = &caller.organization;
    tracing::info!(%organization, webhook = %id, was_suspended, "webhook resumed");
    Ok(answer(&api, revision, &webhook, &News { ends_trouble: true, ..News::default() }))
}

#[cfg(test)]
mod tests;
