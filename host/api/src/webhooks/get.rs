//! `GET /v1/webhooks/{id}`: a webhook.

use axum::{Extension, extract::State, response::Response};

use super::{
    change::{answer, find, parse_id},
    resolve::News,
};
use crate::{Api, access::Caller, path::Named, problem::Problem};

/// Shows a webhook, without its secrets. The etag is its revision: send it as `If-Match` with a change.
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let (revision, webhook) = find(&api, &caller, parse_id(&id)?).await?;
    Ok(answer(&api, revision, &webhook, &News::default()))
}
