//! A ledger that a test can hold up, or make fail.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Barrier, Notify, Semaphore};
use transload_domain::Event;
use transload_store::{
    Change, Error, Front, Key, Ledger, Memory, Receipt, Record, Result, Revision, Shard,
};

/// The memory ledger, whose answers to `accept` can be held up and whose writes can fail or meet.
pub(crate) struct Watched {
    inner: Memory,
    broken: AtomicBool,
    attempts_damaged: AtomicBool,
    answers: Semaphore,
    accepting: Notify,
    meeting: Mutex<Option<Meeting>>,
}

/// Changes that wait for each other.
struct Meeting {
    barrier: Arc<Barrier>,
    awaited: usize,
}

impl Watched {
    pub(super) fn new(inner: Memory) -> Self {
        Self {
            inner,
            broken: AtomicBool::new(false),
            attempts_damaged: AtomicBool::new(false),
            answers: Semaphore::new(Semaphore::MAX_PERMITS),
            accepting: Notify::new(),
            meeting: Mutex::new(None),
        }
    }

    /// From now on every write fails, as on a disk that is full.
    pub(crate) fn break_disk(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// From now on no attempt can be read, as where the pack that they lie in is damaged.
    pub(crate) fn damage_attempts(&self) {
        self.attempts_damaged.store(true, Ordering::SeqCst);
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

    /// The next `count` changes of the configuration wait until all of them are there.
    pub(crate) fn let_changes_meet(&self, count: usize) {
        let barrier = Arc::new(Barrier::new(count));
        *self.meeting.lock().unwrap() = Some(Meeting { barrier, awaited: count });
    }

    fn disk(&self) -> Result<()> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(Error::Unavailable("no space left on device".into())),
            false => Ok(()),
        }
    }

    async fn meet(&self) {
        let barrier = match &mut *self.meeting.lock().unwrap() {
            Some(meeting) if meeting.awaited > 0 => {
                meeting.awaited -= 1;
                meeting.barrier.clone()
            }
            _ => return,
        };
        let met = tokio::time::timeout(Duration::from_secs(10), barrier.wait());
        met.await.expect("not all changes came");
    }
}

#[async_trait]
impl Front for Watched {
    fn behind(&self) -> &dyn Ledger {
        &self.inner
    }

    async fn accept(&self, shard: Shard, events: Vec<Event>) -> Result<Vec<Receipt>> {
        self.accepting.notify_one();
        self.disk()?;
        let receipts = self.inner.accept(shard, events).await;
        self.answers.acquire().await.expect("the semaphore is never closed").forget();
        receipts
    }

    async fn read(&self, shard: Shard, key: Key) -> Result<Option<Record>> {
        if matches!(key, Key::Attempt(..)) && self.attempts_damaged.load(Ordering::SeqCst) {
            return Err(Error::Corrupt("the attempts are damaged".into()));
        }
        self.inner.read(shard, key).await
    }

    async fn configure(
        &self,
        shard: Shard,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        self.meet().await;
        self.disk()?;
        self.inner.configure(shard, change, expected).await
    }
}
