//! A network on which vendors answer what a test says.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;
use transload_delivery::{Exchange, Sender};
use transload_domain::{Answer, AttemptOutcome, Clock, SendFailure, SendFailureKind, Timestamp};

use super::time::Time;

type Vendor = Arc<dyn Fn(&Exchange) -> AttemptOutcome + Send + Sync>;

/// All exchanges of a test.
pub(crate) struct Network {
    time: Time,
    vendor: Mutex<Vendor>,
    /// Endpoints that contain this text do not answer until it is empty.
    hanging: watch::Sender<String>,
    sent: Mutex<Vec<(Timestamp, Exchange)>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

pub(crate) fn answered(status: u16) -> AttemptOutcome {
    AttemptOutcome::Answered(Answer {
        status,
        headers: vec![],
        body: b"ok".to_vec(),
        cut: false,
        retry_after: None,
        resent: false,
    })
}

pub(crate) fn asked_to_wait(status: u16, wait: u64) -> AttemptOutcome {
    let AttemptOutcome::Answered(answer) = answered(status) else { unreachable!() };
    AttemptOutcome::Answered(Answer { retry_after: Some(Duration::from_secs(wait)), ..answer })
}

pub(crate) fn failed(kind: SendFailureKind) -> AttemptOutcome {
    AttemptOutcome::Failed(SendFailure { kind, detail: format!("scripted {kind}") })
}

impl Network {
    /// A network on which everybody answers 200.
    pub(crate) fn new(time: Time) -> Self {
        Self {
            time,
            vendor: Mutex::new(Arc::new(|_| answered(200))),
            hanging: watch::Sender::default(),
            sent: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        }
    }

    /// Vendors answer like this from now on.
    pub(crate) fn answers(
        &self,
        vendor: impl Fn(&Exchange) -> AttemptOutcome + Send + Sync + 'static,
    ) {
        *self.vendor.lock().unwrap() = Arc::new(vendor);
    }

    /// Endpoints that contain this text do not answer, until [`Network::release`].
    pub(crate) fn hang(&self, endpoint: &str) {
        self.hanging.send_replace(endpoint.to_owned());
    }

    pub(crate) fn release(&self) {
        self.hanging.send_replace(String::new());
    }

    /// Every exchange that was begun, with its time.
    pub(crate) fn sent(&self) -> Vec<(Timestamp, Exchange)> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// The most exchanges that were open at the same time.
    pub(crate) fn most_open(&self) -> usize {
        self.most_open.load(SeqCst)
    }
}

struct Open<'a>(&'a AtomicUsize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[async_trait]
impl Sender for Network {
    async fn send(&self, exchange: Exchange) -> AttemptOutcome {
        self.sent.lock().unwrap().push((self.time.now(), exchange.clone()));
        let open = self.open.fetch_add(1, SeqCst) + 1;
        let _open = Open(&self.open);
        self.most_open.fetch_max(open, SeqCst);
        let free = |hanging: &String| hanging.is_empty() || !exchange.endpoint.contains(hanging);
        self.hanging.subscribe().wait_for(free).await.unwrap();
        let vendor = Arc::clone(&*self.vendor.lock().unwrap());
        vendor(&exchange)
    }
}
