//! What is new, between the journal that writes it and the one agenda that reads it: bounded.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use transload_domain::{DeliveryKey, Digest, Event, EventNo, ReplayId, WebhookId};

use crate::Entry;

/// Entries that are kept for an agenda that reads slowly; further events are read from the store again.
const ENTRIES_MAX: usize = 4_096;
/// Bytes of events that are kept for it.
const BYTES_MAX: usize = 16 << 20;

/// New entries in the order of their writes. When there are too many, events and wishes for deliveries are dropped,
/// which the agenda then reads from the store's lists of them; of changes of the configuration the last of each
/// record is kept, which is no more than the agenda's reader keeps itself.
pub(crate) struct Tail {
    state: Mutex<State>,
    changed: Notify,
    closed: CancellationToken,
    reader: mpsc::WeakSender<Entry>,
}

struct State {
    entries: VecDeque<Entry>,
    bytes: usize,
    behind: bool,
    latest: HashMap<Configured, Entry>,
    last: EventNo,
    wishes_dropped: bool,
    touched: Option<HashSet<DeliveryKey>>,
}

#[derive(PartialEq, Eq, Hash)]
enum Configured {
    Profile(Digest),
    Webhook(WebhookId),
    Replay(ReplayId),
}

/// What came while a tail kept no entries.
pub(crate) struct Missed {
    /// Changes of the configuration.
    pub(crate) news: Vec<Entry>,
    /// The last event so far.
    pub(crate) last: EventNo,
    /// Whether somebody asked for a delivery again.
    pub(crate) wishes: bool,
}

/// What an agenda finds in its tail.
pub(crate) enum Found {
    Entry(Entry),
    /// Entries were dropped: read the store, events from the first that was not told.
    Behind,
    /// The lead is deposed or the ledger is gone.
    Closed,
}

impl Tail {
    /// A tail that begins behind event `last`, for the agenda that sends to `reader`.
    pub(crate) fn new(last: EventNo, reader: mpsc::WeakSender<Entry>) -> Self {
        let state = State {
            entries: VecDeque::new(),
            bytes: 0,
            behind: true,
            latest: HashMap::new(),
            last,
            wishes_dropped: false,
            touched: Some(HashSet::new()),
        };
        let (changed, closed) = (Notify::new(), CancellationToken::new());
        Self { state: Mutex::new(state), changed, closed, reader }
    }

    /// Says what was written.
    pub(crate) fn publish(&self, news: Vec<Entry>) {
        if news.is_empty() {
            return;
        }
        let mut state = self.lock();
        for entry in news {
            state.push(entry);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Says, before the write, whose heads the lead changes: it knows them, and is not told of them again.
    pub(crate) fn touch(&self, heads: Vec<DeliveryKey>) {
        if let Some(touched) = &mut self.lock().touched {
            touched.extend(heads);
        }
    }

    /// Whether the lead has changed this head since the agenda began.
    pub(crate) fn is_touched(&self, key: &DeliveryKey) -> bool {
        self.lock().touched.as_ref().is_some_and(|touched| touched.contains(key))
    }

    /// Stops remembering whose heads the lead changes.
    pub(crate) fn forget_touched(&self) {
        self.lock().touched = None;
    }

    /// Keeps entries from now on. Returns what came while it did not.
    pub(crate) fn resume(&self) -> Missed {
        let mut state = self.lock();
        state.behind = false;
        let wishes = std::mem::take(&mut state.wishes_dropped);
        let news = state.latest.drain().map(|(_, entry)| entry).collect();
        Missed { news, last: state.last, wishes }
    }

    /// Waits for what comes next.
    pub(crate) async fn next(&self) -> Found {
        loop {
            if let Some(found) = self.try_next() {
                return found;
            }
            tokio::select! {
                () = self.changed.notified() => {}
                () = self.closed.cancelled() => {}
            }
        }
    }

    /// What comes next, where something is there.
    pub(crate) fn try_next(&self) -> Option<Found> {
        if self.closed.is_cancelled() {
            return Some(Found::Closed);
        }
        self.lock().pop()
    }

    /// Ends the agenda.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Waits until the agenda is to end.
    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Whether nobody reads the agenda any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.reader.upgrade().is_none_or(|reader| reader.is_closed())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, entry: Entry) {
        let size = match &entry {
            Entry::Event(no, event) => {
                self.last = *no;
                size(event)
            }
            _ => 0,
        };
        let full = self.entries.len() >= ENTRIES_MAX || self.bytes + size > BYTES_MAX;
        self.behind |= full;
        if !self.behind {
            self.bytes += size;
            self.entries.push_back(entry);
            return;
        }
        let record = match &entry {
            Entry::Profile(digest, _) => Configured::Profile(*digest),
            Entry::Webhook(webhook) => Configured::Webhook(webhook.id),
            Entry::WebhookRemoved(id) => Configured::Webhook(*id),
            Entry::Replay(replay) => Configured::Replay(replay.id),
            Entry::Redrive(_) => {
                self.wishes_dropped = true;
                return;
            }
            Entry::Event(..)
            | Entry::Failures(..)
            | Entry::Delivery(_)
            | Entry::Current
            | Entry::Failed(_) => return,
        };
        self.latest.insert(record, entry);
    }

    fn pop(&mut self) -> Option<Found> {
        match self.entries.pop_front() {
            Some(entry) => {
                if let Entry::Event(_, event) = &entry {
                    self.bytes -= size(event);
                }
                Some(Found::Entry(entry))
            }
            None => self.behind.then_some(Found::Behind),
        }
    }
}

/// Bytes that an event takes in memory, roughly.
pub(crate) fn size(event: &Event) -> usize {
    size_of::<Event>() + event.data.len() + event.source.len() + event.id.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use transload_domain::{Organization, Timestamp};

    use super::*;

    fn event(no: u64, bytes: usize) -> Entry {
        let event = Event {
            organization: Organization::new("acme").unwrap(),
            id: no.to_string(),
            source: "/shop".into(),
            kind: "order.created".into(),
            subject: None,
            time: None,
            extensions: vec![],
            data: "x".repeat(bytes),
            accepted_at: Timestamp::EPOCH,
            emulated_for: None,
        };
        Entry::Event(EventNo(no), Arc::new(event))
    }

    fn tail() -> (Tail, mpsc::Receiver<Entry>, mpsc::Sender<Entry>) {
        let (sender, receiver) = mpsc::channel(1);
        (Tail::new(EventNo(0), sender.downgrade()), receiver, sender)
    }

    async fn drain(tail: &Tail) -> (Vec<u64>, bool) {
        let mut numbers = Vec::new();
        loop {
            match tail.next().await {
                Found::Entry(Entry::Event(no, _)) => numbers.push(no.0),
                Found::Entry(_) => {}
                Found::Behind => return (numbers, true),
                Found::Closed => return (numbers, false),
            }
        }
    }

    #[tokio::test]
    async fn a_slow_agenda_costs_a_bounded_amount_of_memory() {
        for (events, bytes, kept) in [(ENTRIES_MAX + 100, 1, ENTRIES_MAX), (40, 1 << 20, 15)] {
            let (tail, _receiver, _sender) = tail();
            assert_eq!(tail.resume().last, EventNo(0));
            for no in 1..=events as u64 {
                tail.publish(vec![event(no, bytes)]);
            }
            let (numbers, behind) = drain(&tail).await;
            assert_eq!(numbers, (1..=kept as u64).collect::<Vec<_>>());
            assert!(behind);
            assert_eq!(tail.resume().last, EventNo(events as u64));
        }
    }

    #[tokio::test]
    async fn configuration_outlives_an_overflow() {
        let (tail, _receiver, _sender) = tail();
        let removed = WebhookId::from_random([1; 16]);
        for _ in 0..10 {
            tail.publish(vec![Entry::WebhookRemoved(removed)]);
        }
        assert_eq!(tail.resume().news, [Entry::WebhookRemoved(removed)]);
        tail.publish(vec![event(1, 1)]);
        tail.close();
        assert!(matches!(tail.next().await, Found::Closed));
    }

    #[tokio::test]
    async fn an_agenda_that_nobody_reads_is_abandoned() {
        let (tail, receiver, sender) = tail();
        assert!(!tail.is_abandoned());
        drop(receiver);
        assert!(tail.is_abandoned());
        drop(sender);
        assert!(tail.is_abandoned());
    }
}
