//! A clock that the tests move, and chance that repeats.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;
use transload_delivery::run::Timer;
use transload_domain::{Clock, Random, Timestamp};

/// A clock that stands still until it is moved, and the timer that follows it.
#[derive(Clone)]
pub(crate) struct Time(Arc<watch::Sender<Timestamp>>);

impl Time {
    pub(crate) fn new() -> Self {
        let start = Timestamp::EPOCH.after(Duration::from_secs(1_000_000));
        Self(Arc::new(watch::Sender::new(start)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = now.after(by));
    }

    pub(crate) fn set_back(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap();
        self.0.send_modify(|now| *now = Timestamp::from_micros(now.as_micros() - micros));
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
}

#[async_trait]
impl Timer for Time {
    async fn wait_until(&self, at: Timestamp) {
        let waited = self.0.subscribe().wait_for(|now| *now >= at).await.map(|_| ());
        waited.unwrap();
    }
}

/// Numbers that differ and repeat from run to run.
#[derive(Default)]
pub(crate) struct Dice(AtomicU64);

impl Random for Dice {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            *byte = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
        }
    }
}

/// Numbers by a seed.
pub(crate) struct Luck(pub(crate) u64);

impl Luck {
    /// A number below `end`, by SplitMix64.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}
