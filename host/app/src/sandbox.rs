//! The vendors' side, played on this machine: strict about what arrives, and clear about what is wrong.
//!
//! One file for each vendor says what its document demands; this file receives, lets that vendor judge, answers 200
//! or a status with the faults in words, keeps what arrived and shows it at `GET /received`.

mod arrival;
mod corrigopro;
mod jwt;
mod readycloud;
mod received;
mod scalar;
mod shape;

use std::{net::SocketAddr, sync::Arc, time::Duration, time::Instant};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, request::Parts};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Mutex, sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use transload_domain::{Clock, Random, limits};

use crate::{
    client::{Client, Place},
    host::server,
    mask::mask,
};

use arrival::{Arrival, Complaints};
use readycloud::ReadyCloud;
use received::Arrivals;

pub use received::{RECEIVED_MAX, Received};

/// Connections at the same time.
const CONNECTIONS_MAX: usize = 1_024;
/// How long requests under way may take when the sandbox stops.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// Where ReadyCloud's entities are.
pub const READYCLOUD: &str = "/readycloud";
/// CorrigoPro's one notification URL.
pub const CORRIGOPRO: &str = "/corrigopro";

/// What the vendors' sides demand.
pub struct Options {
    /// Where to listen.
    pub listen: SocketAddr,
    /// ReadyCloud's webhook token.
    pub token: String,
    /// The host whose published keys verify CorrigoPro's bearer tokens. Without it, a token's form and times are
    /// checked, and its signature is not.
    pub host: Option<SocketAddr>,
    /// The audience that CorrigoPro's bearer tokens must be for.
    pub audience: Option<String>,
    /// What tells whether a token has expired.
    pub clock: Arc<dyn Clock>,
    /// Told about each arrival, after it was kept.
    pub watcher: Box<dyn Fn(&Received) + Send + Sync>,
}

/// The vendors' sides, running.
pub struct Sandbox {
    address: SocketAddr,
    inner: Arc<Inner>,
    stop: CancellationToken,
    server: JoinSet<()>,
}

struct Inner {
    readycloud: ReadyCloud,
    host: Option<Client>,
    jwks: Mutex<Option<Value>>,
    audience: Option<String>,
    clock: Arc<dyn Clock>,
    watcher: Box<dyn Fn(&Received) + Send + Sync>,
    arrivals: Arrivals,
}

impl Sandbox {
    /// Binds and serves.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("listen on {} for the sandbox", options.listen))?;
        let address = listener.local_addr().context("read the sandbox's address")?;
        let inner = Arc::new(Inner {
            readycloud: ReadyCloud::new(&options.token),
            host: options.host.map(|host| Client::new(Place::Tcp(host))),
            jwks: Mutex::new(None),
            audience: options.audience,
            clock: options.clock,
            watcher: options.watcher,
            arrivals: Arrivals::new(),
        });
        let router = Router::new()
            .route("/received", get(received))
            .fallback(receive)
            .with_state(Arc::clone(&inner));
        let stop = CancellationToken::new();
        let serving = server::serve(listener, router, CONNECTIONS_MAX, stop.clone(), STOP_WITHIN);
        let mut server = JoinSet::new();
        server.spawn(serving);
        Ok(Self { address, inner, stop, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What arrived, oldest first, at most [`RECEIVED_MAX`].
    pub fn received(&self) -> Vec<Received> {
        self.inner.arrivals.all()
    }

    /// How many requests arrived, now and from now on.
    pub fn count(&self) -> watch::Receiver<u64> {
        self.inner.arrivals.count()
    }

    /// Takes no further request and ends.
    ///
    /// # Errors
    /// When the server panicked.
    pub async fn stop(mut self) -> Result<()> {
        self.stop.cancel();
        while let Some(ended) = self.server.join_next().await {
            ended.context("stop the sandbox")?;
        }
        Ok(())
    }
}

/// A token like ReadyCloud's: 30 lower-case hexadecimal digits.
pub fn new_token(random: &dyn Random) -> String {
    let mut bytes = [0; 15];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `GET /received`: what arrived, oldest first, secrets masked.
async fn received(State(inner): State<Arc<Inner>>) -> Json<Value> {
    Json(json!({ "received": inner.arrivals.all() }))
}

/// Everything else is for a vendor.
async fn receive(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, limits::BODY_BYTES_MAX).await else {
        let words = format!("a body of at most {} bytes is read whole", limits::BODY_BYTES_MAX);
        return (StatusCode::PAYLOAD_TOO_LARGE, words).into_response();
    };
    let at = Instant::now();
    let (vendor, complaints) = inner.judge(&parts, &body).await;
    let status = complaints.status();
    let problems = complaints.into_words();
    let kept = inner.arrivals.keep(Received {
        number: 0,
        vendor,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        headers: masked(&parts.headers),
        body: shown(&body),
        status: status.as_u16(),
        problems: problems.clone(),
        at,
    });
    (inner.watcher)(&kept);
    (status, Json(json!({ "problems": problems }))).into_response()
}

impl Inner {
    async fn judge(&self, parts: &Parts, body: &[u8]) -> (Option<&'static str>, Complaints) {
        let path = parts.uri.path();
        let arrival = |path: &str| Arrival {
            method: parts.method.clone(),
            path: path.to_owned(),
            headers: headers(&parts.headers),
            body: body.to_vec(),
        };
        if let Some(entity) = path.strip_prefix("/readycloud/") {
            return (Some("readycloud"), self.readycloud.check(&arrival(entity)));
        }
        if let Some(rest) = path.strip_prefix(CORRIGOPRO) {
            return (Some("corrigopro"), self.check_corrigopro(&arrival(rest)).await);
        }
        let mut complaints = Complaints::default();
        let words = format_args!(
            "nobody is at {path}; there are PUT {READYCLOUD}/<entity>, POST {CORRIGOPRO} and GET /received"
        );
        complaints.add(StatusCode::NOT_FOUND, words);
        (None, complaints)
    }

    async fn check_corrigopro(&self, arrival: &Arrival) -> Complaints {
        let jwks = self.keys_for(corrigopro::bearer(arrival)).await;
        let (jwks, audience) = (jwks.as_ref(), self.audience.as_deref());
        let now = self.clock.now();
        corrigopro::check(arrival, corrigopro::Demands { jwks, audience, now })
    }

    /// The host's published keys. They are asked for again when a token names a key that is not among them; a host
    /// that cannot be asked has no keys.
    async fn keys_for(&self, token: Option<&str>) -> Option<Value> {
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

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn masked(all: &HeaderMap) -> Vec<(String, String)> {
    let mask = |(name, value): (String, String)| {
        let value = mask(&name, &value);
        (name, value)
    };
    headers(all).into_iter().map(mask).collect()
}

fn shown(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
