//! Writing a delivery's rows: the head, its place in the lists and counts.

use transload_domain::{DeliveryKey, Head};

use super::listed;
use crate::{
    Error, Result,
    group::Step,
    keys,
    row::{HeadRow, MadeRow},
};

/// The stored head of a delivery.
pub(super) fn head(step: &Step<'_>, key: &DeliveryKey) -> Result<Option<Head>> {
    let row = step.row::<HeadRow>(&keys::head(key)).map_err(|error| named(error, key))?;
    Ok(row.map(|row| row.into_head(*key)))
}

/// Refuses when the stored head is another than the caller believes.
pub(super) fn expect_head(step: &Step<'_>, expected: &Head) -> Result<()> {
    if head(step, &expected.key)? == Some(*expected) {
        return Ok(());
    }
    Err(Error::Conflict(format!("delivery {} has moved on", expected.key.id())))
}

/// Whether the delivery has the bytes for the vendor.
pub(super) fn has_bytes(step: &Step<'_>, key: &DeliveryKey) -> Result<bool> {
    let row = step.row::<MadeRow>(&keys::made(key)).map_err(|error| named(error, key))?;
    Ok(row.is_some_and(|made| made.has_bytes()))
}

/// Writes a delivery that is not there; `made` is its encoded [`MadeRow`].
pub(super) fn insert(step: &mut Step<'_>, head: &Head, made: Vec<u8>) -> Result<()> {
    if step.has(&keys::head(&head.key))? {
        return Err(Error::Conflict(format!("delivery {} is there already", head.key.id())));
    }
    step.put(keys::head(&head.key), &HeadRow::from(head));
    step.put_bytes(keys::made(&head.key), made);
    list(step, head)?;
    step.touch(head.key);
    Ok(())
}

/// Writes another head of a delivery that is there.
pub(super) fn replace_head(step: &mut Step<'_>, before: &Head, after: &Head) -> Result<()> {
    step.put(keys::head(&after.key), &HeadRow::from(after));
    if before.status != after.status {
        unlist(step, before)?;
        list(step, after)?;
    }
    step.touch(after.key);
    Ok(())
}

/// Removes a delivery; its attempts stay, and the wish for it where somebody has one.
pub(super) fn remove(step: &mut Step<'_>, head: &Head) -> Result<()> {
    step.remove(keys::head(&head.key));
    step.remove(keys::made(&head.key));
    unlist(step, head)
}

/// Nobody waits for this delivery any more, where somebody asked for it again.
pub(super) fn grant(step: &mut Step<'_>, key: &DeliveryKey) -> Result<()> {
    let wish = keys::redrive(key);
    if step.has(&wish)? {
        step.remove(wish);
    }
    Ok(())
}

fn list(step: &mut Step<'_>, head: &Head) -> Result<()> {
    listed::insert(step, head.status, &head.key).map_err(|error| named(error, &head.key))?;
    step.add(keys::count(head.key.webhook, head.status), 1)?;
    Ok(())
}

fn unlist(step: &mut Step<'_>, head: &Head) -> Result<()> {
    listed::remove(step, head.status, &head.key).map_err(|error| named(error, &head.key))?;
    step.add(keys::count(head.key.webhook, head.status), -1)?;
    Ok(())
}

/// Says which delivery a damaged row belongs to.
fn named(error: Error, key: &DeliveryKey) -> Error {
    match error {
        Error::Corrupt(what) => Error::Corrupt(format!("delivery {}: {what}", key.id())),
        other => other,
    }
}
