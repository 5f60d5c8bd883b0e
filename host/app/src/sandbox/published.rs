//! The keys that a host publishes, kept as long as they are enough.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::jwt;
use crate::client::{Client, Place};

/// A host's published keys.
pub(super) struct PublishedKeys {
    host: Option<Client>,
    jwks: Mutex<Option<Value>>,
}

impl PublishedKeys {
    /// Those of this host; without one there are none, and no signature is checked.
    pub(super) fn of(host: Option<SocketAddr>) -> Self {
        Self { host: host.map(|host| Client::new(Place::Tcp(host))), jwks: Mutex::new(None) }
    }

    /// The keys as a JWK set. They are asked for again when a token names a key that is not among them; a host that
    /// cannot be asked has no keys.
    pub(super) async fn for_token(&self, token: Option<&str>) -> Option<Value> {
        let host = self.host.as_ref()?;
        let token = token.and_then(|token| jwt::Token::parse(token).ok());
        let key = token.as_ref().and_then(jwt::Token::key_id);
        let mut jwks = self.jwks.lock().await;
        let known = |jwks: &Value| {
            let keys = jwks["keys"].as_array();
            keys.is_some_and(|keys| keys.iter().any(|jwk| jwk["kid"].as_str() == key))
        };
        if !jwks.as_ref().is_some_and(known) {
            let fetched = host.call(http::Method::GET, "/.well-known/jwks.json", None).await;
            *jwks = Some(fetched.unwrap_or_else(|error| {
                tracing::warn!("the host's published keys cannot be read: {error:#}");
                json!({ "keys": [] })
            }));
        }
        jwks.clone()
    }
}
