//! The agenda's task: tells a lead all that is there, then all that comes.

use std::{ops::Range, sync::Arc};

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use transload_domain::{Event, EventNo, Status};

use crate::{
    Entry, Error, Result, keys,
    local::{listed, off_thread},
    row::{self, EventRow, HeadRow, WishRow, readable},
    rows::{self, Order, Rows},
    tail::{Found, Missed, Tail},
    waiting,
};

/// Entries that wait for the lead. An event may have 1 MiB, so this is also a bound of memory.
pub(crate) const CHANNEL_MAX: usize = 64;
/// Lists of deliveries that are read at once, with the heads that they name: some thousands.
const LISTS_PER_PAGE: usize = 16;
/// Wishes that are read at once.
const WISHES_PER_PAGE: usize = 1_000;
/// Events that are read at once.
const EVENTS_PER_PAGE: usize = 64;

pub(crate) struct Feed<R> {
    pub(crate) rows: Arc<R>,
    pub(crate) tracker: TaskTracker,
    pub(crate) tail: Arc<Tail>,
    pub(crate) sender: mpsc::Sender<Entry>,
    /// The configuration at the moment at which the tail began.
    pub(crate) configuration: Vec<Entry>,
}

/// Why a feed ends.
enum End {
    /// Nobody listens, or the lead is deposed.
    Over,
    /// The store cannot be read.
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<R: Rows> Feed<R> {
    /// Runs until the lead is deposed, drops its agenda, or the ledger ends.
    pub(crate) async fn run(mut self) {
        if let Err(End::Failed(error)) = self.tell_everything().await {
            tracing::error!(%error, "the agenda cannot be read and ends; the lead must resign");
            // Where nobody listens any more, nobody need know.
            let _ = self.send(Entry::Failed(error)).await;
        }
    }

    async fn tell_everything(&mut self) -> Result<(), End> {
        for entry in std::mem::take(&mut self.configuration) {
            self.send(entry).await?;
        }
        for status in [Status::Blocked, Status::Scheduled] {
            self.tell_deliveries(status).await?;
        }
        self.tail.forget_touched();
        self.tell_wishes().await?;
        self.send(Entry::Current).await?;
        self.tell_events().await
    }

    async fn tell_deliveries(&self, status: Status) -> Result<(), End> {
        let Range { mut start, end } = keys::under(&keys::all_listed(status, None));
        loop {
            let range = start.clone()..end.clone();
            let read = move |rows: &R| {
                let found = rows::collect(
                    rows,
                    &range.start..&range.end,
                    Order::Ascending,
                    LISTS_PER_PAGE,
                )?;
                let next = found.last().map(|(key, _)| keys::behind(key));
                let mut heads = Vec::new();
                for (key, value) in &found {
                    for key in listed::deliveries_or_heads(rows, key, value)? {
                        let row = rows.get(&keys::head(&key))?;
                        let head = row.map(|row| Ok(row::decode::<HeadRow>(&row)?.into_head(key)));
                        let what = || format!("the head of delivery {}", key.id());
                        heads.extend(readable(head.transpose(), what)?);
                    }
                }
                Ok((heads, next))
            };
            let (heads, next) = self.read(read).await?;
            for head in heads {
                // The lead may already be at work: what it has changed itself, it knows better than this page.
                if head.status == status && !self.tail.is_touched(&head.key) {
                    self.send(Entry::Delivery(head)).await?;
                }
            }
            match next {
                Some(next) => start = next,
                None => return Ok(()),
            }
        }
    }

    /// Tells the deliveries that somebody asks for again.
    async fn tell_wishes(&self) -> Result<(), End> {
        let Range { mut start, end } = keys::under(&keys::redrives());
        loop {
            let range = start.clone()..end.clone();
            let read = move |rows: &R| {
                rows::collect(rows, &range.start..&range.end, Order::Ascending, WISHES_PER_PAGE)
            };
            let found = self.read(read).await?;
            let Some((last, _)) = found.last() else { return Ok(()) };
            start = keys::behind(last);
            let standing = found.iter().filter(|(_, wish)| WishRow::stands(wish));
            for key in standing.filter_map(|(key, _)| keys::delivery_in(key)) {
                self.send(Entry::Redrive(key)).await?;
            }
        }
    }

    /// Tells the undispatched events up to where the tail begins, then the tail; and again, whenever the tail had
    /// to drop events.
    async fn tell_events(&self) -> Result<(), End> {
        let mut told = EventNo(0);
        loop {
            let Missed { news, last, wishes } = self.tail.resume();
            for entry in news {
                self.send(entry).await?;
            }
            if wishes {
                self.tell_wishes().await?;
            }
            self.tell_stored_events(told, last).await?;
            told = told.max(last);
            loop {
                let found = tokio::select! {
                    found = self.tail.next() => found,
                    () = self.sender.closed() => return Err(End::Over),
                };
                match found {
                    Found::Entry(entry) => {
                        if let Entry::Event(no, _) = &entry {
                            told = told.max(*no);
                        }
                        self.send(entry).await?;
                    }
                    Found::Behind => break,
                    Found::Closed => return Err(End::Over),
                }
            }
        }
    }

    /// Tells the undispatched events behind `told`, up to and including `last`.
    async fn tell_stored_events(&self, told: EventNo, last: EventNo) -> Result<(), End> {
        let mut next = Some(EventNo(told.0 + 1));
        while let Some(from) = next {
            let read = move |rows: &R| {
                let (found, next) = waiting::waiting(rows, from, last, EVENTS_PER_PAGE)?;
                let mut events = Vec::new();
                for no in found {
                    let event = read_event(rows, no);
                    if let Some(event) = readable(event, || format!("event {}", no.0))? {
                        events.push((no, Arc::new(event)));
                    }
                }
                Ok((events, next))
            };
            let (events, behind) = self.read(read).await?;
            for (no, event) in events {
                self.send(Entry::Event(no, event)).await?;
            }
            next = behind;
        }
        Ok(())
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&R) -> Result<T> + Send + 'static,
    ) -> Result<T, End> {
        Ok(off_thread(&self.tracker, &self.rows, read).await?)
    }

    async fn send(&self, entry: Entry) -> Result<(), End> {
        tokio::select! {
            biased;
            () = self.tail.closed() => Err(End::Over),
            sent = self.sender.send(entry) => sent.map_err(|_| End::Over),
        }
    }
}

fn read_event<R: Rows>(rows: &R, no: EventNo) -> Result<Option<Event>> {
    let Some(bytes) = rows.get(&keys::event(no))? else { return Ok(None) };
    Event::try_from(row::decode::<EventRow<'_>>(&bytes)?).map(Some)
}
