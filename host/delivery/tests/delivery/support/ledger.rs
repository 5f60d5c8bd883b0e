//! A ledger whose doors a test can close.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::mpsc;
use transload_domain::{Content, Delivery, EventNo, Status, WebhookId};
use transload_store::{
    Change, Dispatch, Entry, Error, Front, Key, Lead, Ledger, Page, Query, Record, Result, Retired,
    Retirement, Revision, Settlement, Shard,
};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Dispatches are written when this is mended, and not before.
    DispatchWaits,
    /// The next dispatch fails and was not written.
    DispatchBefore,
    /// The next dispatch fails and was written.
    DispatchAfter,
    /// The next dispatch that this webhook has deliveries in finds that the state which they came from has changed.
    StaleOnce(WebhookId),
    /// The same for each such dispatch.
    Stale(WebhookId),
    /// Where the next dispatch would be written, the store is damaged.
    Damage,
    /// What was made for deliveries of other events than this one is read when this is mended, and not before.
    MadeWaitsBut(EventNo),
    /// The next settlement fails and was not written.
    SettleBefore,
    /// The next settlement fails and was written.
    SettleAfter,
    /// The next settlement meets a damaged row.
    SettleCorrupt,
    /// The next time that old events are forgotten one of them cannot be read.
    OldEventDamaged,
    /// Dead letters of this webhook are written when this is mended, and not before.
    ClosingsWait(WebhookId),
    /// Lists of what was delivered are read at once, and that is answered when this is mended.
    DeliveredListWaits,
    /// A wish for a delivery that is taken back is so when this is mended, and not before.
    TakeBackWaits,
    /// The same is written at once, and answered when this is mended.
    TakeBackAnswerWaits,
    /// A wish for a delivery is granted at once, and that is answered when this is mended.
    GrantAnswerWaits,
    /// The same, and that a delivery has arrived is written at once, and answered when this is mended.
    ArrivalAndGrantAnswersWait,
    /// How far a replay is, is written when this is mended, and not before.
    ReplayWaits,
    /// A webhook is suspended when this is mended, and not before.
    SuspendWaits,
    /// The next suspension of a webhook fails and was not written.
    SuspendBefore,
    /// What is there cannot be read, so an agenda begins and breaks off.
    AgendaBreaks,
    /// Every lead is for so short a time that no exchange fits in.
    ShortLease,
    /// Nothing works.
    Everything,
}

/// A ledger that fails as told, once each for a dispatch or a settlement.
pub(crate) struct Doors {
    inner: Arc<dyn Ledger>,
    fault: Mutex<Option<Fault>>,
    /// Pages of lists of what was delivered that were read.
    delivered_pages: AtomicUsize,
}

impl Doors {
    pub(crate) fn new(inner: Arc<dyn Ledger>) -> Self {
        Self { inner, fault: Mutex::default(), delivered_pages: AtomicUsize::new(0) }
    }

    pub(crate) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = Some(fault);
    }

    pub(crate) fn mend(&self) {
        *self.fault.lock().unwrap() = None;
    }

    pub(crate) fn delivered_pages(&self) -> usize {
        self.delivered_pages.load(SeqCst)
    }

    /// Whether the fault that was asked for is still to come.
    pub(crate) fn is_armed(&self) -> bool {
        self.fault.lock().unwrap().is_some()
    }

    fn fails(&self, fault: Fault) -> bool {
        *self.fault.lock().unwrap() == Some(fault)
    }

    fn fails_once(&self, fault: Fault) -> bool {
        let mut now = self.fault.lock().unwrap();
        let hit = *now == Some(fault);
        if hit {
            *now = None;
        }
        hit
    }

    /// Stale answers to a single dispatch; a group passes, so that the others are not held up by the test.
    fn stale(&self, dispatches: &[Dispatch]) -> Option<Vec<Result<()>>> {
        let mut fault = self.fault.lock().unwrap();
        let (Some(Fault::StaleOnce(webhook) | Fault::Stale(webhook)), [dispatch]) =
            (*fault, dispatches)
        else {
            return None;
        };
        let concerns = |one: &Delivery| {
            one.head.key.webhook == webhook && matches!(one.made.content, Content::Request(_))
        };
        if !dispatch.deliveries.iter().any(concerns) {
            return None;
        }
        if *fault == Some(Fault::StaleOnce(webhook)) {
            *fault = None;
        }
        Some(vec![Err(Error::Stale { webhook, what: "scripted change".into() })])
    }

    async fn wait_while(&self, fault: Fault) {
        while self.fails(fault) {
            tokio::task::yield_now().await;
        }
    }

    fn check(&self) -> Result<()> {
        if self.fails(Fault::Everything) { Err(broken()) } else { Ok(()) }
    }
}

fn broken() -> Error {
    Error::Unavailable("scripted".into())
}

#[async_trait]
impl Front for Doors {
    fn behind(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    async fn lead(&self, shard: Shard, host: &str, lease: Duration) -> Result<Lead> {
        self.check()?;
        let lease = if self.fails(Fault::ShortLease) { Duration::from_secs(1) } else { lease };
        self.inner.lead(shard, host, lease).await
    }

    async fn agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        self.check()?;
        let agenda = self.inner.agenda(lead).await?;
        if !self.fails(Fault::AgendaBreaks) {
            return Ok(agenda);
        }
        let (sender, broken_off) = mpsc::channel(1);
        sender.try_send(Entry::Failed(broken())).unwrap();
        Ok(broken_off)
    }

    async fn dispatch(&self, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<()>> {
        let count = dispatches.len();
        if self.check().is_err() || self.fails_once(Fault::DispatchBefore) {
            return vec![Err(broken()); count];
        }
        if self.fails_once(Fault::Damage) {
            return vec![Err(Error::Corrupt("scripted damage".into())); count];
        }
        if let Some(answers) = self.stale(&dispatches) {
            return answers;
        }
        self.wait_while(Fault::DispatchWaits).await;
        let answers = self.inner.dispatch(lead, dispatches).await;
        if self.fails_once(Fault::DispatchAfter) { vec![Err(broken()); count] } else { answers }
    }

    async fn settle(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        self.check()?;
        if self.fails_once(Fault::SettleBefore) {
            return Err(broken());
        }
        if self.fails_once(Fault::SettleCorrupt) {
            return Err(Error::Corrupt("scripted".into()));
        }
        let waits = Fault::ClosingsWait(settlement.before.key.webhook);
        if settlement.after.status == Status::Dead {
            self.wait_while(waits).await;
        }
        let (grants, status) = (settlement.grants(), settlement.after.status);
        let answer = self.inner.settle(lead, settlement).await;
        if grants || status == Status::Delivered {
            self.wait_while(Fault::ArrivalAndGrantAnswersWait).await;
        }
        if grants {
            self.wait_while(Fault::GrantAnswerWaits).await;
        }
        if self.fails_once(Fault::SettleAfter) { Err(broken()) } else { answer }
    }

    async fn retire(&self, lead: &Lead, retirement: Retirement) -> Result<Retired> {
        let retired = self.inner.retire(lead, retirement).await?;
        let damaged = usize::from(self.fails_once(Fault::OldEventDamaged));
        Ok(Retired { damaged: retired.damaged + damaged, ..retired })
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        if let Key::Made(key) = &key {
            let waits = |fault: &Option<Fault>| matches!(fault, Some(Fault::MadeWaitsBut(only)) if *only != key.event);
            while waits(&self.fault.lock().unwrap()) {
                tokio::task::yield_now().await;
            }
        }
        self.inner.read(shard, key).await
    }

    async fn page(
        &self,
        shard: Shard,
        query: Query,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Page> {
        let is_of_delivered = matches!(query, Query::DeliveriesByStatus(_, Status::Delivered));
        let page = self.inner.page(shard, query, after, limit).await;
        if is_of_delivered {
            self.delivered_pages.fetch_add(1, SeqCst);
            self.wait_while(Fault::DeliveredListWaits).await;
        }
        page
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        if matches!(change, Change::Suspend { .. }) && self.fails_once(Fault::SuspendBefore) {
            return Err(broken());
        }
        if matches!(change, Change::Suspend { .. }) {
            self.wait_while(Fault::SuspendWaits).await;
        }
        if matches!(&change, Change::Replay(replay) if replay.progress.seen > 0) {
            self.wait_while(Fault::ReplayWaits).await;
        }
        let takes_back = matches!(change, Change::Redrive { wish: None, .. });
        if takes_back {
            self.wait_while(Fault::TakeBackWaits).await;
        }
        let answer = self.inner.configure(shard, change, expected).await;
        if takes_back {
            self.wait_while(Fault::TakeBackAnswerWaits).await;
        }
        answer
    }
}
