//! Changing the configuration.

use std::sync::Arc;

use super::{Local, failures, gone, replay, state, suspend::Suspension};
use crate::{
    Change, Entry, Error, Result, Revision,
    group::{Group, Step},
    keys,
    row::{AccessRow, ProfileRow, WebhookRow, WishRow},
    rows::Rows,
};
use transload_domain::{DeliveryKey, Digest, Organization, Profile, Webhook, WebhookId, Wish};

impl<R: Rows> Local<R> {
    pub(super) async fn change(
        &self,
        change: Change,
        expected: Option<Revision>,
    ) -> Result<Revision> {
        let scans = matches!(change, Change::RemoveWebhook(..) | Change::Replay(_));
        let work = move |group: &mut Group<'_>| {
            group.atomic(|step| match change {
                Change::Webhook(webhook) => put_webhook(step, webhook, expected),
                Change::RemoveWebhook(organization, id) => {
                    remove_webhook(step, &organization, id, expected)
                }
                Change::Suspend { organization, webhook, at, reason, decided_on, event } => {
                    Suspension { organization, webhook, at, reason, decided_on, event }
                        .write(step, expected)
                }
                Change::Redrive { delivery, wish } => redrive(step, delivery, wish, expected),
                Change::Replay(replay) => replay::put(step, &replay, expected),
                Change::Profile(digest, profile) => put_profile(step, digest, profile, expected),
                Change::Access { id, value } => put_access(step, &id, value, expected),
            })
        };
        if scans {
            self.journal.submit_scanning(work).await
        } else {
            self.journal.submit(work).await
        }
    }
}

fn put_webhook(
    step: &mut Step<'_>,
    webhook: Webhook,
    expected: Option<Revision>,
) -> Result<Revision> {
    let key = keys::webhook(&webhook.organization, webhook.id);
    let former = step.row::<WebhookRow>(&key)?;
    let present = former.as_ref().map_or(0, WebhookRow::revision);
    expect(present, expected, || format!("webhook {}", webhook.id))?;
    let former = former.map(Webhook::try_from).transpose()?;
    if former.is_some_and(|former| !former.counts_for(&webhook)) {
        // What the former vendor did, or this one before somebody said that it is mended, says nothing any more.
        failures::end(step, webhook.id);
    }
    if present == 0 {
        if step.has(&keys::state_bytes(webhook.id))? {
            let taken = format!("webhook id {} is another organization's", webhook.id);
            return Err(Error::Conflict(taken));
        }
        state::begin(step, webhook.id);
    }
    let revision = step.next_revision()?;
    step.put(key, &WebhookRow::new(revision, &webhook));
    step.tell(Entry::Webhook(Arc::new(webhook)));
    Ok(revision)
}

fn remove_webhook(
    step: &mut Step<'_>,
    organization: &Organization,
    id: WebhookId,
    expected: Option<Revision>,
) -> Result<Revision> {
    let key = keys::webhook(organization, id);
    let Some(row) = step.row::<WebhookRow>(&key)? else {
        return Err(Error::NotFound(format!("webhook {id}")));
    };
    expect(row.revision(), expected, || format!("webhook {id}"))?;
    step.remove(key);
    gone::note(step, organization, id)?;
    state::end(step, id)?;
    failures::end(step, id);
    step.tell(Entry::WebhookRemoved(id));
    Ok(0)
}

/// Keeps the wish for a delivery, or that it was refused, or takes it back. A wish that is kept already is told once
/// more, in case that the lead could not do anything about it at that time.
fn redrive(
    step: &mut Step<'_>,
    delivery: DeliveryKey,
    wish: Option<Wish>,
    expected: Option<Revision>,
) -> Result<Revision> {
    let key = keys::redrive(&delivery);
    // Whoever expects nothing may meet a damaged one, and puts that right.
    let present = match expected {
        Some(_) => step.get(&key)?.map_or(Ok(0), |bytes| Ok(WishRow::read(&bytes)?.0))?,
        None => 0,
    };
    let Some(wish) = wish else {
        if expected.is_none() || present > 0 {
            expect(present, expected, || format!("the wish for delivery {}", delivery.id()))?;
            step.remove(key);
        }
        return Ok(0);
    };
    expect(present, expected, || format!("the wish for delivery {}", delivery.id()))?;
    if !step.has(&keys::head(&delivery))? {
        return Err(Error::NotFound(format!("delivery {}", delivery.id())));
    }
    let revision = step.next_revision()?;
    step.put(key, &WishRow::new(revision, &wish));
    if matches!(wish, Wish::Asked { .. }) {
        step.tell(Entry::Redrive(delivery));
    }
    Ok(revision)
}

/// A profile belongs to a digest for ever, so its revision is always 1.
fn put_profile(
    step: &mut Step<'_>,
    digest: Digest,
    profile: Profile,
    expected: Option<Revision>,
) -> Result<Revision> {
    let key = keys::profile(&digest);
    let present = Revision::from(step.has(&key)?);
    expect(present, expected, || format!("profile {digest}"))?;
    step.put(key, &ProfileRow::from(&profile));
    step.tell(Entry::Profile(digest, Arc::new(profile)));
    Ok(1)
}

fn put_access(
    step: &mut Step<'_>,
    id: &str,
    value: Option<Vec<u8>>,
    expected: Option<Revision>,
) -> Result<Revision> {
    let key = keys::access(id);
    let present = step.row::<AccessRow>(&key)?.map_or(0, |row| row.revision);
    expect(present, expected, || format!("access record {id}"))?;
    match value {
        Some(value) => {
            let revision = step.next_revision()?;
            step.put(key, &AccessRow { revision, value });
            Ok(revision)
        }
        None if present == 0 => Err(Error::NotFound(format!("access record {id}"))),
        None => {
            step.remove(key);
            Ok(0)
        }
    }
}

pub(super) fn expect(
    present: Revision,
    expected: Option<Revision>,
    what: impl FnOnce() -> String,
) -> Result<()> {
    match expected {
        Some(expected) if expected != present => {
            let what = what();
            Err(Error::Conflict(format!("{what} is at revision {present}, not {expected}")))
        }
        _ => Ok(()),
    }
}
