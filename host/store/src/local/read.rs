//! Reading one record.

use std::ops::ControlFlow;

use transload_domain::{
    Delivery, DeliveryId, DeliveryKey, Event, EventNo, Head, Made, Replay, Webhook,
};

use crate::{
    Key, Record, Result, keys,
    row::{
        self, AccessRow, AttemptRow, EventRow, HeadRow, MadeRow, NumberRow, ProfileRow, ReplayRow,
        Row, StateRow, WebhookRow, WishRow,
    },
    rows::{Order, Rows},
};

pub(super) fn read<R: Rows>(rows: &R, key: Key) -> Result<Option<Record>> {
    Ok(match key {
        Key::Event(no) => event(rows, no)?.map(|event| Record::Event(no, Box::new(event))),
        Key::EventBy(identity) => {
            let found = get::<NumberRow>(rows, &keys::identity(&identity))?;
            found.map(|row| Record::No(EventNo(row.0)))
        }
        Key::Head(key) => head(rows, &key)?.map(Record::Head),
        Key::Made(key) => made(rows, &key)?.map(|made| Record::Made(Box::new(made))),
        Key::Delivery(id) => match find(rows, id)? {
            Some(key) => delivery(rows, &key)?.map(|found| Record::Delivery(Box::new(found))),
            None => None,
        },
        Key::Attempt(delivery, number) => {
            let found = get::<AttemptRow>(rows, &keys::attempt(&delivery, number))?;
            found.map(|row| Record::Attempt(Box::new(row.into_attempt(delivery))))
        }
        Key::State(webhook, key) => {
            let found = get::<StateRow>(rows, &keys::state(webhook, &key))?;
            found.map(|row| Record::State(row.revision, row.value))
        }
        Key::Webhook(organization, id) => {
            let found = rows.get(&keys::webhook(&organization, id))?;
            found.map(|bytes| webhook(&bytes)).transpose()?
        }
        Key::Profile(digest) => match get::<ProfileRow>(rows, &keys::profile(&digest))? {
            Some(row) => Some(Record::Profile(Box::new(row.try_into()?))),
            None => None,
        },
        Key::Replay(organization, id) => {
            let found = rows.get(&keys::replay(&organization, id))?;
            found.map(|bytes| replay(&bytes)).transpose()?
        }
        Key::Access(id) => {
            let found = get::<AccessRow>(rows, &keys::access(&id))?;
            found.map(|row| Record::Access(row.revision, row.value))
        }
        Key::Redrive(key) => {
            let wish = rows.get(&keys::redrive(&key))?;
            let wish = wish.map(|bytes| WishRow::read(&bytes)).transpose()?;
            wish.map(|(revision, wish)| Record::Redrive(revision, wish))
        }
        Key::Count(webhook, status) => {
            let found = get::<NumberRow>(rows, &keys::count(webhook, status))?;
            Some(Record::Count(found.map_or(0, |row| row.0)))
        }
    })
}

pub(super) fn event<R: Rows>(rows: &R, no: EventNo) -> Result<Option<Event>> {
    let Some(bytes) = rows.get(&keys::event(no))? else { return Ok(None) };
    Ok(Some(row::decode::<EventRow<'_>>(&bytes)?.try_into()?))
}

pub(super) fn head<R: Rows>(rows: &R, key: &DeliveryKey) -> Result<Option<Head>> {
    Ok(get::<HeadRow>(rows, &keys::head(key))?.map(|row| row.into_head(*key)))
}

/// A delivery as a whole; none where it went away meanwhile.
pub(super) fn delivery<R: Rows>(rows: &R, key: &DeliveryKey) -> Result<Option<Delivery>> {
    let (Some(head), Some(made)) = (head(rows, key)?, made(rows, key)?) else { return Ok(None) };
    Ok(Some(Delivery { head, made }))
}

pub(super) fn webhook(bytes: &[u8]) -> Result<Record> {
    let row: WebhookRow = row::decode(bytes)?;
    Ok(Record::Webhook(row.revision(), Box::new(Webhook::try_from(row)?)))
}

pub(super) fn replay(bytes: &[u8]) -> Result<Record> {
    let row: ReplayRow = row::decode(bytes)?;
    Ok(Record::Replay(row.revision(), Box::new(Replay::try_from(row)?)))
}

fn made<R: Rows>(rows: &R, key: &DeliveryKey) -> Result<Option<Made>> {
    get::<MadeRow>(rows, &keys::made(key))?.map(Made::try_from).transpose()
}

/// The key of a delivery: its id tells the event, whose deliveries are few.
fn find<R: Rows>(rows: &R, id: DeliveryId) -> Result<Option<DeliveryKey>> {
    let range = keys::under(&keys::heads(id.event()));
    let mut found = None;
    rows.scan(&range.start..&range.end, Order::Ascending, &mut |key, _| {
        found = keys::delivery_in(key).filter(|key| key.id() == id);
        if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}

fn get<T: for<'a> Row<'a>>(rows: &impl Rows, key: &[u8]) -> Result<Option<T>> {
    rows.get(key)?.map(|bytes| row::decode(&bytes)).transpose()
}
