//! Webhooks that are gone, while deliveries of theirs are kept: whoever lists an organization's deliveries must know
//! them.
//!
//! A row is written when a webhook is removed, with the number of the last event at that time. When all events up to
//! that one are dispatched, nothing new can come for the webhook; when then no delivery of it is left, the row goes.

use std::{collections::BTreeSet, ops::ControlFlow};

use transload_domain::{EventNo, Organization, Status, WebhookId};

use super::listed::{self, From};
use crate::{
    Result,
    group::Step,
    keys,
    row::{self, EventRow, NumberRow, block, readable},
    rows::{self, Order, Row, Rows},
};

/// Rows that are looked at in one go when those that are of no more use are removed.
const LOOKED_AT_MAX: usize = 1_000;

/// Notes that a webhook goes.
pub(super) fn note(step: &mut Step<'_>, organization: &Organization, id: WebhookId) -> Result<()> {
    let last = step.number(keys::LAST_EVENT)?;
    step.put(keys::gone(organization, id), &NumberRow(last));
    Ok(())
}

/// The organization's webhooks, those that are gone too.
pub(super) fn webhooks(rows: &impl Rows, organization: &Organization) -> Result<Vec<WebhookId>> {
    let mut found = BTreeSet::new();
    for prefix in [keys::organization_webhooks(organization), keys::organization_gone(organization)]
    {
        let range = keys::under(&prefix);
        rows.scan(&range.start..&range.end, Order::Ascending, &mut |key, _| {
            found.extend(keys::webhook_in(key));
            ControlFlow::Continue(())
        })?;
    }
    Ok(found.into_iter().collect())
}

/// The rows that are of no more use.
pub(super) fn useless(rows: &impl Rows) -> Result<Vec<Row>> {
    let floor = rows.get(keys::FLOOR)?;
    let floor = floor.map(|bytes| row::decode::<NumberRow>(&bytes)).transpose()?;
    let floor = floor.map_or(0, |row| row.0);
    let range = keys::under(&keys::all_gone());
    let all = rows::collect(rows, &range.start..&range.end, Order::Ascending, LOOKED_AT_MAX)?;
    let mut useless = Vec::new();
    for (key, value) in all {
        let last = row::decode::<NumberRow>(&value).map(Some);
        let Some(NumberRow(last)) = readable(last, || "a webhook that is gone".to_owned())? else {
            continue;
        };
        let is_dispatched = last == 0 || block::place(EventNo(last)).0 < floor;
        let Some(id) = keys::webhook_in(&key) else { continue };
        if is_dispatched && !has_deliveries(rows, id)? {
            useless.push((key, value));
        }
    }
    Ok(useless)
}

fn has_deliveries(rows: &impl Rows, id: WebhookId) -> Result<bool> {
    for status in Status::ALL {
        if rows.get(&keys::count(id, status))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes the webhooks that went before there were such notes: those that have deliveries and are not there. It looks
/// once at each webhook that has deliveries.
pub(crate) fn complete(rows: &impl Rows) -> Result<()> {
    let range = keys::under(&keys::all_counts());
    let mut start = range.start;
    while let Some((key, _)) =
        rows::collect(rows, &start..&range.end, Order::Ascending, 1)?.into_iter().next()
    {
        let Some(id) = keys::counted_in(&key) else {
            start = keys::behind(&key);
            continue;
        };
        start = keys::under(&keys::counts(id)).end;
        if rows.get(&keys::state_bytes(id))?.is_some() {
            continue;
        }
        if let Some(organization) = organization_of(rows, id)? {
            let note = keys::gone(&organization, id);
            if rows.get(&note)?.is_none() {
                rows.write(vec![(note, Some(row::encode(&NumberRow(0))))])?;
            }
        }
    }
    Ok(())
}

/// Whose webhook it was: its deliveries are of its organization's events.
fn organization_of(rows: &impl Rows, id: WebhookId) -> Result<Option<Organization>> {
    for status in Status::ALL {
        let newest = listed::some(rows, status, id, From::Newest { below: None }, 1);
        // What cannot be read is told elsewhere.
        let Some(key) = newest.ok().and_then(|found| found.first().copied()) else { continue };
        let Some(bytes) = rows.get(&keys::event(key.event))? else { continue };
        if let Ok(organization) =
            row::decode::<EventRow<'_>>(&bytes).and_then(|row| row.organization())
        {
            return Ok(Some(organization));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use transload_domain::{DeliveryKey, Event, HookNo, Part, Timestamp};

    use super::*;
    use crate::{MemoryRows, row::ListedRow, row::listed::block_of};

    fn webhook(n: u8) -> WebhookId {
        WebhookId::from_random([n; 16])
    }

    fn noted(rows: &MemoryRows) -> Vec<Vec<u8>> {
        let range = keys::under(&keys::all_gone());
        let found = rows::collect(rows, &range.start..&range.end, Order::Ascending, 99).unwrap();
        found.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn those_that_went_before_there_were_notes_are_found_again_and_forgotten_in_the_end() {
        let (rows, acme) = (MemoryRows::default(), Organization::new("acme").unwrap());
        let event = Event {
            organization: acme.clone(),
            id: "1".into(),
            source: "/shop".into(),
            kind: "order.created".into(),
            subject: None,
            time: None,
            extensions: vec![],
            data: "{}".into(),
            accepted_at: Timestamp::EPOCH,
            emulated_for: None,
        };
        let mut batch = vec![(keys::event(EventNo(3)), Some(row::encode(&EventRow::from(&event))))];
        // Of three webhooks with deliveries, the second is still there; of the third's nobody knows whose it was.
        for (n, no) in [(1, 3), (2, 3), (3, 4)] {
            let key = DeliveryKey {
                event: EventNo(no),
                webhook: webhook(n),
                hook: HookNo(0),
                part: Part(0),
            };
            let mut list = ListedRow::default();
            list.insert(&key);
            let at = keys::listed(Status::Dead, webhook(n), block_of(key.event));
            batch.push((at, Some(row::encode(&list))));
            batch.push((keys::count(webhook(n), Status::Dead), Some(row::encode(&NumberRow(1)))));
        }
        batch.push((keys::state_bytes(webhook(2)), Some(row::encode(&NumberRow(0)))));
        rows.write(batch).unwrap();
        for _ in 0..2 {
            complete(&rows).unwrap();
            assert_eq!(noted(&rows), [keys::gone(&acme, webhook(1))]);
        }
        assert_eq!(webhooks(&rows, &acme), Ok(vec![webhook(1)]));
        assert_eq!(useless(&rows).unwrap(), []);
        rows.write(vec![(keys::count(webhook(1), Status::Dead), None)]).unwrap();
        assert_eq!(useless(&rows).unwrap().len(), 1);
        // Not while an event from before it went may still bring deliveries.
        rows.write(vec![(keys::gone(&acme, webhook(1)), Some(row::encode(&NumberRow(7))))])
            .unwrap();
        assert_eq!(useless(&rows).unwrap(), []);
        rows.write(vec![(keys::FLOOR.to_vec(), Some(row::encode(&NumberRow(1))))]).unwrap();
        assert_eq!(useless(&rows).unwrap().len(), 1);
    }
}
