//! Writing what became of events.

use super::{Local, delivery, state};
use crate::{
    Dispatch, Error, Lead, Result,
    group::{Group, Step},
    row::{self, MadeRow},
    rows::Rows,
    waiting,
};
use transload_domain::{Delivery, EventNo, Head};

impl<R: Rows> Local<R> {
    pub(super) async fn write_dispatches(
        &self,
        lead: &Lead,
        dispatches: Vec<Dispatch>,
    ) -> Vec<Result<()>> {
        let (lead, count) = (lead.clone(), dispatches.len());
        let prepared: Vec<Prepared> = dispatches.into_iter().map(Prepared::from).collect();
        let work = move |group: &mut Group<'_>| {
            group.leadership.fence(&lead)?;
            let each = prepared.into_iter().map(|one| group.atomic(|step| dispatch(step, one)));
            Ok(each.collect())
        };
        self.journal.submit(work).await.unwrap_or_else(|error| vec![Err(error); count])
    }
}

/// A dispatch with the rows that can be made before its turn comes: large ones, which would hold up all others.
struct Prepared {
    dispatch: Dispatch,
    made: Vec<Vec<u8>>,
}

impl From<Dispatch> for Prepared {
    fn from(dispatch: Dispatch) -> Self {
        let made = dispatch.deliveries.iter().map(|one| row::encode(&MadeRow::from(&one.made)));
        Self { made: made.collect(), dispatch }
    }
}

fn dispatch(step: &mut Step<'_>, Prepared { dispatch, made }: Prepared) -> Result<()> {
    match &dispatch.replaces {
        None => waiting::mark(step, dispatch.event)?,
        Some(head) => again(step, dispatch.event, head)?,
    }
    for check in &dispatch.checks {
        state::check(step, check)?;
    }
    for (one, made) in dispatch.deliveries.iter().zip(made) {
        belongs(&one.head, dispatch.event)?;
        delivery::insert(step, &one.head, made)?;
    }
    if let Some(former) = &dispatch.replaces {
        // What ended by a run that was begun before the wish was not what somebody asked for.
        let ended = |one: &Delivery| one.head.key == former.key && !one.head.status.is_open();
        if !dispatch.deliveries.iter().any(ended) {
            delivery::grant(step, &former.key)?;
        }
    }
    for change in &dispatch.changes {
        state::change(step, change)?;
    }
    Ok(())
}

/// Makes place for what is made anew. A delivery that has its bytes keeps them.
fn again(step: &mut Step<'_>, event: EventNo, head: &Head) -> Result<()> {
    belongs(head, event)?;
    delivery::expect_head(step, head)?;
    if delivery::has_bytes(step, &head.key)? {
        let what = format!("delivery {} has its bytes, which never change", head.key.id());
        return Err(Error::Conflict(what));
    }
    delivery::remove(step, head)
}

fn belongs(head: &Head, event: EventNo) -> Result<()> {
    if head.key.event == event {
        return Ok(());
    }
    let what = format!("delivery {} is not one of event {}", head.key.id(), event.0);
    Err(Error::Conflict(what))
}
