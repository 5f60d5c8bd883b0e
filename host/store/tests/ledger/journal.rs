//! The journal: groups, and a disk that refuses.

use std::{
    ops::Range,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;
use transload_domain::Status;
use transload_store::{
    Batch, Entry, Error, Flush, Ledger, LedgerExt, Local, MemoryRows, Observer, Order, Receipt,
    Refusing, Result, Rows, Sled, SledRows, Switch, Visit,
};

use crate::world::{HandClock, LEASE, SHARD, World, event, hook, next, settlement, until_current};

/// Rows in memory whose writes wait at a gate, and panic when they are told to.
#[derive(Clone, Default)]
struct Gated {
    rows: Arc<MemoryRows>,
    gate: Arc<(Mutex<Gate>, Condvar)>,
    panics: Arc<AtomicBool>,
}

#[derive(Default)]
struct Gate {
    closed: bool,
    waiting: usize,
}

impl Gated {
    fn close(&self) {
        self.gate.0.lock().unwrap().closed = true;
    }

    fn open(&self) {
        self.gate.0.lock().unwrap().closed = false;
        self.gate.1.notify_all();
    }

    /// Waits until a write waits.
    fn wait_for_a_write(&self) {
        let gate = self.gate.0.lock().unwrap();
        let patience = Duration::from_secs(20);
        let waited = self.gate.1.wait_timeout_while(gate, patience, |gate| gate.waiting == 0);
        assert!(!waited.unwrap().1.timed_out(), "a write comes");
    }
}

impl Rows for Gated {
    fn blocks(&self) -> bool {
        false
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.rows.get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        self.rows.scan(range, order, visit)
    }

    fn write(&self, batch: Batch) -> Result<()> {
        assert!(!self.panics.load(Ordering::SeqCst), "the disk is on fire");
        let mut gate = self.gate.0.lock().unwrap();
        gate.waiting += 1;
        self.gate.1.notify_all();
        let mut gate = self.gate.1.wait_while(gate, |gate| gate.closed).unwrap();
        gate.waiting -= 1;
        drop(gate);
        self.rows.write(batch)
    }

    fn bytes(&self) -> Result<u64> {
        self.rows.bytes()
    }
}

fn threaded<R: Rows>(rows: R, observer: Option<Arc<dyn Observer>>) -> Arc<Local<R>> {
    Arc::new(Local::threaded(rows, Arc::new(HandClock::default()), observer).unwrap())
}

fn post<R: Rows>(callers: &mut JoinSet<Result<Receipt>>, ledger: &Arc<Local<R>>, ids: Vec<String>) {
    for id in ids {
        let ledger = ledger.clone();
        callers.spawn(async move { Ok(ledger.accept(SHARD, vec![event(&id)]).await?[0]) });
    }
}

#[tokio::test]
async fn i2_what_waits_becomes_one_group_whose_jobs_see_each_other() {
    let (rows, flushes) = (Gated::default(), Arc::new(Mutex::new(Vec::new())));
    let seen = flushes.clone();
    let observer = Arc::new(move |flush: Flush| seen.lock().unwrap().push(flush.jobs));
    let ledger = threaded(rows.clone(), Some(observer));
    rows.close();
    let mut callers = JoinSet::new();
    post(&mut callers, &ledger, vec!["first".into()]);
    tokio::task::yield_now().await;
    rows.wait_for_a_write();
    post(&mut callers, &ledger, vec!["same".into(); 100]);
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert!(callers.try_join_next().is_none(), "no answer before the write");
    rows.open();
    let receipts: Vec<Receipt> = callers.join_all().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts.iter().filter(|receipt| receipt.fresh).count(), 2);
    ledger.shutdown().await;
    assert_eq!(*flushes.lock().unwrap(), [1, 100]);
}

#[tokio::test]
async fn i1_nothing_is_acknowledged_when_the_disk_refuses() {
    let switch = Switch::default();
    let ledger = threaded(Refusing::new(MemoryRows::default(), &switch), None);
    let lead = ledger.lead(SHARD, "a", LEASE).await.unwrap();
    let mut agenda = ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let before = ledger.accept(SHARD, vec![event("before")]).await.unwrap()[0];
    assert!(matches!(next(&mut agenda).await, Some(Entry::Event(..))));
    assert!(ledger.is_alive());

    switch.refuse(true);
    let mut callers = JoinSet::new();
    post(&mut callers, &ledger, (0..50).map(|id| id.to_string()).collect());
    for answer in callers.join_all().await {
        let Err(Error::Unavailable(reason)) = answer else { panic!("{answer:?}") };
        assert!(reason.contains("No space left"), "{reason}");
    }
    assert!(!ledger.is_alive());
    // The disk is well again, but what is stored may not be what is believed: only a restart mends.
    switch.refuse(false);
    let late = ledger.accept(SHARD, vec![event("late")]).await;
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
    assert_eq!(next(&mut agenda).await, None, "the lead must resign");
    assert!(ledger.event(SHARD, before.no).await.unwrap().is_some());
    for id in 0..50 {
        let identity = event(&id.to_string()).identity();
        assert_eq!(ledger.event_by(SHARD, identity).await.unwrap(), None);
    }
    ledger.shutdown().await;
}

#[tokio::test]
async fn i1_a_store_that_panics_acknowledges_nothing() {
    let rows = Gated::default();
    let ledger = threaded(rows.clone(), None);
    ledger.accept(SHARD, vec![event("1")]).await.unwrap();
    rows.panics.store(true, Ordering::SeqCst);
    let answer = ledger.accept(SHARD, vec![event("2")]).await;
    let Err(Error::Unavailable(reason)) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("the disk is on fire"), "{reason}");
    assert!(!ledger.is_alive());
    ledger.shutdown().await;
}

#[tokio::test]
async fn a_refusing_memory_ledger_stops_too() {
    let switch = Switch::default();
    let rows = Refusing::new(MemoryRows::default(), &switch);
    let ledger = Local::inline(rows, Arc::new(HandClock::default())).unwrap();
    ledger.accept(SHARD, vec![event("1")]).await.unwrap();
    switch.refuse(true);
    for id in ["2", "3"] {
        let answer = ledger.accept(SHARD, vec![event(id)]).await;
        assert!(matches!(answer, Err(Error::Unavailable(_))));
        switch.refuse(false);
    }
    assert!(!ledger.is_alive());
}

#[tokio::test]
async fn a_shutdown_ends_what_was_begun_and_refuses_the_rest() {
    let rows = Gated::default();
    let ledger = threaded(rows.clone(), None);
    rows.close();
    let mut callers = JoinSet::new();
    post(&mut callers, &ledger, (0..20).map(|id| id.to_string()).collect());
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    rows.wait_for_a_write();
    let ending = ledger.clone();
    let mut end = JoinSet::new();
    end.spawn(async move { ending.shutdown().await });
    tokio::task::yield_now().await;
    rows.open();
    end.join_all().await;
    assert!(callers.join_all().await.iter().all(Result::is_ok));
    let late = ledger.accept(SHARD, vec![event("late")]).await;
    assert!(matches!(late, Err(Error::Unavailable(_))));
    assert!(
        ledger
            .head(SHARD, crate::world::key(transload_domain::EventNo(1), crate::world::hook(1), 0))
            .await
            .is_err()
    );
    assert!(!ledger.is_alive());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_what_was_refused_is_not_there_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let switch = Switch::default();
    let ledger = threaded(Refusing::new(SledRows::open(place.path()).unwrap(), &switch), None);
    let kept = ledger.accept(SHARD, vec![event("kept")]).await.unwrap()[0];
    switch.refuse(true);
    assert!(ledger.accept(SHARD, vec![event("refused")]).await.is_err());
    ledger.shutdown().await;
    let ledger = Sled::open(place.path(), Arc::new(HandClock::default()), None).unwrap();
    assert!(ledger.is_alive());
    assert!(ledger.event(SHARD, kept.no).await.unwrap().is_some());
    assert!(ledger.accept(SHARD, vec![event("refused")]).await.unwrap()[0].fresh);
    ledger.shutdown().await;
}

/// An event may have a delivery for each of thousands of webhooks, and a delivery hundreds of attempts.
#[tokio::test]
async fn i8_old_events_are_forgotten_in_small_writes_however_much_belongs_to_them() {
    // Events, their deliveries and the attempts of each; and how many writes that makes of some 1,000 of these.
    for (events, deliveries, attempts, writes) in [(30, 200, 0, 6), (10, 1, 150, 2), (64, 3, 1, 1)]
    {
        let flushes = Arc::new(Mutex::new(0));
        let seen = flushes.clone();
        let observer = Arc::new(move |_: Flush| *seen.lock().unwrap() += 1);
        let ledger = threaded(MemoryRows::default(), Some(observer));
        let world = World { ledger: ledger.clone(), clock: Arc::default() };
        let lead = world.lead("a").await;
        let parts: Vec<_> = (0..deliveries).map(|n| (hook(n), Status::Scheduled)).collect();
        for id in 0..events {
            for one in world.deliver(&lead, &id.to_string(), &parts).await {
                let mut head = one.head;
                for left in (0..attempts.max(1)).rev() {
                    let ended = if left == 0 { Status::Dead } else { Status::Scheduled };
                    let mut settled = settlement(head, ended);
                    if attempts == 0 {
                        settled.after.attempts = 0;
                        settled.attempt = None;
                    }
                    head = settled.after;
                    ledger.settle(&lead, settled).await.unwrap();
                }
            }
        }
        *flushes.lock().unwrap() = 0;
        assert_eq!(world.retire(&lead, 99).await.unwrap().events, events);
        assert_eq!(*flushes.lock().unwrap(), writes, "{events} with {deliveries}, {attempts} each");
        ledger.shutdown().await;
    }
}
