//! What happens to the loop, and what it then wants done.

use std::sync::Arc;

use transload_domain::{
    AttemptOutcome, Catalog, Delivery, DeliveryKey, Event, Head, HookContext, LoadedPlugin, Made,
    NotRun, PluginName, Profile, Timestamp, Transformed, Webhook, WebhookId, Wish,
};
use transload_store::{
    Change, Dispatch, Entry, Error, Lead, Revision, Settlement, StateChange, StateCheck,
};

use super::{
    replaying::{ReplayStep, ReplayStepped},
    retiring::{Sweep, Swept},
};
use crate::Exchange;

/// Something that happened.
#[derive(Debug)]
pub(super) enum Action {
    /// Time has passed.
    Time,
    /// The ledger told something.
    Fed(Entry),
    /// The ledger tells nothing more.
    FeedEnded,
    /// The plugin folder has changed.
    Plugins(Arc<Catalog>),
    /// The host is to stop.
    Stop,
    /// [`Effect::Run`] has ended.
    Ran(Ran),
    /// [`Effect::Dispatch`] has ended: one answer for each plan.
    Dispatched { plans: Vec<PlanId>, answers: Vec<Result<(), Error>> },
    /// [`Effect::ReadMade`] has ended.
    ReadMade { head: Head, made: Result<Option<Made>, Error> },
    /// [`Effect::ReadEvent`] has ended.
    ReadEvent { head: Head, event: Result<Option<Event>, Error> },
    /// [`Effect::ReadHead`] has ended.
    ReadHead { key: DeliveryKey, head: Result<Option<Head>, Error> },
    /// [`Effect::Send`] has ended.
    Sent { flight: Flight, outcome: AttemptOutcome },
    /// [`Effect::Settle`] has ended.
    Settled { why: Why, before: Head, after: Head, result: Result<(), Error> },
    /// [`Effect::Suspend`] has ended.
    Suspended { webhook: WebhookId, result: Result<(), Error> },
    /// [`Effect::ReadDelivery`] has ended.
    ReadDelivery { key: DeliveryKey, delivery: Result<Wished, Error> },
    /// [`Effect::EndWish`] has ended.
    WishEnded { key: DeliveryKey, result: Result<(), Error> },
    /// [`Effect::Replay`] has ended.
    Replay(ReplayStepped),
    /// [`Effect::Sweep`] has ended.
    Swept(Swept),
    /// [`Effect::Renew`] has ended.
    Renewed(Result<Lead, Error>),
}

/// Something that is to be done. Each ends with exactly one action.
#[derive(Debug)]
pub(super) enum Effect {
    /// Run the transforms of one webhook for one event.
    Run(Run),
    /// Write what became of events.
    Dispatch { plans: Vec<PlanId>, dispatches: Vec<Dispatch> },
    /// Read what is to be sent.
    ReadMade(Head),
    /// Read the event of a delivery without bytes.
    ReadEvent(Head),
    /// Read how a delivery stands.
    ReadHead(DeliveryKey),
    /// Make an exchange.
    Send(Flight, Box<Exchange>),
    /// Write what became of a delivery.
    Settle(Why, Box<Settlement>),
    /// Suspend a webhook, and tell others.
    Suspend(WebhookId, Box<Change>),
    /// Read a delivery that somebody asks for again.
    ReadDelivery(DeliveryKey),
    /// Forget that somebody asks for a delivery: this wish, or whatever is kept as one; or keep that it was refused.
    EndWish { delivery: DeliveryKey, wish: Option<Revision>, refused: Option<Wish> },
    /// Do a step of a replay.
    Replay(ReplayStep),
    /// Do a step of the sweep of what is over.
    Sweep(Sweep),
    /// Renew the lead.
    Renew,
}

/// Which plan.
pub(super) type PlanId = u64;

/// What was found where somebody asks for a delivery again.
#[derive(Debug)]
pub(super) enum Wished {
    /// The delivery, which wish for it there is, and why it may not go out again, where what the vendor has says that.
    Found { wish: Revision, delivery: Box<Delivery>, out_of_order: bool, why_not: Option<String> },
    /// There is no such delivery.
    Gone(Revision),
    /// Nobody asks for it any more.
    NoLonger,
    /// It, or the wish for it, cannot be read.
    Damaged(Option<Revision>, String),
}

/// Why a delivery is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// An exchange or a run of it ended; it counts as in flight.
    Turn,
    /// Nothing can be sent for it any more; it is in no agenda.
    Closing,
    /// Somebody asks for it again; it is in no agenda, where its place is kept if it goes in order.
    Redrive,
    /// A replay moves it; the same.
    Replay,
}

/// A delivery on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) head: Head,
    pub(super) profile: Arc<Profile>,
    /// The webhook as it was when the exchange began: by its rules the answer is judged.
    pub(super) webhook: Arc<Webhook>,
    pub(super) started: Timestamp,
}

/// The transforms of one webhook for one event, to be run one after the other: they share the plugin's state.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) plan: PlanId,
    pub(super) webhook: WebhookId,
    pub(super) plugin: PluginName,
    pub(super) event: Arc<Event>,
    pub(super) targets: Vec<Target>,
}

/// One hook that an event goes to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The outcome's first delivery.
    pub(super) key: DeliveryKey,
    pub(super) hook: Arc<HookContext>,
    pub(super) plugin: Arc<LoadedPlugin>,
    /// Whether the plugin's profile is in the ledger.
    pub(super) profile_stored: bool,
}

/// What came out of a [`Run`].
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) plan: PlanId,
    pub(super) webhook: WebhookId,
    pub(super) plugin: PluginName,
    /// The hooks' results, or why the ledger ended the run.
    pub(super) results: Result<Vec<HookResult>, Error>,
    pub(super) checks: Vec<StateCheck>,
    pub(super) changes: Vec<StateChange>,
}

/// What one hook's transform came to.
#[derive(Debug)]
pub(super) struct HookResult {
    pub(super) target: Target,
    /// The plugin version that ran, or was to run.
    pub(super) plugin: Arc<LoadedPlugin>,
    pub(super) result: Result<Transformed, NotRun>,
}
