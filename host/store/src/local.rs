//! A ledger of one process, over any row store. It has one shard: 0.

mod accept;
mod agenda;
mod configure;
mod delivery;
mod dispatch;
mod events;
mod failures;
pub(crate) mod format;
pub(crate) mod gone;
mod lead;
pub(crate) mod listed;
mod merged;
mod page;
mod read;
pub(crate) mod rebuild;
mod replay;
mod retire;
mod settle;
mod state;
mod suspend;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use transload_domain::{Clock, Event, Organization};

use crate::{
    Change, Dispatch, Entry, Error, Key, Lead, Ledger, Page, Query, Receipt, Record, Result,
    Retired, Retirement, Revision, Settlement, Shard,
    journal::{Journal, Writer},
    leadership::Leadership,
    rows::Rows,
    stats::Observer,
    undispatched::Undispatched,
};

/// A ledger over rows of this process, memory or disk: one journal writes, everybody reads.
pub struct Local<R: Rows> {
    rows: RwLock<Option<Arc<R>>>,
    journal: Journal<R>,
    tracker: TaskTracker,
    clock: Arc<dyn Clock>,
    undispatched: Arc<Undispatched>,
}

impl<R: Rows> Local<R> {
    /// A ledger whose writes happen on their callers' threads, one by one.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn inline(rows: R, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::over(rows, clock, None, |writer| Ok(Journal::inline(writer)))
    }

    /// A ledger with a thread that groups its writes.
    ///
    /// # Errors
    /// When the rows cannot be read, or the thread cannot be started.
    pub fn threaded(
        rows: R,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Self> {
        Self::over(rows, clock, observer, |writer| {
            let failed = |error| Error::Unavailable(format!("start the journal's thread: {error}"));
            Journal::thread(writer).map_err(failed)
        })
    }

    fn over(
        rows: R,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn Observer>>,
        journal: impl FnOnce(Writer<R>) -> Result<Journal<R>>,
    ) -> Result<Self> {
        let rows = Arc::new(rows);
        let undispatched = Arc::new(Undispatched::count(&*rows)?);
        let journal = journal(Writer {
            rows: rows.clone(),
            observer,
            leadership: Leadership::default(),
            undispatched: undispatched.clone(),
        })?;
        let (rows, tracker) = (RwLock::new(Some(rows)), TaskTracker::new());
        Ok(Self { rows, journal, tracker, clock, undispatched })
    }

    /// Whether writes are taken: false after one that failed, and after a shutdown.
    pub fn is_alive(&self) -> bool {
        self.journal.is_alive()
    }

    /// Bytes that the ledger takes where it is kept.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that cannot be found out, or after a shutdown.
    pub fn bytes(&self) -> Result<u64> {
        self.rows()?.bytes()
    }

    /// Ends what was begun, ends every agenda, and lets go of the rows, so that the store can be opened again.
    /// Whatever comes later is answered with [`Error::Unavailable`].
    pub async fn shutdown(&self) {
        if let Some(thread) = self.journal.close() {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the journal's thread did not end in order");
            }
        }
        self.tracker.close();
        self.tracker.wait().await;
        let rows = self.rows.write().unwrap_or_else(PoisonError::into_inner).take();
        // Closing a store writes its last pages: not on a thread that runs tasks.
        if let Some(rows) = rows
            && rows.blocks()
            && tokio::task::spawn_blocking(move || drop(rows)).await.is_err()
        {
            tracing::error!("the store did not close in order");
        }
    }

    fn rows(&self) -> Result<Arc<R>> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.clone().ok_or_else(|| Error::Unavailable("the ledger is shut down".into()))
    }

    /// Reads ranges, where that may wait for a disk on a thread of its own.
    async fn read_rows<T: Send + 'static>(
        &self,
        read: impl FnOnce(&R) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        off_thread(&self.tracker, &self.rows()?, read).await
    }
}

#[async_trait]
impl<R: Rows> Ledger for Local<R> {
    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        only(shard)?;
        self.take_lead(host, lease).await
    }

    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        self.open_agenda(lead).await
    }

    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        only(shard)?;
        self.accept_events(events).await
    }

    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        self.write_dispatches(lead, dispatches).await
    }

    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        self.write_settlement(lead, settlement).await
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        only(shard)?;
        self.change(change, expected).await
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        only(shard)?;
        read::read(&*self.rows()?, key)
    }

    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        only(shard)?;
        self.read_rows(move |rows| page::page(rows, &query, after.as_deref(), limit)).await
    }

    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        self.retire_events(lead, retirement).await
    }

    async fn size(&self, shard: Shard) -> Result<u64> {
        only(shard)?;
        self.read_rows(R::bytes).await
    }

    fn undispatched(&self, shard: Shard) -> u64 {
        only(shard).map_or(0, |()| self.undispatched.all())
    }

    fn undispatched_of(&self, shard: Shard, organization: &Organization) -> u64 {
        only(shard).map_or(0, |()| self.undispatched.of(organization))
    }
}

/// Reads rows, on a thread that may wait where the rows wait for a disk.
pub(crate) async fn off_thread<R: Rows, T: Send + 'static>(
    tracker: &TaskTracker,
    rows: &Arc<R>,
    read: impl FnOnce(&R) -> Result<T> + Send + 'static,
) -> Result<T> {
    if !rows.blocks() {
        return read(rows);
    }
    let rows = rows.clone();
    let result = tracker.spawn_blocking(move || read(&rows)).await;
    result.unwrap_or_else(|error| Err(Error::Unavailable(format!("a read was given up: {error}"))))
}

fn only(shard: Shard) -> Result<()> {
    if shard == Shard(0) {
        return Ok(());
    }
    Err(Error::NotFound(format!("shard {}: this ledger has only shard 0", shard.0)))
}
