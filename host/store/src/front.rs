//! A ledger in front of another one.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use transload_domain::{Event, Organization};

use crate::{
    Change, Dispatch, Entry, Key, Lead, Ledger, Page, Query, Receipt, Record, Result, Retired,
    Retirement, Revision, Settlement, Shard,
};

/// A ledger in front of another: each verb is passed on, unless the front has something of its own to say. Whatever
/// is a front is a [`Ledger`], so that a wrapper (for a test, for measurements) says only what it changes.
///
/// Import it where it is implemented and nowhere else: its verbs have the names of the ledger's.
#[async_trait]
pub trait Front: Send + Sync + 'static {
    /// The ledger that verbs are passed on to.
    fn behind(&self) -> &dyn Ledger;

    /// As [`Ledger::lead`].
    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        self.behind().lead(shard, host, lease).await
    }

    /// As [`Ledger::agenda`].
    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        self.behind().agenda(lead).await
    }

    /// As [`Ledger::accept`].
    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        self.behind().accept(shard, events).await
    }

    /// As [`Ledger::dispatch`].
    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        self.behind().dispatch(lead, dispatches).await
    }

    /// As [`Ledger::settle`].
    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        self.behind().settle(lead, settlement).await
    }

    /// As [`Ledger::configure`].
    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        self.behind().configure(shard, change, expected).await
    }

    /// As [`Ledger::read`].
    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        self.behind().read(shard, key).await
    }

    /// As [`Ledger::page`].
    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        self.behind().page(shard, query, after, limit).await
    }

    /// As [`Ledger::retire`].
    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        self.behind().retire(lead, retirement).await
    }

    /// As [`Ledger::size`].
    async fn size(&self, shard: Shard) -> Result<u64> {
        self.behind().size(shard).await
    }

    /// As [`Ledger::undispatched`].
    fn undispatched(&self, shard: Shard) -> u64 {
        self.behind().undispatched(shard)
    }

    /// As [`Ledger::undispatched_of`].
    fn undispatched_of(&self, shard: Shard, organization: &Organization) -> u64 {
        self.behind().undispatched_of(shard, organization)
    }
}

#[async_trait]
impl<F: Front> Ledger for F {
    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        Front::lead(self, shard, host, lease).await
    }

    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        Front::agenda(self, lead).await
    }

    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        Front::accept(self, shard, events).await
    }

    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        Front::dispatch(self, lead, dispatches).await
    }

    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        Front::settle(self, lead, settlement).await
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        Front::configure(self, shard, change, expected).await
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        Front::read(self, shard, key).await
    }

    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        Front::page(self, shard, query, after, limit).await
    }

    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        Front::retire(self, lead, retirement).await
    }

    async fn size(&self, shard: Shard) -> Result<u64> {
        Front::size(self, shard).await
    }

    fn undispatched(&self, shard: Shard) -> u64 {
        Front::undispatched(self, shard)
    }

    fn undispatched_of(&self, shard: Shard, organization: &Organization) -> u64 {
        Front::undispatched_of(self, shard, organization)
    }
}
