//! Forgetting old events.

use std::ops::{ControlFlow, Range};

use super::{Local, delivery, read};
use crate::{
    Error, Lead, Result,
    group::{Group, Step},
    keys,
    row::{self, EventRow, HeadRow},
    rows::{self, Order, Rows},
};
use transload_domain::{Event, EventNo};

/// Events that are forgotten in one write. They make others wait, so they are few.
const EVENTS_PER_WRITE: usize = 64;
/// Events that are looked at in one read.
const EVENTS_PER_READ: usize = 1_000;

impl<R: Rows> Local<R> {
    /// Looks for closed events beside the writes, and forgets them in the journal's turn, where each is looked at
    /// again: a dead letter may have been taken up meanwhile.
    pub(super) async fn retire_events(
        &self,
        lead: &Lead,
        below: EventNo,
        max: usize,
    ) -> Result<usize> {
        let fence = lead.clone();
        self.journal.submit(move |group| group.leadership.fence(&fence)).await?;
        let (mut retired, mut from) = (0, EventNo(0));
        while retired < max && from < below {
            let room = max - retired;
            let look = move |rows: &R| closed_events(rows, from..below, room);
            let (closed, next) = self.read_rows(look).await?;
            for some in closed.chunks(EVENTS_PER_WRITE) {
                retired += self.forget(lead, some.to_vec()).await?;
            }
            from = next;
        }
        Ok(retired)
    }

    async fn forget(&self, lead: &Lead, events: Vec<EventNo>) -> Result<usize> {
        let lead = lead.clone();
        let work = move |group: &mut Group<'_>| {
            group.leadership.fence(&lead)?;
            group.atomic(|step| {
                let mut forgotten = 0;
                for no in events {
                    forgotten += usize::from(forget(step, no)?);
                }
                Ok(forgotten)
            })
        };
        self.journal.submit_scanning(work).await
    }
}

/// At most `max` closed events of a range, and where to look on.
fn closed_events<R: Rows>(
    rows: &R,
    range: Range<EventNo>,
    max: usize,
) -> Result<(Vec<EventNo>, EventNo)> {
    let mut numbers = Vec::new();
    let bounds = keys::event(range.start)..keys::event(range.end);
    rows.scan(&bounds.start..&bounds.end, Order::Ascending, &mut |key, _| {
        numbers.extend(keys::number_in(key));
        if numbers.len() < EVENTS_PER_READ {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    let next = match numbers.last() {
        Some(last) if numbers.len() == EVENTS_PER_READ => EventNo(last.0 + 1),
        _ => range.end,
    };
    let mut closed = Vec::new();
    for no in numbers {
        if closed.len() == max {
            return Ok((closed, no));
        }
        if is_closed(rows, no)? {
            closed.push(no);
        }
    }
    Ok((closed, next))
}

fn is_closed<R: Rows>(rows: &R, no: EventNo) -> Result<bool> {
    if rows.get(&keys::undispatched(no))?.is_some() {
        return Ok(false);
    }
    let range = keys::under(&keys::heads(no));
    for (key, _) in rows::collect(rows, &range.start..&range.end, Order::Ascending, usize::MAX)? {
        let key = keys::delivery_in(&key).ok_or_else(|| lost(no))?;
        if read::head(rows, &key)?.is_some_and(|head| head.status.is_open()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Forgets an event with everything about it, if all of it is closed.
fn forget(step: &mut Step<'_>, no: EventNo) -> Result<bool> {
    let Some(bytes) = step.get(&keys::event(no))? else { return Ok(false) };
    if step.has(&keys::undispatched(no))? {
        return Ok(false);
    }
    let mut heads = Vec::new();
    for (key, value) in step.scan(&keys::heads(no))? {
        let key = keys::delivery_in(&key).ok_or_else(|| lost(no))?;
        heads.push(row::decode::<HeadRow>(&value)?.into_head(key));
    }
    if heads.iter().any(|head| head.status.is_open()) {
        return Ok(false);
    }
    for head in &heads {
        delivery::remove(step, head)?;
    }
    for (key, _) in step.scan(&keys::event_attempts(no))? {
        step.remove(key);
    }
    let event = Event::try_from(row::decode::<EventRow<'_>>(&bytes)?)?;
    step.remove(keys::identity(&event.identity()));
    step.remove(keys::by_organization(&event.organization, no));
    step.remove(keys::event(no));
    Ok(true)
}

fn lost(no: EventNo) -> Error {
    Error::Corrupt(format!("a delivery of event {} has no key", no.0))
}
