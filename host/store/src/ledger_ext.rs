//! Comfort over the ledger's verbs: the record that a key can only give, taken out of its wrapping.

use async_trait::async_trait;
use transload_domain::{
    Delivery, DeliveryId, DeliveryKey, Digest, Event, EventNo, Head, Made, Organization, Profile,
    Replay, ReplayId, Status, Webhook, WebhookId,
};

use crate::{Error, Key, Ledger, Record, Result, Revision, Shard};

/// Reads of a [`Ledger`] by what is read. Each sees every acknowledged write, and fails as [`Ledger::read`] does.
#[async_trait]
pub trait LedgerExt: Ledger {
    /// An event by its number.
    async fn event(&self, shard: Shard, no: EventNo) -> Result<Option<Event>> {
        match self.read(shard, Key::Event(no)).await? {
            Some(Record::Event(_, event)) => Ok(Some(*event)),
            other => nothing(other.as_ref()),
        }
    }

    /// An event's number by its identity.
    async fn event_by(&self, shard: Shard, identity: Digest) -> Result<Option<EventNo>> {
        match self.read(shard, Key::EventBy(identity)).await? {
            Some(Record::No(no)) => Ok(Some(no)),
            other => nothing(other.as_ref()),
        }
    }

    /// A delivery's head.
    async fn head(&self, shard: Shard, key: DeliveryKey) -> Result<Option<Head>> {
        match self.read(shard, Key::Head(key)).await? {
            Some(Record::Head(head)) => Ok(Some(head)),
            other => nothing(other.as_ref()),
        }
    }

    /// What a delivery's transform made.
    async fn made(&self, shard: Shard, key: DeliveryKey) -> Result<Option<Made>> {
        match self.read(shard, Key::Made(key)).await? {
            Some(Record::Made(made)) => Ok(Some(*made)),
            other => nothing(other.as_ref()),
        }
    }

    /// A delivery by its public id.
    async fn delivery(&self, shard: Shard, id: DeliveryId) -> Result<Option<Delivery>> {
        match self.read(shard, Key::Delivery(id)).await? {
            Some(Record::Delivery(delivery)) => Ok(Some(*delivery)),
            other => nothing(other.as_ref()),
        }
    }

    /// A value of plugin state, with its revision.
    async fn state(
        &self,
        shard: Shard,
        webhook: WebhookId,
        key: &str,
    ) -> Result<Option<(Revision, Vec<u8>)>> {
        match self.read(shard, Key::State(webhook, key.to_owned())).await? {
            Some(Record::State(revision, value)) => Ok(Some((revision, value))),
            other => nothing(other.as_ref()),
        }
    }

    /// A webhook, with its revision.
    async fn webhook(
        &self,
        shard: Shard,
        organization: &Organization,
        id: WebhookId,
    ) -> Result<Option<(Revision, Webhook)>> {
        match self.read(shard, Key::Webhook(organization.clone(), id)).await? {
            Some(Record::Webhook(revision, webhook)) => Ok(Some((revision, *webhook))),
            other => nothing(other.as_ref()),
        }
    }

    /// A plugin version's rules.
    async fn profile(&self, shard: Shard, digest: Digest) -> Result<Option<Profile>> {
        match self.read(shard, Key::Profile(digest)).await? {
            Some(Record::Profile(profile)) => Ok(Some(*profile)),
            other => nothing(other.as_ref()),
        }
    }

    /// A replay, with its revision.
    async fn replay(
        &self,
        shard: Shard,
        organization: &Organization,
        id: ReplayId,
    ) -> Result<Option<(Revision, Replay)>> {
        match self.read(shard, Key::Replay(organization.clone(), id)).await? {
            Some(Record::Replay(revision, replay)) => Ok(Some((revision, *replay))),
            other => nothing(other.as_ref()),
        }
    }

    /// An access record, with its revision.
    async fn access(&self, shard: Shard, id: &str) -> Result<Option<(Revision, Vec<u8>)>> {
        match self.read(shard, Key::Access(id.to_owned())).await? {
            Some(Record::Access(revision, value)) => Ok(Some((revision, value))),
            other => nothing(other.as_ref()),
        }
    }

    /// How many deliveries a webhook has in a status.
    async fn count(&self, shard: Shard, webhook: WebhookId, status: Status) -> Result<u64> {
        match self.read(shard, Key::Count(webhook, status)).await? {
            Some(Record::Count(count)) => Ok(count),
            other => nothing(other.as_ref()).map(|none: Option<u64>| none.unwrap_or(0)),
        }
    }
}

impl<L: Ledger + ?Sized> LedgerExt for L {}

fn nothing<T>(record: Option<&Record>) -> Result<Option<T>> {
    match record {
        None => Ok(None),
        Some(_) => Err(Error::Corrupt("the store answered with another kind of record".into())),
    }
}
