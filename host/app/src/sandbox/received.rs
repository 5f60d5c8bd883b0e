//! What arrived, bounded, for whoever asks.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde::{Serialize, Serializer};
use serde_json::Value;
use tokio::sync::watch;

use super::Vendor;

/// Arrivals that are kept; the oldest go first. With bodies of 1 MiB that is at most 256 MiB.
pub const RECEIVED_MAX: usize = 256;

/// A request that arrived, without its secrets.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// Which arrival this is, from 1.
    pub number: u64,
    /// Whose side took it; none where the path belongs to nobody.
    #[serde(serialize_with = "name")]
    pub vendor: Option<Vendor>,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its headers, with secrets masked.
    pub headers: Vec<(String, String)>,
    /// Its body: JSON where it is JSON, otherwise text.
    pub body: Value,
    /// What was answered; none where no answer came.
    pub status: Option<u16>,
    /// What went wrong on purpose.
    pub failure: Option<String>,
    /// What was wrong with it.
    pub problems: Vec<String>,
    /// When it was there in full.
    #[serde(skip)]
    pub at: Instant,
}

/// The vendor's name, or null.
#[expect(clippy::ref_option, reason = "serde hands the field over like this")]
fn name<S: Serializer>(vendor: &Option<Vendor>, serializer: S) -> Result<S::Ok, S::Error> {
    vendor.map(Vendor::as_str).serialize(serializer)
}

/// The arrivals, newest last.
#[derive(Debug)]
pub(super) struct Arrivals {
    kept: Mutex<VecDeque<Received>>,
    count: watch::Sender<u64>,
}

impl Arrivals {
    pub(super) fn new() -> Self {
        Self { kept: Mutex::new(VecDeque::new()), count: watch::Sender::new(0) }
    }

    /// Keeps an arrival and gives it its number.
    pub(super) fn keep(&self, arrival: Received) -> Received {
        let mut kept = self.kept();
        let number = *self.count.borrow() + 1;
        let arrival = Received { number, ..arrival };
        if kept.len() == RECEIVED_MAX {
            kept.pop_front();
        }
        kept.push_back(arrival.clone());
        // Still under the lock, so that numbers are told in order.
        self.count.send_replace(number);
        arrival
    }

    pub(super) fn all(&self) -> Vec<Received> {
        self.kept().iter().cloned().collect()
    }

    /// Tells how many there were, now and from now on.
    pub(super) fn count(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// Every change is one push, so what a panicking holder left behind is still sound.
    fn kept(&self) -> MutexGuard<'_, VecDeque<Received>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_numbers_go_on() {
        let arrivals = Arrivals::new();
        for _ in 0..=RECEIVED_MAX {
            arrivals.keep(Received {
                number: 0,
                vendor: None,
                method: "PUT".into(),
                path: "/".into(),
                headers: vec![],
                body: Value::Null,
                status: Some(404),
                failure: None,
                problems: vec![],
                at: Instant::now(),
            });
        }
        let all = arrivals.all();
        assert_eq!(all.len(), RECEIVED_MAX);
        assert_eq!((all[0].number, all[RECEIVED_MAX - 1].number), (2, RECEIVED_MAX as u64 + 1));
        assert_eq!(*arrivals.count().borrow(), RECEIVED_MAX as u64 + 1);
    }
}
