//! What the operator of this machine asks for, over a private socket.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use transload_domain::Organization;

use crate::{
    Api,
    budget::Budget,
    json::{self, Answer},
    keys,
    path::Named,
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
    time::Rfc3339,
};

/// Bytes of a request here; its members have few.
const REQUEST_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a key's description, a JSON object")]
struct KeyRequest {
    organization: String,
    #[serde(default)]
    name: String,
}

#[derive(Serialize)]
struct KeyView<'a> {
    /// The key. It is shown this once.
    key: &'a str,
    id: &'a str,
    organization: &'a str,
    name: &'a str,
    created_at: Rfc3339,
}

/// `POST /keys`: makes an API key for an organization.
pub(crate) async fn create_key(
    State(api): State<Api>,
    Extension(budget): Extension<Budget>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let what = "a key's description";
    let asked: KeyRequest =
        json::read(&budget, &parts.headers, body, REQUEST_BYTES_MAX, what, Kind::InvalidKey)
            .await?;
    let invalid = |member: &str, detail: String| {
        let error = InputError::new(Pointer::root().member(member), detail);
        Problem::of_input(Kind::InvalidKey, vec![error])
    };
    let organization = Organization::new(&asked.organization)
        .map_err(|error| invalid("organization", error.to_string()))?;
    if asked.name.len() > keys::KEY_NAME_BYTES_MAX {
        let detail = format!("name has at most {} bytes", keys::KEY_NAME_BYTES_MAX);
        return Err(invalid("name", detail));
    }
    let (ledger, clock, random) = (api.ledger.as_ref(), api.clock.as_ref(), api.random.as_ref());
    let new = keys::create(ledger, api.shard, clock, random, organization, &asked.name).await?;
    tracing::info!(organization = %new.record.organization, key = %new.id, "API key made");
    let view = KeyView {
        key: &new.text,
        id: &new.id,
        organization: new.record.organization.as_str(),
        name: &new.record.name,
        created_at: Rfc3339(new.record.created_at),
    };
    // The answer has a secret in it.
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Answer(view)).into_response())
}

/// `DELETE /keys/{id}`: removes an API key; it stops working at once.
pub(crate) async fn remove_key(
    State(api): State<Api>,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    keys::remove(api.ledger.as_ref(), api.shard, &id).await?;
    tracing::info!(key = %id, "API key removed");
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde_json::json;

    use crate::testing::{Host, get, post_json};

    #[tokio::test]
    async fn a_key_works_until_it_is_removed() {
        let host = Host::new().await;
        let made = host.send_admin(post_json("/keys", &json!({"organization": "other"}))).await;
        assert_eq!(made.status, 201);
        let key = made.json["key"].as_str().unwrap();
        assert_eq!(host.send_with(key, get("/v1/plugins")).await.status, 200);
        let path = format!("/keys/{}", made.json["id"].as_str().unwrap());
        let removal = Request::delete(path).body(axum::body::Body::empty()).unwrap();
        assert_eq!(host.send_admin(removal).await.status, 204);
        host.send_with(key, get("/v1/plugins")).await.is_problem(401, "unauthenticated");
    }

    #[tokio::test]
    async fn a_wrong_description_is_refused_with_its_place() {
        let host = Host::new().await;
        for (body, pointer) in [
            (json!({"organization": "a b"}), "#/organization"),
            (json!({"organization": "a", "nmae": "x"}), "#/nmae"),
            (json!({"organization": "a", "name": "x".repeat(200)}), "#/name"),
            (json!({"organization": 1}), "#/organization"),
        ] {
            let answer = host.send_admin(post_json("/keys", &body)).await;
            answer.is_problem(422, "invalid-key").points_to(&[pointer]);
        }
    }
}
