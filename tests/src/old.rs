//! Events of yesterday: a store that has something to forget.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::time::sleep;
use transload_domain::{Clock, Event, EventId, EventNo, Organization, Timestamp};
use transload_store::{Dispatch, Ledger as _, Shard, Sled};

use crate::client::Client;

/// Events that are written at once.
const BATCH: usize = 1_000;
/// How often is asked whether they are forgotten.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Events that are to be forgotten.
pub struct Old {
    some: Vec<EventId>,
}

/// A clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Fills the store of a host that does not run with so many closed events from long ago.
///
/// # Errors
/// When the store cannot be opened or written.
pub async fn fill(data: &Path, organization: &str, count: usize) -> anyhow::Result<Old> {
    let organization = Organization::new(organization)?;
    let then = Timestamp::from_micros(1_600_000_000_000_000);
    let store = Sled::open(data, Arc::new(Still(then)), None).context("open the store")?;
    let lead = store.lead(Shard::default(), "yesterday", Duration::from_secs(1)).await?;
    // A lead that follows its agenda keeps the lead; nothing of it is read here.
    let _agenda = store.agenda(&lead).await?;
    let mut numbers: Vec<EventNo> = Vec::with_capacity(count);
    let event = |number: usize| Event {
        organization: organization.clone(),
        id: format!("old-{number}"),
        source: "/old".into(),
        kind: "old.thing".into(),
        subject: None,
        time: None,
        extensions: vec![],
        data: "{}".into(),
        accepted_at: then,
        emulated_for: None,
    };
    for from in (0..count).step_by(BATCH) {
        let events: Vec<Event> = (from..count.min(from + BATCH)).map(event).collect();
        let receipts = store.accept(Shard::default(), events).await?;
        let dispatch = |no: EventNo| Dispatch {
            event: no,
            replaces: None,
            deliveries: vec![],
            checks: vec![],
            changes: vec![],
        };
        let dispatches = receipts.iter().map(|receipt| dispatch(receipt.no)).collect();
        for written in store.dispatch(&lead, dispatches).await {
            written?;
        }
        numbers.extend(receipts.iter().map(|receipt| receipt.no));
    }
    store.shutdown().await;
    let id = |number: &usize| {
        let event = event(*number);
        EventId::new(numbers[*number], &organization, &event.source, &event.id)
    };
    Ok(Old { some: [0, count / 2, count - 1].iter().map(id).collect() })
}

impl Old {
    /// Waits until the first, one in the middle and the last of them are not found any more.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn until_forgotten(&self, client: &Client) -> anyhow::Result<()> {
        for id in &self.some {
            while client.get(&format!("/v1/events/{id}")).await?.status != 404 {
                sleep(ASK_AGAIN).await;
            }
        }
        Ok(())
    }
}
