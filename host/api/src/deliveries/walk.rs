//! Going through deliveries, newest event first.
//!
//! The ledger lists deliveries by event, by webhook and status, and by organization and statuses. A webhook's list is
//! made of its statuses' here; each step of it asks for one record, because only then is there a cursor right behind
//! it.

use std::collections::VecDeque;

use transload_domain::{
    Delivery, DeliveryKey, EventNo, HookNo, Organization, Part, Status, WebhookId,
};
use transload_store::{Query, Record};
use uuid::Uuid;

use super::cursor::{Cursor, Place};
use crate::{Api, page, problem::Problem};

/// Records that one request reads at most. A page that meets few of what was asked for ends here, short of its limit
/// but with a cursor, so that no request takes long.
const STEPS_MAX: usize = 2_000;
/// Deliveries of an organization that are read together.
const READ_TOGETHER: usize = 100;

/// Goes through deliveries, newest event first.
pub(super) struct Walk<'a> {
    api: &'a Api,
    way: Way,
    steps: usize,
}

enum Way {
    Event { event: EventNo, place: Place },
    Webhook { lists: Vec<List>, below: Option<u64> },
    All(All),
}

/// An organization's deliveries in some statuses.
struct All {
    organization: Organization,
    statuses: Vec<Status>,
    /// The last that was taken.
    last: Option<DeliveryKey>,
    /// What was read behind it.
    read: VecDeque<Box<Delivery>>,
    /// Where to read on.
    ahead: Place,
}

/// A webhook's deliveries in one status.
struct List {
    query: Query,
    /// Behind `peeked`.
    ahead: Place,
    /// Before `peeked`.
    place: Place,
    peeked: Option<Box<Delivery>>,
}

impl<'a> Walk<'a> {
    /// Through one event's deliveries.
    pub(super) fn event(
        api: &'a Api,
        event: EventNo,
        cursor: Option<Cursor>,
    ) -> Result<Self, Problem> {
        let place = match cursor {
            None => Place::Start,
            Some(Cursor::Event(place)) => place,
            Some(_) => return Err(page::bad_cursor()),
        };
        Ok(Self { api, way: Way::Event { event, place }, steps: 0 })
    }

    /// Through one webhook's deliveries in any of these statuses.
    pub(super) fn webhook(
        api: &'a Api,
        webhook: WebhookId,
        statuses: &[Status],
        cursor: Option<Cursor>,
    ) -> Result<Self, Problem> {
        let (places, below) = match cursor {
            None => (vec![Place::Start; statuses.len()], None),
            Some(Cursor::Webhook { lists, below }) if lists.len() == statuses.len() => {
                (lists, below)
            }
            Some(_) => return Err(page::bad_cursor()),
        };
        let lists = statuses.iter().zip(places).map(|(status, place)| List {
            query: Query::DeliveriesByStatus(webhook, *status),
            ahead: place.clone(),
            place,
            peeked: None,
        });
        Ok(Self { api, way: Way::Webhook { lists: lists.collect(), below }, steps: 0 })
    }

    /// Through an organization's deliveries in any of these statuses.
    pub(super) fn all(
        api: &'a Api,
        organization: Organization,
        statuses: Vec<Status>,
        cursor: Option<Cursor>,
    ) -> Result<Self, Problem> {
        let last = match cursor {
            None => None,
            Some(Cursor::All { organization: of, event, webhook, hook, part })
                if of == organization.as_str() =>
            {
                let webhook = WebhookId(Uuid::from_bytes(webhook));
                let (event, hook, part) = (EventNo(event), HookNo(hook), Part(part));
                Some(DeliveryKey { event, webhook, hook, part })
            }
            Some(_) => return Err(page::bad_cursor()),
        };
        let (read, ahead) = (VecDeque::new(), Place::Start);
        let all = All { organization, statuses, last, read, ahead };
        Ok(Self { api, way: Way::All(all), steps: 0 })
    }

    /// The next delivery; `None` at the end, and when this request has read enough ([`Walk::cursor`] tells which).
    pub(super) async fn next(&mut self) -> Result<Option<Box<Delivery>>, Problem> {
        let Self { api, way, steps } = self;
        let mut reader = Reader { api, steps };
        match way {
            Way::Event { event, place } => {
                reader.delivery(&Query::DeliveriesByEvent(*event), place).await
            }
            Way::Webhook { lists, below } => merge(&mut reader, lists, below).await,
            Way::All(all) => all.next(&mut reader).await,
        }
    }

    /// Where to go on; `None` at the end.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        match &self.way {
            Way::Event { place, .. } => (!place.is_end()).then(|| Cursor::Event(place.clone())),
            Way::Webhook { lists, below } => {
                let open = lists.iter().any(|list| !list.place.is_end());
                let lists = lists.iter().map(|list| list.place.clone()).collect();
                open.then_some(Cursor::Webhook { lists, below: *below })
            }
            Way::All(All { read, ahead, .. }) if read.is_empty() && ahead.is_end() => None,
            Way::All(All { organization, last, .. }) => last.map(|last| Cursor::All {
                organization: organization.to_string(),
                event: last.event.0,
                webhook: last.webhook.0.into_bytes(),
                hook: last.hook.0,
                part: last.part.0,
            }),
        }
    }
}

/// Reads single records, and not too many.
struct Reader<'a> {
    api: &'a Api,
    steps: &'a mut usize,
}

impl Reader<'_> {
    /// The record at this place, which moves behind it; `None` at the end or when enough was read.
    async fn record(
        &mut self,
        query: &Query,
        place: &mut Place,
    ) -> Result<Option<Record>, Problem> {
        while *self.steps < STEPS_MAX {
            let Some(after) = place.after() else { break };
            *self.steps += 1;
            let found = self.api.ledger.page(self.api.shard, query.clone(), after, 1).await?;
            *place = Place::of(found.next);
            if let Some(record) = found.records.into_iter().next() {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    async fn delivery(
        &mut self,
        query: &Query,
        place: &mut Place,
    ) -> Result<Option<Box<Delivery>>, Problem> {
        while let Some(record) = self.record(query, place).await? {
            if let Record::Delivery(delivery) = record {
                return Ok(Some(delivery));
            }
        }
        Ok(None)
    }
}

/// The newest of what the lists have next.
async fn merge(
    reader: &mut Reader<'_>,
    lists: &mut [List],
    below: &mut Option<u64>,
) -> Result<Option<Box<Delivery>>, Problem> {
    for list in lists.iter_mut() {
        while list.peeked.is_none() {
            let Some(found) = reader.delivery(&list.query, &mut list.ahead).await? else { break };
            // What came in front since the last page would break the order; it is on a new first page.
            if below.is_some_and(|below| found.head.key.event.0 > below) {
                list.place = list.ahead.clone();
            } else {
                list.peeked = Some(found);
            }
        }
        if list.peeked.is_none() {
            list.place = list.ahead.clone();
            // Which list has the newest is only known when each was looked at.
            if !list.place.is_end() {
                return Ok(None);
            }
        }
    }
    let newest = lists
        .iter_mut()
        .filter(|list| list.peeked.is_some())
        .max_by_key(|list| list.peeked.as_ref().map(|found| found.head.key.event));
    let Some(list) = newest else { return Ok(None) };
    list.place = list.ahead.clone();
    let found = list.peeked.take();
    *below = found.as_ref().map(|found| found.head.key.event.0);
    Ok(found)
}

impl All {
    async fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<Box<Delivery>>, Problem> {
        while self.read.is_empty() {
            let Some(after) = self.ahead.after() else { return Ok(None) };
            let query = Query::DeliveriesByOrganization {
                organization: self.organization.clone(),
                statuses: self.statuses.clone(),
                below: self.last,
            };
            let api = reader.api;
            let found = api.ledger.page(api.shard, query, after, READ_TOGETHER).await?;
            self.ahead = Place::of(found.next);
            self.read.extend(found.records.into_iter().filter_map(|record| match record {
                Record::Delivery(delivery) => Some(delivery),
                _ => None,
            }));
        }
        if *reader.steps >= STEPS_MAX {
            return Ok(None);
        }
        *reader.steps += 1;
        let next = self.read.pop_front();
        self.last = next.as_ref().map(|next| next.head.key).or(self.last);
        Ok(next)
    }
}
