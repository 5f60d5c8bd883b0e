//! The recent failures of webhooks, by which they are suspended.

use transload_domain::WebhookId;

use crate::{
    FAILURES_KEPT_MAX, Failure, Result,
    group::Step,
    keys,
    row::{FailuresRow, readable},
};

/// Adds a failure; of a webhook that is gone none is kept. A row that is damaged begins anew: what it said is not
/// worth an attempt that cannot be written.
pub(super) fn add(step: &mut Step<'_>, webhook: WebhookId, failure: Failure) -> Result<()> {
    if !step.has(&keys::state_bytes(webhook))? {
        return Ok(());
    }
    let key = keys::failures(webhook);
    let row = readable(step.row::<FailuresRow>(&key), || format!("failures of webhook {webhook}"));
    let mut row = row?.unwrap_or_default();
    let keep = failure.keep.clamp(1, FAILURES_KEPT_MAX);
    row.add(failure.at, keep as usize);
    step.put(key, &row);
    Ok(())
}

/// Forgets those of a webhook that goes.
pub(super) fn end(step: &mut Step<'_>, webhook: WebhookId) {
    step.remove(keys::failures(webhook));
}
