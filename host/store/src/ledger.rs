//! The trait that every store implements.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::mpsc;
use transload_domain::{
    Attempt, Delivery, DeliveryId, DeliveryKey, Digest, Event, EventNo, Head, Made, Organization,
    Profile, Replay, ReplayId, Status, Timestamp, Webhook, WebhookId, Wish,
};

/// Durable facts, with one lead per shard. No claim, no queue, no timers.
///
/// An organization's facts live in one shard. Any host may accept, configure, read and page; only a shard's lead
/// dispatches, settles and retires, and each of its writes carries its epoch, so that a deposed lead changes nothing.
/// A write that returned is durable. A write that failed with [`Error::Unavailable`] is in doubt: it may have
/// happened; a lead whose write is in doubt resigns and takes a new epoch.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Takes the lead of a shard, or renews it. A renewal by the same host keeps the epoch; a host that dropped its
    /// agenda or had a write in doubt has resigned and gets a new one.
    ///
    /// # Errors
    /// [`Error::Taken`] while another host's lease lasts.
    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead>;

    /// All that a lead must know, and then what is new: every profile and webhook, the recent failures of each
    /// webhook, every unfinished replay, every open delivery, every delivery that somebody asked for again, then
    /// [`Entry::Current`], then every event that is not dispatched once, then whatever comes: new events, and each change
    /// made by [`Ledger::configure`]. The events of an organization are told in the order of acceptance; organizations take
    /// turns, so that no event waits for all that others have posted before. A configuration is told before the events that were
    /// accepted after it. A wish for a delivery may be told more than once, also when it has just been granted. The
    /// channel is bounded; its end means that the lead must resign, and [`Entry::Failed`] before it says why where the
    /// store cannot be read.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the lead is deposed.
    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>>;

    /// Accepts events: all of them, durably, or none. One receipt for each, in order. An event that repeats a
    /// retained one (or an earlier one of the same call) changes nothing.
    ///
    /// # Errors
    /// [`Error::Differs`] when one has the identity of a retained event and another content; nothing is accepted.
    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>>;

    /// Writes what became of events, in the order given, one answer each. Each is all or nothing: deliveries, plugin
    /// state, and the mark that the event is dispatched.
    ///
    /// # Errors
    /// Each answer: [`Error::Conflict`] when the event was dispatched already, or when the head that it replaces is no
    /// longer so; [`Error::Stale`] when state that a webhook's transforms saw has changed since, or the webhook that
    /// they changed it for is gone; [`Error::Full`] when a webhook would keep more plugin state than it may (running
    /// the transform again would not help); [`Error::Fenced`].
    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>>;

    /// Writes an attempt and the head after it, together. One that lets the delivery go out again
    /// ([`Settlement::grants`]) grants the wish for it, where somebody has one ([`Change::Redrive`]); no other clears it.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the stored head is not `before`: each attempt number settles once.
    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()>;

    /// Changes the configuration. `expected` is the revision that the caller last saw, 0 for a record that must not
    /// exist yet, `None` for "whatever it is". Returns the new revision.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the revision is another; [`Error::NotFound`] when what is to change is not there;
    /// [`Error::Limit`] when an organization has more replays under way than it may.
    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision>;

    /// Reads one record. It sees every acknowledged write.
    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>>;

    /// Reads a list, from behind `after` (a former page's `next`), at most `limit`. It may trail acknowledged writes.
    /// A page may be shorter than `limit` and still have a `next`: its size in bytes is bounded too.
    ///
    /// # Errors
    /// [`Error::Cursor`] when `after` was not made by the same query.
    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page>;

    /// Forgets old events whose deliveries were all closed before the same time, with everything about them: one that
    /// dies late is kept as long as one that dies at once. Plugin state and configuration stay; the identities become
    /// free again. It looks at a bounded number of events: a sweep is a row of calls, each from where the one before
    /// says, until there is no further place.
    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired>;

    /// Bytes that the shard takes where it is kept.
    async fn size(&self, shard: Shard) -> Result<u64>;

    /// How many events are accepted and not dispatched. Cheap; 0 where the shard is not this ledger's.
    fn undispatched(&self, shard: Shard) -> u64;

    /// The same, of one organization's events.
    fn undispatched_of(&self, shard: Shard, organization: &Organization) -> u64;
}

/// What a ledger answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a ledger did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller is not the lead (any more).
    #[error("this host does not lead the shard any more")]
    Fenced,
    /// Another host leads.
    #[error("host {0} leads the shard")]
    Taken(String),
    /// Something was not as the caller believed; nothing was written.
    #[error("not as expected: {0}")]
    Conflict(String),
    /// The event at this position of the batch has the identity of a retained event and another content.
    #[error(
        "event {position} of the batch repeats the id and source of an event with other content"
    )]
    Differs {
        /// Position in the batch, from 0.
        position: usize,
    },
    /// State that this webhook's transforms read has changed since, or the webhook is gone; nothing was written. Run
    /// its transforms again.
    #[error("not as expected: {what}")]
    Stale {
        /// Whose state.
        webhook: WebhookId,
        /// Which of it, and how it is now.
        what: String,
    },
    /// The webhook would keep more plugin state than it may; nothing was written, and doing it again ends in the same
    /// way.
    #[error("over a limit: {what}")]
    Full {
        /// Whose state.
        webhook: WebhookId,
        /// How much, and what is allowed.
        what: String,
    },
    /// It would go beyond a limit; nothing was written.
    #[error("over a limit: {0}")]
    Limit(String),
    /// A list was asked to go on from a place that is not in it.
    #[error("the cursor does not belong to this list: begin the list again, without a cursor")]
    Cursor,
    /// The thing to change does not exist.
    #[error("not found: {0}")]
    NotFound(String),
    /// The store cannot be reached or refuses writes. The write may or may not have happened.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Stored bytes cannot be understood.
    #[error("the store holds what cannot be read: {0}")]
    Corrupt(String),
}

/// A part of the facts with a lead of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u16);

/// A configuration record's or a state value's revision; 0 stands for one that does not exist.
pub type Revision = u64;

/// The right to write what becomes of a shard's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    /// Which shard.
    pub shard: Shard,
    /// Which host.
    pub host: String,
    /// Grows with every change of the lead.
    pub epoch: u64,
    /// Until when nobody else takes it.
    pub until: Timestamp,
}

/// What a lead learns from its agenda.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// The rules of a plugin version that deliveries were made by.
    Profile(Digest, Arc<Profile>),
    /// A webhook that is new or has changed.
    Webhook(Arc<Webhook>),
    /// A webhook that is gone.
    WebhookRemoved(WebhookId),
    /// The recent failures of a webhook that has some, oldest first.
    Failures(WebhookId, Vec<Timestamp>),
    /// A replay that has not ended.
    Replay(Arc<Replay>),
    /// An open delivery.
    Delivery(Head),
    /// A delivery that somebody asks for again.
    Redrive(DeliveryKey),
    /// All that was there has been told.
    Current,
    /// An event that is not dispatched.
    Event(EventNo, Arc<Event>),
    /// Why nothing more can be told: the store cannot be read. It is the last entry.
    Failed(Error),
}

/// What became of a posted event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub no: EventNo,
    /// Whether it is new; false: it was there already, and nothing changed.
    pub fresh: bool,
}

/// What became of an event, or of one blocked delivery of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// The event.
    pub event: EventNo,
    /// `None`: the event's first dispatch. Otherwise the delivery without bytes that is made anew; its row is
    /// replaced by `deliveries`.
    pub replaces: Option<Head>,
    /// The deliveries; may be empty when no webhook wants the event.
    pub deliveries: Vec<Delivery>,
    /// State that the transforms read: it must still be at these revisions.
    pub checks: Vec<StateCheck>,
    /// State that changes with it. A key that is changed without having been read needs no check.
    pub changes: Vec<StateChange>,
}

/// A state key and the revision at which it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCheck {
    /// Whose state.
    pub webhook: WebhookId,
    /// Which key.
    pub key: String,
    /// The revision; 0: there was none.
    pub revision: Revision,
}

/// A change of a state key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Whose state.
    pub webhook: WebhookId,
    /// Which key.
    pub key: String,
    /// The new value; none deletes.
    pub value: Option<Vec<u8>>,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The head as the caller last saw it.
    pub before: Head,
    /// The head from now on.
    pub after: Head,
    /// The attempt; none when somebody's wish, or a run of the transform that made nothing, moved the delivery.
    pub attempt: Option<Attempt>,
    /// What was made, where that has changed: a blocked delivery that is blocked for another reason, or dead.
    pub made: Option<Made>,
    /// A failure that counts towards the suspension of the delivery's webhook.
    pub failure: Option<Failure>,
}

impl Settlement {
    /// Whether it is what somebody asked for: neither an attempt nor a run of the transform moved the delivery. It goes
    /// out again behind this write, so that every wish that was kept before is granted by it.
    pub fn grants(&self) -> bool {
        self.attempt.is_none() && self.made.is_none()
    }
}

/// A failure that counts towards a webhook's suspension, unless the webhook speaks to another vendor or was resumed
/// ([`Webhook::counts_for`]) by the time that it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When it happened.
    pub at: Timestamp,
    /// How many of the webhook's latest failures are kept, this one included; at most [`FAILURES_KEPT_MAX`].
    pub keep: u32,
    /// The webhook as it was when its vendor failed.
    pub spoken_to: Arc<Webhook>,
}

/// Failures that are kept of one webhook. They are written anew with each failure; a rule that tolerates more is no
/// rule.
pub const FAILURES_KEPT_MAX: u32 = 1_000;

/// Which events are to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// Where to begin: the first event, or a former answer's `next`.
    pub from: EventNo,
    /// Only events that were accepted before this time, and whose deliveries were all closed before it.
    pub accepted_before: Timestamp,
    /// At most so many.
    pub max: usize,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// How many events.
    pub events: usize,
    /// How many are kept though they are old, because something of theirs cannot be read.
    pub damaged: usize,
    /// Where to go on; none when no older event is left behind this one.
    pub next: Option<EventNo>,
}

/// A change of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A webhook is made or changed.
    Webhook(Webhook),
    /// A webhook goes, with its plugin state. Its closed deliveries stay until they are retired; its open ones are
    /// the lead's to close.
    RemoveWebhook(Organization, WebhookId),
    /// A webhook's deliveries are held from now on, and the event that says so is accepted in the same write. Where
    /// they are held already, or what it is suspended for does not count any more ([`Webhook::counts_for`]), nothing
    /// happens, and the answer is the webhook's revision.
    Suspend {
        /// Whose webhook; also the event's.
        organization: Organization,
        /// Which webhook.
        webhook: WebhookId,
        /// Since when.
        at: Timestamp,
        /// Why, in words for the operator.
        reason: String,
        /// The webhook as it was when its vendor did what it is suspended for; none where a person wants it.
        decided_on: Option<Arc<Webhook>>,
        /// The event that tells others.
        event: Box<Event>,
    },
    /// Somebody asks for a delivery again, or no longer does, or is refused. The wish is kept until it is granted
    /// ([`Settlement::grants`]), or until the delivery is made anew and goes out; that it was refused is kept as long,
    /// and is no reason to keep the delivery. Each wish for the same delivery has a revision of its own, which is the
    /// answer, and takes the place of the one before; whoever takes one back or refuses it names the revision that is
    /// meant, so that a newer one stays. Taking back what is not there changes nothing; the answer is 0.
    Redrive {
        /// Which delivery.
        delivery: DeliveryKey,
        /// What is kept from now on; none where nobody asks any more.
        wish: Option<Wish>,
    },
    /// A replay begins (expected revision 0), or has gone on. At most [`REPLAYS_MAX`] are kept of an organization:
    /// the oldest that have ended make place.
    Replay(Replay),
    /// The rules of a plugin version. They are never removed: closed deliveries may be asked for again, and only all of
    /// them together would tell which versions are not needed. There are as many as versions of plugins that ever made
    /// a delivery, each below [`transload_domain::limits::PROFILE_BYTES_MAX`] and usually some KiB.
    Profile(Digest, Profile),
    /// An access record (an API key's hash and what it is bound to), opaque to the store.
    Access {
        /// Its id, which is no secret.
        id: String,
        /// Its content; none removes it.
        value: Option<Vec<u8>>,
    },
}

/// Replays that are kept of one organization: more than anybody reads.
pub const REPLAYS_MAX: usize = 1_000;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// An event by its number.
    Event(EventNo),
    /// An event's number by organization, source and id ([`Event::identity`]).
    EventBy(Digest),
    /// A delivery's head.
    Head(DeliveryKey),
    /// What a delivery's transform made.
    Made(DeliveryKey),
    /// A delivery by its public id.
    Delivery(DeliveryId),
    /// A delivery's attempt of this number, from 1 on.
    Attempt(DeliveryKey, u32),
    /// A value of plugin state.
    State(WebhookId, String),
    /// A webhook.
    Webhook(Organization, WebhookId),
    /// A plugin version's rules.
    Profile(Digest),
    /// A replay.
    Replay(Organization, ReplayId),
    /// An access record.
    Access(String),
    /// The wish for a delivery ([`Change::Redrive`]).
    Redrive(DeliveryKey),
    /// How many deliveries a webhook has in a status.
    Count(WebhookId, Status),
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// An event.
    Event(EventNo, Box<Event>),
    /// An event's number.
    No(EventNo),
    /// A delivery's head.
    Head(Head),
    /// What a delivery's transform made.
    Made(Box<Made>),
    /// A delivery.
    Delivery(Box<Delivery>),
    /// A value of plugin state.
    State(Revision, Vec<u8>),
    /// A webhook.
    Webhook(Revision, Box<Webhook>),
    /// A plugin version's rules.
    Profile(Box<Profile>),
    /// A replay.
    Replay(Revision, Box<Replay>),
    /// An access record.
    Access(Revision, Vec<u8>),
    /// Somebody asks for the delivery again, or was refused.
    Redrive(Revision, Wish),
    /// A number of deliveries.
    Count(u64),
    /// An attempt.
    Attempt(Box<Attempt>),
}

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// An organization's webhooks.
    Webhooks(Organization),
    /// An organization's events, newest first.
    Events(Organization),
    /// A webhook's deliveries in a status, newest event first. As [`Record::Delivery`].
    DeliveriesByStatus(WebhookId, Status),
    /// The same, oldest event first, from this event on.
    DeliveriesSince(WebhookId, Status, EventNo),
    /// An organization's deliveries in any of these statuses, newest event first, also of webhooks that are gone;
    /// those below that key, where it is given: so a list goes on behind any delivery of it. As [`Record::Delivery`].
    DeliveriesByOrganization {
        /// Whose.
        organization: Organization,
        /// In which statuses.
        statuses: Vec<Status>,
        /// Below which key.
        below: Option<DeliveryKey>,
    },
    /// An event's deliveries. As [`Record::Delivery`].
    DeliveriesByEvent(EventNo),
    /// A delivery's attempts, oldest first.
    Attempts(DeliveryKey),
    /// An organization's replays, newest first.
    Replays(Organization),
    /// All access records.
    Access,
}

/// A piece of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page begins; `None` at the end. Opaque.
    pub next: Option<Vec<u8>>,
}
