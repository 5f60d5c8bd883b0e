//! A ledger that a test can hold up, or make fail.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Notify, Semaphore, mpsc};
use transload_domain::Event;
use transload_store::{
    Change, Dispatch, Entry, Error, Key, Lead, Ledger, Memory, Page, Query, Receipt, Record,
    Result, Retired, Retirement, Revision, Settlement, Shard,
};

/// The memory ledger, whose answers to `accept` can be held up and whose writes can fail.
pub(crate) struct Watched {
    inner: Memory,
    broken: AtomicBool,
    answers: Semaphore,
    accepting: Notify,
}

impl Watched {
    pub(super) fn new(inner: Memory) -> Self {
        let answers = Semaphore::new(Semaphore::MAX_PERMITS);
        Self { inner, broken: AtomicBool::new(false), answers, accepting: Notify::new() }
    }

    /// From now on every write fails, as on a disk that is full.
    pub(crate) fn break_disk(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// From now on `accept` writes and does not return.
    pub(crate) fn hold_answers(&self) {
        self.answers.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets one `accept` return.
    pub(crate) fn let_one_answer(&self) {
        self.answers.add_permits(1);
    }

    /// Waits until an `accept` has begun.
    pub(crate) async fn accepting(&self) {
        let begun = self.accepting.notified();
        tokio::time::timeout(Duration::from_secs(10), begun).await.expect("nobody accepts");
    }

    fn disk(&self) -> Result<()> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(Error::Unavailable("no space left on device".into())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Ledger for Watched {
    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        self.accepting.notify_one();
        let permit = self.answers.acquire().await.expect("the semaphore is never closed");
        permit.forget();
        self.disk()?;
        self.inner.accept(shard, events).await
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        self.disk()?;
        self.inner.configure(shard, change, expected).await
    }

    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        self.inner.lead(shard, host, lease).await
    }

    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        self.inner.agenda(lead).await
    }

    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        self.inner.dispatch(lead, dispatches).await
    }

    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        self.inner.settle(lead, settlement).await
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        self.inner.read(shard, key).await
    }

    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        self.inner.page(shard, query, after, limit).await
    }

    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        self.inner.retire(lead, retirement).await
    }

    async fn size(&self, shard: Shard) -> Result<u64> {
        self.inner.size(shard).await
    }

    fn undispatched(&self, shard: Shard) -> u64 {
        self.inner.undispatched(shard)
    }
}
