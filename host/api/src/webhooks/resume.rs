//! `POST /v1/webhooks/{id}/resume`: let a suspended webhook's deliveries go out.

use axum::{Extension, extract::State, http::HeaderMap, response::Response};

use super::{
    change::{answer, change, parse_id},
    resolve::News,
};
use crate::{Api, access::Caller, etag::IfMatch, path::Named, problem::Problem};

/// Ends a suspension: what was held goes out in order, and failures before do not count towards the next suspension.
/// A webhook that is not suspended stays as it is.
pub(crate) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, wanted) = (parse_id(&id)?, IfMatch::of(&headers)?);
    let now = api.clock.now();
    let resumed = change(&api, &caller, id, &wanted, |webhook| {
        let was = webhook.suspended_at.take().is_some();
        if was {
            webhook.suspended_because = None;
            webhook.resumed_at = Some(now);
        }
        Ok(was)
    });
    let (revision, webhook, was) = resumed.await?;
    if was {
        tracing::info!(organization = %caller.organization, webhook = %id, "webhook resumed");
    }
    Ok(answer(&api, revision, &webhook, &News::default()))
}

#[cfg(test)]
mod tests;
