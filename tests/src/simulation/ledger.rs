//! The store of a simulation: in memory, watched from within, and reached through doors that are slow or shut.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::mpsc;
use transload_domain::{Event, EventNo, Organization};
use transload_store::{
    Change, Dispatch, Entry, Error, Faulty, Key, Lead, Ledger, LedgerExt as _, Memory, Page, Query,
    Receipt, Record, Result, Retired, Retirement, Revision, Settlement, Shard,
};

use super::{
    facts::{Facts, Promise},
    time::Time,
};
use crate::dice::Dice;

/// How long a call takes to fail that cannot reach the store.
const UNREACHABLE: Duration = Duration::from_millis(500);

/// How long a call may take before it excuses the host.
const SLOW: Duration = Duration::from_secs(1);

/// A ledger in memory that writes down what took effect, whether the caller learns of it or not.
pub(super) struct Watched {
    memory: Memory,
    facts: Arc<Facts>,
    time: Time,
}

/// The store as all of a simulation share it.
pub(super) type Store = Faulty<Watched>;

/// One host's way to the store.
pub(super) struct Door {
    store: Arc<Store>,
    time: Time,
    dice: Arc<Dice>,
    facts: Arc<Facts>,
    shut: AtomicBool,
    /// The longest that a call waits on its way in, and on its way back; milliseconds.
    slow_millis: AtomicU64,
}

impl Watched {
    pub(super) fn new(facts: Arc<Facts>, time: Time) -> Self {
        Self { memory: Memory::new(Arc::new(time.clone())), facts, time }
    }

    /// The events that were there, and are not there any more.
    async fn gone(&self) -> Vec<EventNo> {
        let known: Vec<EventNo> = {
            let facts = self.facts.state();
            facts.events.iter().filter(|(_, fact)| !fact.retired).map(|(no, _)| *no).collect()
        };
        let mut gone = Vec::new();
        for no in known {
            if matches!(self.memory.event(Shard::default(), no).await, Ok(None)) {
                gone.push(no);
            }
        }
        gone
    }
}

impl Door {
    pub(super) fn new(
        store: &Arc<Store>,
        time: &Time,
        dice: &Arc<Dice>,
        facts: &Arc<Facts>,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            time: time.clone(),
            dice: Arc::clone(dice),
            facts: Arc::clone(facts),
            shut: AtomicBool::new(false),
            slow_millis: AtomicU64::new(0),
        }
    }

    /// Nothing comes through until the door is open again.
    pub(super) fn shut(&self, shut: bool) {
        self.shut.store(shut, Ordering::SeqCst);
    }

    pub(super) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::SeqCst)
    }

    /// Calls wait up to so long, in each direction.
    pub(super) fn slow(&self, millis: u64) {
        self.slow_millis.store(millis, Ordering::SeqCst);
    }

    /// The way in or back: it takes its time, and ends at a door that is shut.
    async fn pass(&self) -> Result<()> {
        let slow = self.slow_millis.load(Ordering::SeqCst);
        if slow > 0 && self.dice.per_mille(700) {
            let wait = self.dice.millis(0..slow);
            self.time.sleep(wait).await;
            if wait > SLOW {
                self.disturbed();
            }
        }
        if self.is_shut() {
            self.time.sleep(UNREACHABLE).await;
            self.disturbed();
            return Err(Error::Unavailable("the store cannot be reached".into()));
        }
        Ok(())
    }

    /// What the store refused excuses the host.
    fn seen<T>(&self, result: Result<T>) -> Result<T> {
        if matches!(result, Err(Error::Unavailable(_))) {
            self.disturbed();
        }
        result
    }

    fn disturbed(&self) {
        self.facts.state().disturbed = self.time.steady();
    }
}

#[async_trait]
impl Ledger for Watched {
    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        let lead = self.memory.lead(shard, host, lease).await?;
        self.facts.state().leads(&lead, self.time.steady());
        Ok(lead)
    }

    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        self.memory.agenda(lead).await
    }

    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        let receipts = self.memory.accept(shard, events.clone()).await?;
        self.facts.state().accepted(&events, &receipts, self.time.steady());
        Ok(receipts)
    }

    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        let answers = self.memory.dispatch(lead, dispatches.clone()).await;
        for (dispatch, answer) in dispatches.iter().zip(&answers) {
            if answer.is_ok() {
                self.facts.state().dispatched(lead, dispatch);
            }
        }
        answers
    }

    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        self.memory.settle(lead, settlement.clone()).await?;
        self.facts.state().settled(lead, &settlement);
        Ok(())
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        let revision = self.memory.configure(shard, change.clone(), expected).await?;
        match change {
            Change::Webhook(webhook) => self.facts.state().configured(&webhook),
            Change::RemoveWebhook(_, webhook) => self.facts.state().removed(webhook),
            Change::Suspend { organization, webhook, at, reason, event, .. } => {
                let stored = self.memory.webhook(shard, &organization, webhook).await?;
                if stored.is_none_or(|(_, stored)| stored.suspended_at != Some(at)) {
                    return Ok(revision);
                }
                let told = self.memory.event_by(shard, event.identity()).await?;
                let steady = self.time.steady();
                self.facts.state().suspended(webhook, at, &reason, &event, told, steady);
            }
            Change::Redrive { delivery, wish } => self.facts.state().asked(delivery, wish.as_ref()),
            Change::Replay(replay) => self.facts.state().replayed(&replay),
            Change::Profile(..) | Change::Access { .. } => {}
        }
        Ok(revision)
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        self.memory.read(shard, key).await
    }

    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        self.memory.page(shard, query, after, limit).await
    }

    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        let retired = self.memory.retire(lead, retirement).await?;
        if retired.events > 0 {
            let gone = self.gone().await;
            let mut facts = self.facts.state();
            if gone.len() != retired.events {
                let words = format!("{} events are gone, not {}", gone.len(), retired.events);
                facts.broken(Promise::I1, words);
            }
            facts.retired(lead, &gone, retirement.accepted_before, self.time.latest());
        }
        Ok(retired)
    }

    async fn size(&self, shard: Shard) -> Result<u64> {
        self.memory.size(shard).await
    }

    fn undispatched(&self, shard: Shard) -> u64 {
        self.memory.undispatched(shard)
    }

    fn undispatched_of(&self, shard: Shard, organization: &Organization) -> u64 {
        self.memory.undispatched_of(shard, organization)
    }
}

#[async_trait]
impl Ledger for Door {
    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        self.pass().await?;
        let lead = self.seen(self.store.lead(shard, host, lease).await);
        self.pass().await?;
        lead
    }

    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        self.pass().await?;
        self.seen(self.store.agenda(lead).await)
    }

    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        self.pass().await?;
        let receipts = self.store.accept(shard, events).await;
        self.pass().await?;
        receipts
    }

    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        let count = dispatches.len();
        if let Err(error) = self.pass().await {
            return vec![Err(error); count];
        }
        let answers = self.store.dispatch(lead, dispatches).await;
        if let Err(error) = self.pass().await {
            return vec![Err(error); count];
        }
        answers.into_iter().map(|answer| self.seen(answer)).collect()
    }

    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        self.pass().await?;
        let settled = self.seen(self.store.settle(lead, settlement).await);
        self.pass().await?;
        settled
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        self.pass().await?;
        let revision = self.seen(self.store.configure(shard, change, expected).await);
        self.pass().await?;
        revision
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        // A plugin reads its state on a thread that waits: there the store answers at once, or not at all.
        if !matches!(key, Key::State(..)) {
            self.pass().await?;
        }
        self.seen(self.store.read(shard, key).await)
    }

    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        self.pass().await?;
        self.seen(self.store.page(shard, query, after, limit).await)
    }

    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        self.pass().await?;
        let retired = self.seen(self.store.retire(lead, retirement).await);
        self.pass().await?;
        retired
    }

    async fn size(&self, shard: Shard) -> Result<u64> {
        self.pass().await?;
        self.seen(self.store.size(shard).await)
    }

    fn undispatched(&self, shard: Shard) -> u64 {
        self.store.undispatched(shard)
    }

    fn undispatched_of(&self, shard: Shard, organization: &Organization) -> u64 {
        self.store.undispatched_of(shard, organization)
    }
}
