//! `DELETE /v1/webhooks/{id}`: unsubscribe.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use transload_store::{self as store, Change};

use super::change::{TRIES_MAX, crowded, find, missing, parse_id};
use crate::{Api, access::Caller, etag::IfMatch, path::Named, problem::Problem};

/// Removes a webhook with its plugin state. What was delivered stays to be seen; what was not becomes a dead letter.
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (id, wanted) = (parse_id(&id)?, IfMatch::of(&headers)?);
    for _ in 0..TRIES_MAX {
        let (revision, _) = find(&api, &caller, id).await?;
        wanted.check(revision)?;
        let change = Change::RemoveWebhook(caller.organization.clone(), id);
        match api.ledger.configure(api.shard, change, Some(revision)).await {
            Ok(_) => {
                tracing::info!(organization = %caller.organization, webhook = %id, "webhook removed");
                return Ok(StatusCode::NO_CONTENT);
            }
            // Somebody else was faster.
            Err(store::Error::NotFound(_)) => return Err(missing()),
            Err(store::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(crowded())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};

    use crate::testing::{Host, get, post_json, webhook};

    fn delete(path: &str) -> Request<Body> {
        Request::delete(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn a_webhook_goes_once_and_only_by_its_own_organization() {
        let host = Host::new().await;
        let other = host.key_of("other").await;
        let made = host.send(post_json("/v1/webhooks", &webhook())).await;
        let path = format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap());
        host.send_with(&other, get(&path)).await.is_problem(404, "not-found");
        host.send_with(&other, delete(&path)).await.is_problem(404, "not-found");
        assert_eq!(host.send(get(&path)).await.status, 200);
        let gone = host.send(delete(&path)).await;
        assert_eq!((gone.status, gone.text.as_str()), (204, ""));
        host.send(delete(&path)).await.is_problem(404, "not-found");
        host.send(get(&path)).await.is_problem(404, "not-found");
        host.send(delete("/v1/webhooks/not-an-id")).await.is_problem(404, "not-found");
    }
}
