//! A ledger that fails now and then, by a seed: for tests of what stands on ledgers.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::mpsc;
use transload_domain::{Event, Organization};

use crate::{
    Change, Dispatch, Entry, Error, Key, Lead, Ledger, Page, Query, Receipt, Record, Result,
    Retired, Retirement, Revision, Settlement, Shard,
};

/// How often a call fails, in a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Before it had any effect.
    pub before_per_mille: u16,
    /// After it took effect: the caller cannot know. Reads have no effect, so they never fail so.
    pub after_per_mille: u16,
}

/// Any ledger, with seeded failures, each [`Error::Unavailable`]. The same seed and the same calls in the same order
/// fail in the same places.
pub struct Faulty<L> {
    ledger: L,
    seed: AtomicU64,
    /// Both rates, so that they change together.
    faults: AtomicU64,
}

impl<L: Ledger> Faulty<L> {
    /// A ledger that fails as `faults` says.
    pub fn new(ledger: L, seed: u64, faults: Faults) -> Self {
        let faulty = Self { ledger, seed: AtomicU64::new(seed), faults: AtomicU64::new(0) };
        faulty.set(faults);
        faulty
    }

    /// Fails as `faults` says from now on; [`Faults::default`] heals.
    pub fn set(&self, faults: Faults) {
        let both = u64::from(faults.before_per_mille) << 16 | u64::from(faults.after_per_mille);
        self.faults.store(both, Ordering::SeqCst);
    }

    /// The ledger inside.
    pub fn inner(&self) -> &L {
        &self.ledger
    }

    fn before(&self) -> Result<()> {
        self.fail(self.faults.load(Ordering::SeqCst) >> 16, "before the call had an effect")
    }

    fn after(&self) -> Result<()> {
        self.fail(self.faults.load(Ordering::SeqCst) & 0xffff, "after the call had its effect")
    }

    fn fail(&self, per_mille: u64, when: &str) -> Result<()> {
        if self.random() % 1_000 < per_mille {
            return Err(Error::Unavailable(format!("a fault of the test, {when}")));
        }
        Ok(())
    }

    /// SplitMix64 (Steele, Lea and Flood 2014): one addition and some mixing, whatever the seed.
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.seed.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[async_trait]
impl<L: Ledger> Ledger for Faulty<L> {
    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        self.before()?;
        let lead = self.ledger.lead(shard, host, lease).await?;
        self.after().map(|()| lead)
    }

    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        self.before()?;
        self.ledger.agenda(lead).await
    }

    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        self.before()?;
        let receipts = self.ledger.accept(shard, events).await?;
        self.after().map(|()| receipts)
    }

    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        let count = dispatches.len();
        if let Err(error) = self.before() {
            return vec![Err(error); count];
        }
        let answers = self.ledger.dispatch(lead, dispatches).await;
        match self.after() {
            Ok(()) => answers,
            Err(error) => vec![Err(error); count],
        }
    }

    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        self.before()?;
        self.ledger.settle(lead, settlement).await?;
        self.after()
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        self.before()?;
        let revision = self.ledger.configure(shard, change, expected).await?;
        self.after().map(|()| revision)
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        self.before()?;
        self.ledger.read(shard, key).await
    }

    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        self.before()?;
        self.ledger.page(shard, query, after, limit).await
    }

    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        self.before()?;
        let retired = self.ledger.retire(lead, retirement).await?;
        self.after().map(|()| retired)
    }

    async fn size(&self, shard: Shard) -> Result<u64> {
        self.before()?;
        self.ledger.size(shard).await
    }

    fn undispatched(&self, shard: Shard) -> u64 {
        self.ledger.undispatched(shard)
    }

    fn undispatched_of(&self, shard: Shard, organization: &Organization) -> u64 {
        self.ledger.undispatched_of(shard, organization)
    }
}
