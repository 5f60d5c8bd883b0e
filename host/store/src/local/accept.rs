//! Accepting events.

use std::sync::Arc;

use transload_domain::{Digest, Event, EventNo};

use super::{Local, events};
use crate::{
    Entry, Error, Receipt, Result,
    group::{Group, Step},
    keys,
    row::{self, EventRow, NumberRow},
    rows::Rows,
};

/// An event with all that can be worked out before its turn comes.
pub(super) struct Prepared {
    identity: Digest,
    row: Vec<u8>,
    event: Arc<Event>,
}

impl<R: Rows> Local<R> {
    pub(super) async fn accept_events(&self, events: Vec<Event>) -> Result<Vec<Receipt>> {
        let prepared: Vec<Prepared> = events.into_iter().map(Prepared::from).collect();
        let work = move |group: &mut Group<'_>| {
            group.atomic(|step| {
                let mut receipts = Vec::with_capacity(prepared.len());
                for (position, event) in prepared.into_iter().enumerate() {
                    receipts.push(event.accept(step, position)?);
                }
                Ok(receipts)
            })
        };
        self.journal.submit(work).await
    }
}

impl From<Event> for Prepared {
    fn from(event: Event) -> Self {
        let row = row::encode(&EventRow::from(&event));
        Self { identity: event.identity(), row, event: Arc::new(event) }
    }
}

impl Prepared {
    /// Accepts the event, which is the one at this position of its batch.
    pub(super) fn accept(self, step: &mut Step<'_>, position: usize) -> Result<Receipt> {
        let Self { identity, row, event } = self;
        let identity = keys::identity(&identity);
        if let Some(NumberRow(no)) = step.row(&identity)? {
            let no = EventNo(no);
            return if content_of(step, no)? == event.content() {
                Ok(Receipt { no, fresh: false })
            } else {
                Err(Error::Differs { position })
            };
        }
        let no = EventNo(step.add(keys::LAST_EVENT.to_vec(), 1)?);
        step.put(identity, &NumberRow(no.0));
        step.put_bytes(keys::event(no), row);
        events::list(step, &event.organization, no)?;
        step.count_undispatched(Some(&event.organization), 1);
        step.tell(Entry::Event(no, event));
        Ok(Receipt { no, fresh: true })
    }
}

fn content_of(step: &Step<'_>, no: EventNo) -> Result<Digest> {
    let bytes = step.get(&keys::event(no))?;
    let bytes = bytes.ok_or_else(|| Error::Corrupt(format!("event {} has no row", no.0)))?;
    Ok(Event::try_from(row::decode::<EventRow<'_>>(&bytes)?)?.content())
}
