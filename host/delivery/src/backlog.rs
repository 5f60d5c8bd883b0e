//! How much waits.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use transload_store::{Ledger, Shard};

/// Events that may wait for their dispatch before new ones are refused. At the pace of one machine that is a minute
/// or two of work; each costs its bytes on disk.
pub const BACKLOG_EVENTS_MAX: u64 = 200_000;
/// Open deliveries that may wait before new events are refused. Each costs the host some 200 bytes of memory;
/// one with an order key about a kilobyte.
pub const BACKLOG_DELIVERIES_MAX: u64 = 4_000_000;

/// How much may wait before new events are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogLimits {
    /// Events that were accepted and not dispatched.
    pub events: u64,
    /// Deliveries that are open.
    pub deliveries: u64,
}

impl Default for BacklogLimits {
    fn default() -> Self {
        Self { events: BACKLOG_EVENTS_MAX, deliveries: BACKLOG_DELIVERIES_MAX }
    }
}

/// How much waits: the events as the ledger counts them, the open deliveries as the loop does. Read by those who
/// decide whether to accept more.
pub struct Backlog {
    ledger: Arc<dyn Ledger>,
    shard: Shard,
    limits: BacklogLimits,
    deliveries: AtomicU64,
}

impl Backlog {
    /// What waits in this shard.
    pub fn new(ledger: Arc<dyn Ledger>, shard: Shard, limits: BacklogLimits) -> Self {
        Self { ledger, shard, limits, deliveries: AtomicU64::new(0) }
    }

    /// Whether new events are to be refused for now. Callers that ask at the same time may together go beyond the
    /// limit by what they then post.
    pub fn is_full(&self) -> bool {
        self.events() >= self.limits.events || self.deliveries() >= self.limits.deliveries
    }

    /// Events that were accepted, by whichever host and before whichever restart, and not dispatched.
    pub fn events(&self) -> u64 {
        self.ledger.undispatched(self.shard)
    }

    /// Deliveries that are open, as far as the loop of this host has learned of them.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Relaxed)
    }

    /// Says how many deliveries are open.
    pub fn open(&self, deliveries: usize) {
        self.deliveries.store(deliveries as u64, Relaxed);
    }
}

impl fmt::Debug for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, deliveries) = (self.events(), self.deliveries());
        f.debug_struct("Backlog")
            .field("events", &events)
            .field("deliveries", &deliveries)
            .finish_non_exhaustive()
    }
}
