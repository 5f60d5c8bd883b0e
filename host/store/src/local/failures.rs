//! The recent failures of webhooks, by which they are suspended.

use transload_domain::{Webhook, WebhookId};

use crate::{
    FAILURES_KEPT_MAX, Failure, Result,
    group::Step,
    keys,
    row::{FailuresRow, WebhookRow, readable},
};

/// Adds a failure, if it still counts for its webhook. A row that is damaged begins anew: what it said is not worth an
/// attempt that cannot be written.
pub(super) fn add(step: &mut Step<'_>, failure: &Failure) -> Result<()> {
    let Failure { at, keep, spoken_to } = failure;
    let webhook = spoken_to.id;
    let row = step.row::<WebhookRow>(&keys::webhook(&spoken_to.organization, webhook));
    let current = row.and_then(|row| row.map(Webhook::try_from).transpose());
    let current = readable(current, || format!("webhook {webhook}"))?;
    if !current.is_some_and(|current| current.counts_for(spoken_to)) {
        return Ok(());
    }
    let key = keys::failures(webhook);
    let row = readable(step.row::<FailuresRow>(&key), || format!("failures of webhook {webhook}"));
    let mut row = row?.unwrap_or_default();
    row.add(*at, (*keep).clamp(1, FAILURES_KEPT_MAX) as usize);
    step.put(key, &row);
    Ok(())
}

/// Forgets those of a webhook that goes.
pub(super) fn end(step: &mut Step<'_>, webhook: WebhookId) {
    step.remove(keys::failures(webhook));
}
