//! What really happened: what took effect in the store, and what the vendors saw.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use transload_domain::{
    AttemptOutcome, DeliveryKey, Digest, Event, EventNo, Head, HookNo, ReplayId, Selection,
    Timestamp, Webhook, WebhookId,
};
use transload_store::Lead;

/// What is demanded. The numbers are the design's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// What was acknowledged is never lost.
    I1,
    /// Accepting again changes nothing; other content is refused.
    I2,
    /// One event and one hook give one set of deliveries.
    I3,
    /// Deliveries, plugin state and mark together; no update is lost.
    I4,
    /// A delivery's bytes never change.
    I5,
    /// A recorded success is never sent again, and nothing is recorded that was not so.
    I6,
    /// Only the lead writes; each attempt number settles once; no exchange that the lease does not cover.
    I7,
    /// No vendor and no plugin slows another beyond its share.
    I8,
    /// Everything ends, by the vendor's own schedule.
    I9,
    /// Deliveries of one key go out in the order of acceptance.
    Order,
    /// A webhook is suspended for a reason, is told of, and nothing goes out to it.
    Suspension,
    /// What somebody asked for happens, and nothing else.
    Wishes,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub promise: Promise,
    /// How, in words.
    pub words: String,
}

/// How much of everything there was, so that a simulation in which nothing happens is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Polls of a task.
    pub steps: u64,
    /// Events that were accepted.
    pub events: u64,
    /// Deliveries that were made.
    pub deliveries: u64,
    /// Exchanges that were begun.
    pub exchanges: u64,
    /// Hosts that were killed.
    pub crashes: u64,
    /// Terms of a lead.
    pub terms: u64,
    /// Transforms that were run.
    pub transforms: u64,
    /// Closed deliveries that were opened again.
    pub reopened: u64,
    /// Webhooks that were suspended by the hosts themselves.
    pub suspensions: u64,
    /// Events that were retired.
    pub retired: u64,
}

/// A point in the course of a simulation: how many steps there were before it. What came first is asked of this, not of
/// the clock on the wall, which somebody may set.
pub(super) type Moment = u64;

/// All that is known from outside, behind one lock.
pub(super) struct Facts(Mutex<State>);

/// What is known.
#[derive(Default)]
pub(super) struct State {
    pub(super) events: BTreeMap<EventNo, EventFact>,
    pub(super) by_identity: BTreeMap<Digest, EventNo>,
    pub(super) undispatched: BTreeSet<EventNo>,
    pub(super) deliveries: BTreeMap<DeliveryKey, DeliveryFact>,
    pub(super) open: BTreeSet<DeliveryKey>,
    pub(super) webhooks: BTreeMap<WebhookId, WebhookFact>,
    /// The last number that each webhook's counter has given.
    pub(super) counters: BTreeMap<WebhookId, u64>,
    /// The present lead, as the store has granted it.
    pub(super) lead: Option<Lead>,
    /// Until when each host may believe that it leads.
    pub(super) granted: BTreeMap<String, Timestamp>,
    /// Exchanges under way, by the number of their beginning.
    pub(super) under_way: BTreeMap<u64, Underway>,
    /// Deliveries that somebody wants to go out again.
    pub(super) wishes: BTreeSet<DeliveryKey>,
    /// How often somebody asked for each, and how often each was opened again.
    pub(super) asked: BTreeMap<DeliveryKey, u32>,
    /// Those that somebody asked for whatever the vendor has.
    pub(super) asked_out_of_order: BTreeSet<DeliveryKey>,
    pub(super) reopened: BTreeMap<DeliveryKey, u32>,
    pub(super) replays: BTreeMap<ReplayId, ReplayFact>,
    /// When something last happened that excuses a host for being slow.
    pub(super) disturbed: Timestamp,
    /// When the clock on the wall was last set forward: leases end sooner than whoever has them thought.
    pub(super) set_forward: Moment,
    /// When everybody last had nothing to do: whatever happened before was known to all from then on.
    pub(super) idle: Moment,
    pub(super) counts: Counts,
    pub(super) violations: Vec<Violation>,
    trace: Trace,
}

/// What is known of an event.
pub(super) struct EventFact {
    pub(super) event: Event,
    pub(super) accepted: Timestamp,
    pub(super) acknowledged: bool,
    pub(super) retired: bool,
    /// The webhooks that were there when it was accepted.
    pub(super) webhooks: Vec<WebhookId>,
}

/// What is known of a delivery.
pub(super) struct DeliveryFact {
    pub(super) head: Head,
    /// The digest of its request, once it has one.
    pub(super) request: Option<Digest>,
    /// The attempts that were settled.
    pub(super) settled: BTreeSet<u32>,
    /// How often the vendor said that the endpoint is gone: that costs no attempt of the schedule.
    pub(super) gone: u32,
    /// What the vendor answered to each attempt; more than one answer where a crash cut one.
    pub(super) answers: BTreeMap<u32, Vec<AttemptOutcome>>,
    /// What was known to all when its latest exchange began was known by then.
    pub(super) decided: Moment,
}

/// What is known of a webhook.
pub(super) struct WebhookFact {
    pub(super) webhook: Webhook,
    /// Whether plugin, hooks and filter are as they were when it was made.
    pub(super) steady: bool,
    pub(super) removed: bool,
    /// When it was suspended or changed.
    pub(super) changed: Moment,
    /// When the vendor failed since it is spoken to as now, by the wall, as it knows itself.
    pub(super) failures: Vec<Timestamp>,
    /// When those failures happened that the store knows of, by the wall, and when it learned of them.
    pub(super) stored_failures: Vec<(Timestamp, Moment)>,
    /// Exchanges at the same time that it took before its limits last changed: what was being read then may still go.
    pub(super) former_cap: Option<u16>,
    /// Since when it speaks to the same vendor without a resumption, as the store learned of it.
    pub(super) spoken_to_since: Moment,
    /// Since when the lead may know something about the vendor: it forgets all when it ends.
    pub(super) vendor_since: Moment,
    /// Exchanges that failed in a row, and since when they are so many that only one may be made at a time.
    pub(super) failing: u32,
    pub(super) tripped: Option<Moment>,
    /// Whether the vendor said since then that the endpoint is gone for ever.
    pub(super) gone: bool,
}

/// What is known of a replay.
pub(super) struct ReplayFact {
    pub(super) finished: bool,
    pub(super) selection: Selection,
    /// The deliveries that it is to open again, and how often each had been opened before.
    pub(super) selected: Vec<(DeliveryKey, u32)>,
}

/// An exchange under way.
pub(super) struct Underway {
    pub(super) host: String,
    pub(super) delivery: DeliveryKey,
    pub(super) began: Moment,
    /// What happened before was known to the host.
    pub(super) decided: Moment,
}

/// Every step in words, as a digest; and printed, where somebody wants to read it.
#[derive(Default)]
struct Trace {
    digest: u64,
    printed: bool,
}

impl Facts {
    pub(super) fn new(printed: bool) -> Self {
        let trace = Trace { printed, ..Trace::default() };
        Self(Mutex::new(State { trace, ..State::default() }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Says that a promise was broken.
    pub(super) fn broken(&mut self, promise: Promise, words: impl Into<String>) {
        let violation = Violation { promise, words: words.into() };
        self.note(&format!("VIOLATION {violation}"));
        self.violations.push(violation);
    }

    /// Says what happened.
    pub(super) fn note(&mut self, what: &str) {
        // FNV-1a: good enough to tell two runs apart.
        for byte in what.bytes() {
            self.trace.digest =
                (self.trace.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.trace.printed {
            println!("{:>8} {what}", self.counts.steps);
        }
    }

    /// Now.
    pub(super) fn moment(&self) -> Moment {
        self.counts.steps
    }

    /// Nobody has anything to do: whatever happened is known to all.
    pub(super) fn is_idle(&mut self) {
        self.idle = self.moment();
    }

    /// A digest of all that happened.
    pub(super) fn digest(&self) -> u64 {
        self.trace.digest
    }

    /// A webhook that is there.
    pub(super) fn webhook(&self, id: WebhookId) -> Option<&WebhookFact> {
        self.webhooks.get(&id).filter(|fact| !fact.removed)
    }

    /// The deliveries of one event and one hook.
    pub(super) fn set(
        &self,
        event: EventNo,
        webhook: WebhookId,
        hook: HookNo,
    ) -> impl Iterator<Item = (&DeliveryKey, &DeliveryFact)> {
        let key = |part| DeliveryKey { event, webhook, hook, part: transload_domain::Part(part) };
        self.deliveries.range(key(0)..=key(u8::MAX))
    }
}

/// A delivery in few words.
pub(super) fn name(key: &DeliveryKey) -> String {
    let webhook = &key.webhook.to_string()[..4];
    format!("{}/{webhook}/{}/{}", key.event.0, key.hook.0, key.part.0)
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.words)
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.events += other.events;
        self.deliveries += other.deliveries;
        self.exchanges += other.exchanges;
        self.crashes += other.crashes;
        self.terms += other.terms;
        self.transforms += other.transforms;
        self.reopened += other.reopened;
        self.suspensions += other.suspensions;
        self.retired += other.retired;
    }
}
