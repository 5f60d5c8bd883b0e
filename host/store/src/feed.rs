//! The agenda's task: tells a lead all that is there, then all that comes.

mod lag;

use std::{
    ops::{ControlFlow, Range},
    sync::Arc,
};

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use transload_domain::{Event, EventNo, Status};

use self::lag::{Lag, Late};
use crate::{
    Entry, Error, Result, keys,
    local::{listed, off_thread},
    row::{self, EventRow, HeadRow, WishRow, readable},
    rows::{self, Order, Rows},
    tail::{Found, Missed, Tail},
    undispatched::Undispatched,
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
/// Numbers of events that are looked through at once, to find out whose they are.
const NUMBERS_PER_LOOK: usize = 512;
/// Entries of the tail that are told between two turns of those that have events in the store.
const NEWS_PER_TURN: usize = 16;

pub(crate) struct Feed<R> {
    pub(crate) rows: Arc<R>,
    pub(crate) tracker: TaskTracker,
    pub(crate) tail: Arc<Tail>,
    pub(crate) sender: mpsc::Sender<Entry>,
    /// Who has undispatched events: where one alone has, nobody need take turns.
    pub(crate) undispatched: Arc<Undispatched>,
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

    /// Tells the undispatched events up to where the tail begins, and the tail beside them; and again, whenever the tail
    /// had to drop events.
    async fn tell_events(&self) -> Result<(), End> {
        let (mut told, mut lag) = (EventNo(0), Lag::default());
        loop {
            let Missed { news, last, wishes } = self.tail.resume();
            for entry in news {
                self.send(entry).await?;
            }
            if wishes {
                self.tell_wishes().await?;
            }
            lag.miss(EventNo(told.0 + 1), last);
            told = told.max(last);
            loop {
                // What is new of an organization stands behind what is not looked through yet.
                if lag.unseen().is_none() && self.tell_news(&mut told, &mut lag).await?.is_break() {
                    break;
                }
                self.look_through(&mut lag).await?;
                let turn = lag.turn();
                self.tell(turn).await?;
            }
        }
    }

    /// Tells what is new: waits for something where nothing else is to be told, and some of it otherwise. It breaks where
    /// the tail had to drop events.
    async fn tell_news(&self, told: &mut EventNo, lag: &mut Lag) -> Result<ControlFlow<()>, End> {
        let mut sent = 0;
        while sent < NEWS_PER_TURN {
            let found = if lag.is_empty() {
                tokio::select! {
                    found = self.tail.next() => found,
                    () = self.sender.closed() => return Err(End::Over),
                }
            } else {
                match self.tail.try_next() {
                    Some(found) => found,
                    None => break,
                }
            };
            let entry = match found {
                Found::Entry(entry) => entry,
                Found::Behind => return Ok(ControlFlow::Break(())),
                Found::Closed => return Err(End::Over),
            };
            if let Entry::Event(no, event) = &entry {
                *told = (*told).max(*no);
                if lag.holds(&event.organization) || self.must_take_turns() {
                    lag.add(&event.organization, *no, Some(Arc::clone(event)));
                    continue;
                }
            }
            self.send(entry).await?;
            sent += 1;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether the lead reads more slowly than events come, of several organizations.
    fn must_take_turns(&self) -> bool {
        self.sender.capacity() < CHANNEL_MAX / 2 && self.undispatched.organizations() > 1
    }

    /// Looks through the next numbers, to find out whose the undispatched events are. Where only one organization has any,
    /// that is known, and they are told at once.
    async fn look_through(&self, lag: &mut Lag) -> Result<(), End> {
        let Some((from, last)) = lag.unseen() else { return Ok(()) };
        if !lag.has_some() && self.undispatched.organizations() <= 1 {
            let read = move |rows: &R| waiting::waiting(rows, from, last, EVENTS_PER_PAGE);
            let (found, next) = self.read(read).await?;
            lag.looked(next);
            return self.tell(found.into_iter().map(|no| (no, None)).collect()).await;
        }
        let read = move |rows: &R| {
            let (found, next) = waiting::waiting(rows, from, last, NUMBERS_PER_LOOK)?;
            let mut whose = Vec::with_capacity(found.len());
            for no in found {
                if let Some(organization) = waiting::organization(rows, no)? {
                    whose.push((organization, no));
                }
            }
            Ok((whose, next))
        };
        let (whose, next) = self.read(read).await?;
        for (organization, no) in whose {
            lag.add(&organization, no, None);
        }
        lag.looked(next);
        Ok(())
    }

    /// Tells these events, and reads those that are not kept.
    async fn tell(&self, mut late: Vec<Late>) -> Result<(), End> {
        if late.iter().any(|(_, event)| event.is_none()) {
            let read = move |rows: &R| {
                for (no, event) in late.iter_mut().filter(|(_, event)| event.is_none()) {
                    let read = readable(read_event(rows, *no), || format!("event {}", no.0))?;
                    *event = read.map(Arc::new);
                }
                Ok(late)
            };
            late = self.read(read).await?;
        }
        for (no, event) in late {
            if let Some(event) = event {
                self.send(Entry::Event(no, event)).await?;
            }
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
