//! `GET /.well-known/jwks.json`: the keys by which receivers verify our signed tokens.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{Api, json::Answer};

/// The public keys as a JWK set (RFC 7517).
pub(crate) async fn jwks(State(api): State<Api>) -> Response {
    let mut response = Answer(api.signer.jwks()).into_response();
    let headers = response.headers_mut();
    // Receivers may keep it for a while; a key is published long before it signs.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Host, get};

    #[tokio::test]
    async fn publishes_public_keys_to_everybody() {
        let host = Host::new().await;
        let answer = host.send_bare(get("/.well-known/jwks.json")).await;
        assert_eq!(answer.status, 200);
        let key = &answer.json["keys"][0];
        assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
        assert!(key.get("d").is_none(), "a private key is published");
    }
}
