//! What the loop may take, and what it works with.

use std::{sync::Arc, time::Duration};

use transload_domain::{Clock, Random, limits};
use transload_store::{Ledger, Shard};

use super::Timer;
use crate::{Backlog, Health, Metrics, Sender, Transformer, Troubles};

/// Exchanges and repeated transforms at the same time, where nothing else is said.
pub const EXCHANGES_MAX: usize = 1_024;
/// Webhooks of events that are transformed at the same time, where nothing else is said. The engine has a bounded
/// pool of its own; this keeps it busy without a long queue in front of it.
pub const TRANSFORMS_MAX: usize = 32;
/// Events that are read and not yet dispatched. Enough to fill groups of the store, few enough for memory.
pub const EVENTS_IN_HAND_MAX: usize = 256;
/// Bytes of events that are read and not yet dispatched; one more event is read while less is in hand.
pub const BYTES_IN_HAND_MAX: usize = 64 << 20;
/// Dispatches in one write. A store groups writes by itself; this bounds the size of one.
pub const DISPATCH_BATCH_MAX: usize = 64;
/// Writes of dispatches under way at the same time.
pub const DISPATCH_WRITES_MAX: usize = 4;
/// How long a transform may be expected to wait for its turn when it asks for one. Where it would be longer, its
/// deliveries are made later, and the event's others do not wait for them.
pub const RUN_WAIT_EXPECTED_MAX: Duration = Duration::from_millis(100);
/// How long a transform really waits for its turn before its deliveries are put off all the same.
pub const RUN_WAIT_MAX: Duration = Duration::from_secs(2);
/// Events that wait for a turn at plugin state, over all webhooks: half of those in hand, so that the other half goes
/// on however busy the state is.
pub const TURNS_WAITING_MAX: usize = EVENTS_IN_HAND_MAX / 2;
/// Deliveries of one webhook that are made anew at the same time. They count among what the webhook has in flight, so
/// there must be fewer of them than it may have exchanges, and enough that none is missing when its turn comes.
pub const AGAIN_MAX: usize = 4;
/// Bytes of events whose deliveries are made anew; apart from [`BYTES_IN_HAND_MAX`], so that they take no room from
/// new events.
pub const AGAIN_BYTES_MAX: usize = 32 << 20;
/// Runs of one webhook's transforms for one event because of changed plugin state. Webhooks with state take turns, so
/// two are already rare; after this many the state is taken to be unwritable.
pub const CONFLICTS_MAX: u32 = 8;
/// Deliveries that are closed at the same time because their webhook is gone.
pub const CLOSINGS_MAX: usize = 64;
/// Bytes of requests kept in memory between their dispatch and their first attempt.
pub const REQUEST_CACHE_BYTES_MAX: usize = 64 << 20;
/// How long a lead lasts without a renewal. It is renewed each third of it, so that there is always more left than
/// an exchange takes.
pub const LEASE: Duration = Duration::from_secs(90);
/// How long a stop waits for what is in flight: an exchange and its write.
pub const STOP_TIME_MAX: Duration = Duration::from_secs(35);
/// The longest wait before the lead is tried again.
pub const LEAD_RETRY_MAX: Duration = Duration::from_secs(10);
/// Terms in a row that end in an error of the store before they know all that is there; then the loop ends with an error,
/// so that the process does not limp on. With the waits between them some nine minutes: a store that restarts is waited
/// for.
pub const FAILED_TERMS_MAX: u32 = 60;
/// The first wait before the lead is tried again; it doubles each time.
pub const LEAD_RETRY_MIN: Duration = Duration::from_millis(100);

/// Deliveries that somebody asks for again and that are looked at at the same time.
pub const REDRIVES_MAX: usize = 64;
/// Deliveries that a replay looks at, and then moves, at the same time: few beside the traffic.
pub const REPLAY_PAGE: usize = 64;
/// Deliveries that arrived that a replay of an ordered webhook looks at in one go, to know what the vendor has.
pub const REPLAY_DELIVERED_PAGE: usize = 1_000;
/// Such pages that one turn of a replay reads while another organization's replay waits: some thousands of deliveries.
pub const REPLAY_DELIVERED_PAGES_PER_TURN: u32 = 8;
/// Ordered webhooks of which is remembered at the same time what the vendor has, one for each organization that replays: 80
/// MB at the most, with [`REPLAY_KEYS_MAX`]. The replays of more organizations take turns at the places.
pub const REPLAY_KEPT_MAX: usize = 4;
/// How long a replay waits for room among what waits (`Backlog::admits_replay`) before it is looked for again.
pub const REPLAY_ROOM_EVERY: Duration = Duration::from_millis(500);
/// Order keys of which a replay remembers what the vendor has: some 20 MB. Of deliveries before the latest of so many it
/// says that the vendor may have a later state.
pub const REPLAY_KEYS_MAX: usize = 500_000;
/// Deliveries that a replay looks at without moving one before it writes how far it is.
pub const REPLAY_UNWRITTEN_MAX: u64 = 1_024;
/// How often what is over is swept away, at the most; a sweep that takes long leaves twenty times its own time to the
/// traffic.
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Events that are forgotten in one step of a sweep; other writes go in between.
pub const RETIRE_BATCH: usize = 256;
/// How often it is looked for open deliveries that could not go for too long: it looks at every webhook.
pub const OVERDUE_EVERY: Duration = Duration::from_secs(3_600);
/// How long a lead gives nothing up: a host that was off for long could send nothing, and whoever looks after it is to
/// have a day to see what is held and to mend it. Not the whole age: a host that is restarted now and then would never
/// give anything up.
pub const OVERDUE_GRACE: Duration = Duration::from_secs(24 * 3_600);
/// Open deliveries that are given up at a time because they could not go for too long.
pub const OVERDUE_MAX: usize = 4_096;
/// Events that are forgotten at once where a store that is too large does not get smaller by it: it uses the space
/// again, so that this is room for as many new ones.
pub const SIZE_STEP_EVENTS: usize = 1_024;
/// How long closed events are kept, where nothing else is said: a month to look back, and to replay.
pub const RETENTION_AGE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long every event is kept, however full the disk is: an operator must be able to see what just happened.
pub const RETENTION_MIN: Duration = Duration::from_secs(3_600);
/// How long an open delivery may wait beyond its time, where nothing else is said. After a month, whoever was to mend
/// its webhook, its vendor or its plugin is not going to.
pub const OPEN_AGE_MAX: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What the loop may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The shard that it leads.
    pub shard: Shard,
    /// This host's name; no other host may have it.
    pub host: String,
    /// See [`LEASE`]. More than three halves of `exchange_time`, or nothing is ever sent.
    pub lease: Duration,
    /// The longest that the sender takes for one exchange.
    pub exchange_time: Duration,
    /// See [`EXCHANGES_MAX`].
    pub exchanges: usize,
    /// See [`TRANSFORMS_MAX`].
    pub transforms: usize,
    /// See [`STOP_TIME_MAX`].
    pub stop_time: Duration,
    /// How long what is over is kept.
    pub retention: Retention,
}

/// How long what is over is kept, and how long what is open may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events are forgotten when they were accepted longer ago than this and all of their deliveries have been closed
    /// for so long.
    pub age: Duration,
    /// Bytes that a shard may take on disk. Above it the oldest closed events are forgotten before their age, but
    /// none that was accepted, or had a delivery closed, within [`RETENTION_MIN`].
    pub size: Option<u64>,
    /// An open delivery that was due so long ago and cannot go (its webhook is suspended, its vendor is dead, its plugin
    /// is missing) is a dead letter, unless its webhook was resumed since, or the lead began within
    /// [`OVERDUE_GRACE`].
    pub open_age: Duration,
}

/// What the loop works with. Nothing else reaches it: no clock, no chance, no socket of its own.
#[derive(Clone)]
pub struct Parts {
    /// The facts.
    pub ledger: Arc<dyn Ledger>,
    /// What runs plugins.
    pub transformer: Arc<dyn Transformer>,
    /// What carries requests.
    pub sender: Arc<dyn Sender>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What waits for a time.
    pub timer: Arc<dyn Timer>,
    /// Chance, for the spread of retries.
    pub random: Arc<dyn Random>,
    /// How much waits.
    pub backlog: Arc<Backlog>,
    /// Whether deliveries go out.
    pub health: Arc<Health>,
    /// What keeps webhooks' deliveries from going out.
    pub troubles: Arc<Troubles>,
    /// What is counted.
    pub metrics: Metrics,
}

impl Options {
    /// The usual, for one host with this name.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            shard: Shard::default(),
            host: host.into(),
            lease: LEASE,
            exchange_time: limits::EXCHANGE_TIME_MAX,
            exchanges: EXCHANGES_MAX,
            transforms: TRANSFORMS_MAX,
            stop_time: STOP_TIME_MAX,
            retention: Retention::default(),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { age: RETENTION_AGE, size: None, open_age: OPEN_AGE_MAX }
    }
}
