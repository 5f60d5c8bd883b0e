//! A vendor's endpoint that takes everything and remembers what came.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::Context as _;
use axum::{Router, extract::State, http::StatusCode};
use bytes::Bytes;
use ring::digest::{SHA256, digest};
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};

/// A vendor's endpoint on a free local port. It ends when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    seen: Arc<Seen>,
    _server: JoinSet<()>,
}

/// What is asked of each body: which delivery it is, and which event it speaks of.
pub type Identify = fn(&[u8]) -> Option<Arrival>;

/// A delivery that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The delivery's id, as the vendor sees it.
    pub delivery: String,
    /// The event, by a number that the test put into it.
    pub event: u64,
}

struct Seen {
    identify: Identify,
    /// Each so many requests, one is answered 503 and not counted; none where it is 0.
    refuses_every: u64,
    requests: AtomicU64,
    ledger: Mutex<Arrivals>,
    waiting: Mutex<Vec<Wait>>,
    /// The least number of events that somebody waits for.
    wanted: AtomicUsize,
}

/// Somebody who waits until so many events have arrived. Only then is he woken: whoever measures must not pay for each
/// arrival.
struct Wait {
    events: usize,
    reached: oneshot::Sender<()>,
}

/// What has arrived so far.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// How often each delivery arrived, and the digest of its first body.
    pub deliveries: HashMap<String, (u64, [u8; 32])>,
    /// How many different deliveries spoke of each event.
    pub events: HashMap<u64, u64>,
    /// Deliveries that came again with another body.
    pub changed: u64,
    /// Deliveries that came again with the same body.
    pub doubled: u64,
    /// When each of those that came again had come first, and when it came again.
    pub doubles: Vec<(Instant, Instant)>,
    /// When each delivery came first.
    pub first: HashMap<String, Instant>,
    /// Requests that were answered 503.
    pub refused: u64,
    /// Bodies that could not be identified.
    pub strange: u64,
}

impl Receiver {
    /// Starts to listen.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(identify: Identify) -> anyhow::Result<Self> {
        Self::refusing(identify, 0).await
    }

    /// Starts to listen, and refuses one of each so many requests.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn refusing(identify: Identify, refuses_every: u64) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen as the vendor")?;
        let address = listener.local_addr()?;
        let ledger = Mutex::new(Arrivals::default());
        let requests = AtomicU64::new(0);
        let (waiting, wanted) = (Mutex::default(), AtomicUsize::new(usize::MAX));
        let seen = Arc::new(Seen { identify, refuses_every, requests, ledger, waiting, wanted });
        let router = Router::new().fallback(take).with_state(Arc::clone(&seen));
        let mut server = JoinSet::new();
        server.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the receiver ended: {error}");
            }
        });
        Ok(Self { address, seen, _server: server })
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What has arrived so far.
    pub fn arrivals(&self) -> MutexGuard<'_, Arrivals> {
        self.seen.lock()
    }

    /// Waits until so many different events have arrived.
    pub async fn events(&self, wanted: usize) {
        let (reached, told) = oneshot::channel();
        self.seen.add(Wait { events: wanted, reached });
        self.seen.tell(self.arrivals().events.len());
        // The sender is kept until it has told, so that waiting cannot fail.
        let _ = told.await;
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, Arrivals> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, wait: Wait) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(wait);
        self.wanted.store(least(&waiting), Ordering::SeqCst);
    }

    /// Tells those who wait for no more events than these.
    fn tell(&self, events: usize) {
        if events < self.wanted.load(Ordering::SeqCst) {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for wait in waiting.extract_if(.., |wait| wait.events <= events) {
            let _ = wait.reached.send(());
        }
        self.wanted.store(least(&waiting), Ordering::SeqCst);
    }
}

fn least(waiting: &[Wait]) -> usize {
    waiting.iter().map(|wait| wait.events).min().unwrap_or(usize::MAX)
}

async fn take(State(seen): State<Arc<Seen>>, body: Bytes) -> StatusCode {
    let Some(arrival) = (seen.identify)(&body) else {
        seen.lock().strange += 1;
        return StatusCode::BAD_REQUEST;
    };
    let request = seen.requests.fetch_add(1, Ordering::Relaxed) + 1;
    if seen.refuses_every > 0 && request.is_multiple_of(seen.refuses_every) {
        seen.lock().refused += 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &body).as_ref());
    let events = {
        let mut arrivals = seen.lock();
        arrivals.record(arrival, hash);
        arrivals.events.len()
    };
    seen.tell(events);
    StatusCode::OK
}

impl Arrivals {
    fn record(&mut self, arrival: Arrival, hash: [u8; 32]) {
        let now = Instant::now();
        let first = *self.first.entry(arrival.delivery.clone()).or_insert(now);
        let known = self.deliveries.entry(arrival.delivery).or_insert((0, hash));
        known.0 += 1;
        if known.0 == 1 {
            *self.events.entry(arrival.event).or_default() += 1;
        } else if known.1 == hash {
            self.doubled += 1;
            self.doubles.push((first, now));
        } else {
            self.changed += 1;
        }
    }
}
