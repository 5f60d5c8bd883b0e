//! Forgetting old events.

use std::ops::{ControlFlow, Range};

use super::{Local, delivery, events, gone, read};
use crate::{
    Error, Lead, Result, Retired, Retirement,
    group::{Group, Step},
    keys,
    row::{self, EventRow, HeadRow, WishRow},
    rows::{self, Order, Rows},
    waiting,
};
use transload_domain::{Event, EventNo, Head, Timestamp};

/// Events that are forgotten in one write. They make others wait, so they are few.
const EVENTS_PER_WRITE: usize = 64;
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
        let (closed, next) = self.read_rows(move |rows| closed_events(rows, retirement)).await?;
        if retirement.from == EventNo(0) {
            self.forget_gone().await?;
        }
        let mut events = 0;
        for some in closed.chunks(EVENTS_PER_WRITE) {
            events += self.forget(lead, some.to_vec(), retirement.accepted_before).await?;
        }
        Ok(Retired { events, next })
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

    async fn forget(&self, lead: &Lead, events: Vec<EventNo>, before: Timestamp) -> Result<usize> {
        let lead = lead.clone();
        let work = move |group: &mut Group<'_>| {
            group.leadership.fence(&lead)?;
            group.atomic(|step| {
                let mut forgotten = 0;
                for no in events {
                    forgotten += usize::from(forget(step, no, before)?);
                }
                Ok(forgotten)
            })
        };
        self.journal.submit_scanning(work).await
    }
}

/// Closed events, and where to look on.
///
/// Numbers grow in the order of acceptance, but clocks are set now and then: a sweep ends not at the first event that
/// is too young, but where all events of a call are.
fn closed_events<R: Rows>(
    rows: &R,
    retirement: Retirement,
) -> Result<(Vec<EventNo>, Option<EventNo>)> {
    let (seen, more) = look(rows, retirement)?;
    let Some(last) = seen.last().map(|seen| seen.no) else { return Ok((Vec::new(), None)) };
    let is_sweep_over = !seen.iter().any(|seen| seen.is_old);
    let (first, last) = (seen[0].no, last);
    let (waiting, _) = waiting::waiting(rows, first, last, seen.len())?;
    let mut closed = Vec::new();
    for Seen { no, .. } in seen.into_iter().filter(|seen| seen.is_old) {
        if closed.len() >= retirement.max {
            return Ok((closed, Some(no)));
        }
        if waiting.binary_search(&no).is_err() && is_closed(rows, no, retirement.accepted_before)? {
            closed.push(no);
        }
    }
    let next = (more && !is_sweep_over).then_some(EventNo(last.0 + 1));
    Ok((closed, next))
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

/// Whether all deliveries of a dispatched event were closed before that time, and nobody asks for one again.
fn is_closed<R: Rows>(rows: &R, no: EventNo, before: Timestamp) -> Result<bool> {
    let range = keys::under(&keys::heads(no));
    for (key, _) in rows::collect(rows, &range.start..&range.end, Order::Ascending, usize::MAX)? {
        let key = keys::delivery_in(&key).ok_or_else(|| lost(no))?;
        let head = read::head(rows, &key)?;
        if head.is_some_and(|head| !was_closed(&head, before))
            || rows.get(&keys::redrive(&key))?.is_some_and(|wish| WishRow::stands(&wish))
        {
            return Ok(false);
        }
    }
    Ok(true)
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

fn lost(no: EventNo) -> Error {
    Error::Corrupt(format!("a delivery of event {} has no key", no.0))
}
