//! Forgetting old events.

use std::ops::{ControlFlow, Range};

use super::{Local, delivery, events, gone, read};
use crate::{
    Error, Lead, Result, Retired, Retirement,
    group::{Group, Step},
    keys,
    row::{self, EventRow, HeadRow, WishRow, readable},
    rows::{self, Order, Rows},
    waiting,
};
use transload_domain::{Event, EventNo, Head, Timestamp};

/// Events that are forgotten in one write. They make others wait, so they are few.
const EVENTS_PER_WRITE: usize = 64;
/// Deliveries and attempts that are forgotten in one write, unless the first event alone has more: an event may go to
/// thousands of webhooks, and be tried for days.
const PARTS_PER_WRITE: usize = 1_000;
/// Events that are looked at in one call.
const EVENTS_PER_CALL: usize = 1_000;
/// Bytes of events that are looked at in one call, unless the first alone has more.
const BYTES_PER_CALL: usize = 8 << 20;

impl<R: Rows> Local<R> {
    /// Looks for closed events beside the writes, and forgets them in the journal's turn, where each is looked at
    /// again: a dead letter may have been taken up meanwhile.
    pub(super) async fn retire_events(
        &self,
        lead: &Lead,
        retirement: Retirement,
    ) -> Result<Retired> {
        let fence = lead.clone();
        self.journal.submit(move |group| group.leadership.fence(&fence)).await?;
        let found = self.read_rows(move |rows| closed_events(rows, retirement)).await?;
        let Found { closed, damaged, next } = found;
        if retirement.from == EventNo(0) {
            self.forget_gone().await?;
        }
        let mut retired = Retired { events: 0, damaged, next };
        let mut rest = &closed[..];
        while !rest.is_empty() {
            let (some, others) = rest.split_at(of_one_write(rest));
            let some = some.iter().map(|one| one.no).collect();
            let (forgotten, damaged) = self.forget(lead, some, retirement.accepted_before).await?;
            retired.events += forgotten;
            retired.damaged += damaged;
            rest = others;
        }
        Ok(retired)
    }

    /// Forgets webhooks that are gone and have no deliveries any more: once in each sweep.
    async fn forget_gone(&self) -> Result<()> {
        let useless = self.read_rows(|rows| gone::useless(rows)).await?;
        if useless.is_empty() {
            return Ok(());
        }
        let work = move |group: &mut Group<'_>| {
            group.atomic(|step| {
                for (key, value) in useless {
                    if step.get(&key)?.is_some_and(|now| now == value) {
                        step.remove(key);
                    }
                }
                Ok(())
            })
        };
        self.journal.submit(work).await
    }

    /// How many of these are forgotten, and how many cannot be, since something of theirs cannot be read.
    async fn forget(
        &self,
        lead: &Lead,
        events: Vec<EventNo>,
        before: Timestamp,
    ) -> Result<(usize, usize)> {
        let lead = lead.clone();
        let work = move |group: &mut Group<'_>| {
            group.leadership.fence(&lead)?;
            let (mut forgotten, mut damaged) = (0, 0);
            for no in events {
                // One that cannot be read stays whole, and holds up none of the others.
                let is_forgotten = group.atomic(|step| forget(step, no, before)).map(Some);
                let is_forgotten = readable(is_forgotten, || belonging_to(no))?;
                forgotten += usize::from(is_forgotten == Some(true));
                damaged += usize::from(is_forgotten.is_none());
            }
            Ok((forgotten, damaged))
        };
        self.journal.submit_scanning(work).await
    }
}

/// Closed events, how many old ones cannot be read, and where to look on.
#[derive(Default)]
struct Found {
    closed: Vec<Closed>,
    damaged: usize,
    next: Option<EventNo>,
}

/// An event that may be forgotten.
struct Closed {
    no: EventNo,
    /// Its deliveries and their attempts.
    parts: usize,
}

/// How many of these events are forgotten in one write.
fn of_one_write(closed: &[Closed]) -> usize {
    let mut parts = 0;
    let fits = closed.iter().take(EVENTS_PER_WRITE).take_while(|one| {
        parts += one.parts;
        parts <= PARTS_PER_WRITE
    });
    fits.count().max(1)
}

/// Looks for closed events.
///
/// Numbers grow in the order of acceptance, but clocks are set now and then: a sweep ends not at the first event that
/// is too young, but where all events of a call are.
fn closed_events<R: Rows>(rows: &R, retirement: Retirement) -> Result<Found> {
    let (seen, more) = look(rows, retirement)?;
    let Some(last) = seen.last().map(|seen| seen.no) else { return Ok(Found::default()) };
    let is_sweep_over = !seen.iter().any(|seen| seen.is_old);
    let (first, last) = (seen[0].no, last);
    let (waiting, _) = waiting::waiting(rows, first, last, seen.len())?;
    let mut found = Found::default();
    for Seen { no, .. } in seen.into_iter().filter(|seen| seen.is_old) {
        if found.closed.len() >= retirement.max {
            return Ok(Found { next: Some(no), ..found });
        }
        if waiting.binary_search(&no).is_err() {
            let parts = closed_parts(rows, no, retirement.accepted_before);
            match readable(parts.map(Some), || belonging_to(no))? {
                Some(Some(parts)) => found.closed.push(Closed { no, parts }),
                Some(None) => {}
                None => found.damaged += 1,
            }
        }
    }
    let next = (more && !is_sweep_over).then_some(EventNo(last.0 + 1));
    Ok(Found { next, ..found })
}

/// An event that was looked at.
struct Seen {
    no: EventNo,
    is_old: bool,
}

/// Looks at events, and says whether there are more.
fn look<R: Rows>(rows: &R, retirement: Retirement) -> Result<(Vec<Seen>, bool)> {
    let Range { start, end } = keys::event(retirement.from)..keys::under(&keys::events()).end;
    let (mut seen, mut bytes, mut more) = (Vec::new(), 0, false);
    rows.scan(&start..&end, Order::Ascending, &mut |key, value| {
        more = seen.len() == EVENTS_PER_CALL || bytes > BYTES_PER_CALL;
        if more {
            return ControlFlow::Break(());
        }
        bytes += value.len();
        if let Some(no) = keys::number_in(key) {
            let event = row::decode::<EventRow<'_>>(value);
            let is_old = event.is_ok_and(|row| row.accepted_at() < retirement.accepted_before);
            seen.push(Seen { no, is_old });
        }
        ControlFlow::Continue(())
    })?;
    Ok((seen, more))
}

/// How many deliveries and attempts a dispatched event has, where all of them were closed before that time and nobody
/// asks for one again.
fn closed_parts<R: Rows>(rows: &R, no: EventNo, before: Timestamp) -> Result<Option<usize>> {
    let range = keys::under(&keys::heads(no));
    let mut parts = 0;
    for (key, _) in rows::collect(rows, &range.start..&range.end, Order::Ascending, usize::MAX)? {
        let key = keys::delivery_in(&key).ok_or_else(|| lost(no))?;
        let head = read::head(rows, &key)?;
        if head.is_some_and(|head| !was_closed(&head, before))
            || rows.get(&keys::redrive(&key))?.is_some_and(|wish| WishRow::stands(&wish))
        {
            return Ok(None);
        }
        parts += 1 + head.map_or(0, |head| head.attempts as usize);
    }
    Ok(Some(parts))
}

/// Whether a delivery was closed before that time: whoever looks after its webhook has the whole retention to see how
/// it ended, however late that was.
fn was_closed(head: &Head, before: Timestamp) -> bool {
    !head.status.is_open() && head.at < before
}

/// Forgets an event with everything about it, if all of it was closed before that time.
fn forget(step: &mut Step<'_>, no: EventNo, before: Timestamp) -> Result<bool> {
    let Some(bytes) = step.get(&keys::event(no))? else { return Ok(false) };
    if waiting::is_waiting(step, no)? {
        return Ok(false);
    }
    let mut heads = Vec::new();
    for (key, value) in step.scan(&keys::heads(no))? {
        let key = keys::delivery_in(&key).ok_or_else(|| lost(no))?;
        heads.push(row::decode::<HeadRow>(&value)?.into_head(key));
    }
    for head in &heads {
        let wish = step.get(&keys::redrive(&head.key))?;
        if !was_closed(head, before) || wish.is_some_and(|wish| WishRow::stands(&wish)) {
            return Ok(false);
        }
    }
    for head in &heads {
        delivery::remove(step, head)?;
        delivery::grant(step, &head.key)?;
    }
    for (key, _) in step.scan(&keys::event_attempts(no))? {
        step.remove(key);
    }
    let event = Event::try_from(row::decode::<EventRow<'_>>(&bytes)?)?;
    step.remove(keys::identity(&event.identity()));
    events::unlist(step, &event.organization, no)?;
    step.remove(keys::event(no));
    Ok(true)
}

fn belonging_to(no: EventNo) -> String {
    format!("what belongs to event {}", no.0)
}

fn lost(no: EventNo) -> Error {
    Error::Corrupt(format!("a delivery of event {} has no key", no.0))
}
