//! A vendor's endpoint that answers by a script and keeps every request whole.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use bytes::Bytes;
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet, time::timeout};

/// How long a test waits for a request.
const ARRIVAL_TIME_MAX: Duration = Duration::from_secs(20);
/// Requests that a vendor keeps for its test.
const REQUESTS_MAX: usize = 1_024;
/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 4 << 20;

/// A vendor's endpoint on a free local port. It ends when it is dropped.
pub struct Vendor {
    address: SocketAddr,
    requests: mpsc::Receiver<Arrived>,
    script: Arc<Mutex<VecDeque<u16>>>,
    _server: JoinSet<()>,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

#[derive(Clone)]
struct Shared {
    requests: mpsc::Sender<Arrived>,
    script: Arc<Mutex<VecDeque<u16>>>,
}

impl Vendor {
    /// Starts to listen. It answers 200 until told otherwise.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen as the vendor")?;
        let address = listener.local_addr()?;
        let (sender, requests) = mpsc::channel(REQUESTS_MAX);
        let script = Arc::<Mutex<VecDeque<u16>>>::default();
        let shared = Shared { requests: sender, script: Arc::clone(&script) };
        let router = Router::new().fallback(take).with_state(shared);
        let mut server = JoinSet::new();
        server.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the vendor ended: {error}");
            }
        });
        Ok(Self { address, requests, script, _server: server })
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers the next requests with these statuses, and then with 200 again.
    pub fn answer_next(&self, statuses: impl IntoIterator<Item = u16>) {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).extend(statuses);
    }

    /// The next request.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn next(&mut self) -> anyhow::Result<Arrived> {
        let next = timeout(ARRIVAL_TIME_MAX, self.requests.recv()).await;
        next.context("nothing arrived in time")?.context("the vendor has ended")
    }

    /// A request that is there already.
    pub fn waiting(&mut self) -> Option<Arrived> {
        self.requests.try_recv().ok()
    }
}

impl Arrived {
    /// A header's value; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

async fn take(State(shared): State<Shared>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        return StatusCode::BAD_REQUEST;
    };
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let arrived = Arrived { method: parts.method.to_string(), path, headers: parts.headers, body };
    let status = shared.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    if shared.requests.send(arrived).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK)
}
