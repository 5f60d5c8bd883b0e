//! The loop: takes the lead of a shard, dispatches its events, sends its deliveries, and settles them.
//!
//! Read [`Term`](term::Term) first: it is all that the loop knows and decides, without waiting for anything. This file
//! is the shell around it, which waits (`select`), and brings about what the term wants done.

mod action;
mod closing;
mod dispatching;
mod hand;
mod open;
mod options;
mod pace;
mod perform;
mod ran;
mod redriving;
mod replaying;
mod requests;
mod retiring;
mod rules;
mod runs;
mod sending;
mod slots;
mod succession;
mod suspending;
mod term;
mod timer;
mod transform;
mod turns;
mod vendors;
mod waiting;
mod written;

use std::{any::Any, panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use transload_domain::{Catalog, Timestamp};
use transload_store::{Entry, Error, Lead};

use self::{
    action::{Action, Effect},
    perform::perform,
    term::{Ending, Term},
};
pub use self::{
    options::{
        AGAIN_BYTES_MAX, AGAIN_MAX, BYTES_IN_HAND_MAX, CLOSINGS_MAX, CONFLICTS_MAX,
        DISPATCH_BATCH_MAX, DISPATCH_WRITES_MAX, EVENTS_IN_HAND_MAX, EXCHANGES_MAX,
        FAILED_TERMS_MAX, LEAD_RETRY_MAX, LEAD_RETRY_MIN, LEASE, OPEN_AGE_MAX, OVERDUE_EVERY,
        OVERDUE_GRACE, OVERDUE_MAX, Options, Parts, REDRIVES_MAX, REPLAY_DELIVERED_PAGE,
        REPLAY_DELIVERED_PAGES_PER_TURN, REPLAY_KEPT_MAX, REPLAY_KEYS_MAX, REPLAY_PAGE,
        REPLAY_ROOM_EVERY, REPLAY_UNWRITTEN_MAX, REQUEST_CACHE_BYTES_MAX, RETENTION_AGE,
        RETENTION_MIN, RETIRE_BATCH, RUN_WAIT_EXPECTED_MAX, RUN_WAIT_MAX, Retention,
        SIZE_STEP_EVENTS, STOP_TIME_MAX, SWEEP_EVERY, TRANSFORMS_MAX, TURNS_WAITING_MAX,
    },
    timer::{Timer, TokioTimer},
};

/// Why the loop cannot go on. The host must end with an error: nothing is delivered without the loop.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    /// The lease is too short for an exchange.
    #[error(
        "a lease of {lease:?} is too short: it must be at least three halves of an exchange ({exchange:?})"
    )]
    Lease {
        /// What was asked for.
        lease: Duration,
        /// How long an exchange may take.
        exchange: Duration,
    },
    /// The store fails again and again.
    #[error("the store could not be read {times} times in a row, the last time because: {last}")]
    Store {
        /// How often.
        times: u32,
        /// What it said last.
        last: Error,
    },
    /// The engine is closed.
    #[error("the engine that runs plugins has closed")]
    EngineClosed,
    /// A part of the loop panicked.
    #[error("a part of the delivery loop panicked: {0}")]
    Panicked(String),
}

/// Why a term is over, and whether it came to know all that was there.
struct Over {
    error: Error,
    was_current: bool,
}

impl Over {
    /// Whether it says that the store cannot be used, and not that another host leads.
    fn is_failure(&self) -> bool {
        !self.was_current && !matches!(self.error, Error::Taken(_) | Error::Fenced)
    }
}

/// Runs the loop until `stop` is cancelled. Then it begins nothing new, waits for what is in flight within
/// [`Options::stop_time`], settles it, and ends. Without a lead it waits for one, for ever.
///
/// # Errors
/// When the loop cannot go on. What is open stays in the ledger.
pub async fn run(parts: Parts, options: Options, stop: CancellationToken) -> Result<(), LoopError> {
    let serving = AssertUnwindSafe(lead_and_serve(&parts, &options, &stop)).catch_unwind();
    let outcome = serving.await.unwrap_or_else(|panic| Err(LoopError::Panicked(text_of(&*panic))));
    match &outcome {
        Ok(()) => parts.health.ended("the host stops"),
        Err(error) => parts.health.ended(error.to_string()),
    }
    outcome
}

async fn lead_and_serve(
    parts: &Parts,
    options: &Options,
    stop: &CancellationToken,
) -> Result<(), LoopError> {
    if options.lease < options.exchange_time.mul_f64(1.5) {
        return Err(LoopError::Lease { lease: options.lease, exchange: options.exchange_time });
    }
    let (mut wait, mut failures) = (LEAD_RETRY_MIN, 0);
    while !stop.is_cancelled() {
        let began = parts.clock.now();
        parts.health.turned(began);
        match serve(parts, options, stop).await? {
            None => return Ok(()),
            Some(over) => {
                failures = if over.is_failure() { failures + 1 } else { 0 };
                let error = over.error;
                if failures >= FAILED_TERMS_MAX {
                    return Err(LoopError::Store { times: failures, last: error });
                }
                if let Error::Taken(host) = error {
                    info!(%host, "another host leads");
                } else {
                    parts.metrics.resigned();
                    warn!(%error, "the lead was given up");
                }
            }
        }
        let now = parts.clock.now();
        // A term that lasted was a good one: the next begins soon. Otherwise the waits grow.
        wait = if now.since(began) > options.lease { LEAD_RETRY_MIN } else { wait };
        tokio::select! {
            () = stop.cancelled() => {}
            () = parts.timer.wait_until(now.after(wait)) => {}
        }
        wait = (wait * 2).min(LEAD_RETRY_MAX);
    }
    Ok(())
}

/// Takes the lead and serves one term. `None`: the host stops. Otherwise why the term is over.
async fn serve(
    parts: &Parts,
    options: &Options,
    stop: &CancellationToken,
) -> Result<Option<Over>, LoopError> {
    let taken = async {
        let lead = parts.ledger.lead(options.shard, &options.host, options.lease).await?;
        let feed = parts.ledger.agenda(&lead).await?;
        Ok((lead, feed))
    };
    let (lead, feed) = match taken.await {
        Ok(taken) => taken,
        Err(error) => {
            if !matches!(error, Error::Taken(_) | Error::Fenced) {
                parts.health.store_failed(error.to_string());
            }
            return Ok(Some(Over { error, was_current: false }));
        }
    };
    info!(shard = lead.shard.0, epoch = lead.epoch, "leads");
    let now = parts.clock.now();
    let mut catalog = parts.transformer.catalog();
    catalog.mark_changed();
    let mut serving = Serving {
        lead: Arc::new(lead.clone()),
        term: Term::new(lead, parts, options, now),
        parts: Arc::new(parts.clone()),
        options: Arc::new(options.clone()),
        stop: stop.clone(),
        feed,
        catalog: Some(catalog),
        jobs: JoinSet::new(),
        asked: FuturesUnordered::new(),
    };
    let ending = serving.serve().await;
    // The old term's jobs are really over before the next begins; what they had in flight is sent again.
    serving.asked.clear();
    serving.jobs.shutdown().await;
    let was_current = serving.term.is_current();
    Ok(ending?.map(|error| Over { error, was_current }))
}

/// What the loop takes in before it looks what can begin. More would be done at once, and begun later.
const ACTIONS_PER_TURN_MAX: usize = 64;

/// A term and what it waits for.
struct Serving {
    term: Term,
    /// The lead as the term has it.
    lead: Arc<Lead>,
    parts: Arc<Parts>,
    options: Arc<Options>,
    stop: CancellationToken,
    feed: mpsc::Receiver<Entry>,
    catalog: Option<watch::Receiver<Arc<Catalog>>>,
    /// What works for itself: exchanges above all. Bounded by the agenda's cap, the number of writes, of closings and
    /// of redrives, and by one step each of a replay and of the sweep.
    jobs: JoinSet<Action>,
    /// What only asks others and waits for their answer: transforms and settlements. The loop asks for itself: that
    /// takes no task, and answers that come together wake it once. Bounded by the number of transforms, and as the
    /// jobs are.
    asked: FuturesUnordered<Asked>,
}

/// Something that was asked, and what will have happened when it is answered.
type Asked = Pin<Box<dyn Future<Output = Action> + Send>>;

impl Serving {
    async fn serve(&mut self) -> Result<Option<Error>, LoopError> {
        loop {
            let action = self.select().await?;
            self.term.take_in(action, self.parts.clock.now());
            self.take_in_what_is_there()?;
            self.begin();
            match self.term.ending() {
                Some(Ending::Resigned(error)) => return Ok(Some(error.clone())),
                Some(Ending::FeedEnded) => return Ok(Some(Error::Fenced)),
                Some(Ending::EngineClosed) => return Err(LoopError::EngineClosed),
                None => {}
            }
            let under_way = self.jobs.len() + self.asked.len();
            if let Some(until) = self.term.stop_until()
                && (under_way == 0 || self.parts.clock.now() >= until)
            {
                if under_way > 0 {
                    warn!(jobs = under_way, "the time to stop is over; what is in flight is cut");
                }
                return Ok(None);
            }
        }
    }

    /// Waits for the next thing that happens. The only place where the loop waits.
    async fn select(&mut self) -> Result<Action, LoopError> {
        let stopping = self.term.stop_until().is_some();
        let wake = self.term.wake_at(self.parts.clock.now());
        tokio::select! {
            biased;
            () = self.stop.cancelled(), if !stopping => Ok(Action::Stop),
            Some(catalog) = changed(&mut self.catalog) => Ok(Action::Plugins(catalog)),
            Some(job) = self.jobs.join_next() => job.map_err(panicked),
            Some(answered) = self.asked.next() => Ok(answered),
            entry = self.feed.recv(), if self.term.wants_entry() => {
                Ok(entry.map_or(Action::FeedEnded, Action::Fed))
            }
            () = wait_until(&self.parts, wake) => Ok(Action::Time),
        }
    }

    /// Takes in, without waiting, what has happened beside the first thing: one turn then begins what follows from
    /// all of it. Jobs, answers and the feed take turns, so that none starves another when each always has something.
    fn take_in_what_is_there(&mut self) -> Result<(), LoopError> {
        let now = self.parts.clock.now();
        let (mut taken, mut before) = (1, 0);
        while taken > before && taken < ACTIONS_PER_TURN_MAX {
            before = taken;
            for source in [Self::job_done, Self::answered, Self::fed] {
                if self.term.ending().is_some() {
                    return Ok(());
                }
                if let Some(action) = source(self) {
                    self.term.take_in(action?, now);
                    taken += 1;
                }
            }
        }
        Ok(())
    }

    fn job_done(&mut self) -> Option<Result<Action, LoopError>> {
        self.jobs.try_join_next().map(|job| job.map_err(panicked))
    }

    fn answered(&mut self) -> Option<Result<Action, LoopError>> {
        if self.asked.is_empty() {
            return None;
        }
        self.asked.next().now_or_never().flatten().map(Ok)
    }

    fn fed(&mut self) -> Option<Result<Action, LoopError>> {
        if !self.term.wants_entry() {
            return None;
        }
        match self.feed.try_recv() {
            Ok(entry) => Some(Ok(Action::Fed(entry))),
            Err(mpsc::error::TryRecvError::Disconnected) => Some(Ok(Action::FeedEnded)),
            Err(mpsc::error::TryRecvError::Empty) => None,
        }
    }

    /// Begins all that can begin now.
    fn begin(&mut self) {
        let effects = self.term.turn(self.parts.clock.now());
        if *self.lead != self.term.lead {
            self.lead = Arc::new(self.term.lead.clone());
        }
        let shard = self.options.shard;
        for effect in effects {
            let (parts, lead) = (Arc::clone(&self.parts), Arc::clone(&self.lead));
            match effect {
                Effect::Send(flight, exchange) => {
                    self.jobs.spawn(perform::send(parts, flight, exchange));
                }
                Effect::Run(run) => {
                    self.asked.push(Box::pin(perform::run(parts, shard, run)));
                }
                Effect::Settle(why, settlement) => {
                    let settled = perform::settle(parts, shard, lead, why, settlement);
                    self.asked.push(Box::pin(settled));
                }
                rare => {
                    self.jobs.spawn(perform(parts, Arc::clone(&self.options), lead, rare));
                }
            }
        }
    }
}

fn panicked(error: JoinError) -> LoopError {
    match error.try_into_panic() {
        Ok(panic) => LoopError::Panicked(text_of(&*panic)),
        Err(error) => LoopError::Panicked(error.to_string()),
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text").into()
}

async fn wait_until(parts: &Parts, at: Timestamp) {
    parts.timer.wait_until(at).await;
}

/// The plugins, when they have changed. A transformer that is gone changes nothing any more.
async fn changed(catalog: &mut Option<watch::Receiver<Arc<Catalog>>>) -> Option<Arc<Catalog>> {
    let receiver = catalog.as_mut()?;
    if receiver.changed().await.is_err() {
        *catalog = None;
        return None;
    }
    Some(Arc::clone(&receiver.borrow_and_update()))
}
