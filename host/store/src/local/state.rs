//! Plugin state: checked, changed and bounded.

use transload_domain::{WebhookId, limits};

use crate::{
    Error, Result, Revision, StateChange, StateCheck,
    group::Step,
    keys,
    row::{NumberRow, StateRow},
};

/// Refuses when a value has another revision than the one that was read.
pub(super) fn check(step: &Step<'_>, check: &StateCheck) -> Result<()> {
    let found = revision(step, check.webhook, &check.key)?;
    if found == check.revision {
        return Ok(());
    }
    let what = format!(
        "state {:?} of webhook {} was read at revision {} and is at {found}",
        check.key, check.webhook, check.revision
    );
    Err(Error::Stale { webhook: check.webhook, what })
}

/// Changes a value. A revision is never given twice, also not to a value that was deleted and made again.
pub(super) fn change(step: &mut Step<'_>, change: &StateChange) -> Result<()> {
    let total = keys::state_bytes(change.webhook);
    let Some(NumberRow(bytes)) = step.row(&total)? else {
        let what = format!("webhook {} is gone, and its state with it", change.webhook);
        return Err(Error::Stale { webhook: change.webhook, what });
    };
    let key = keys::state(change.webhook, &change.key);
    let old = stored(step, change.webhook, &change.key)?;
    let old = old.map_or(0, |row| size(&change.key, &row.value));
    let new = change.value.as_ref().map_or(0, |value| size(&change.key, value));
    let bytes = (bytes + new).saturating_sub(old);
    if new > old && bytes > limits::STATE_BYTES_PER_WEBHOOK_MAX as u64 {
        let what = format!(
            "webhook {} would keep {bytes} bytes of plugin state, and {} are allowed",
            change.webhook,
            limits::STATE_BYTES_PER_WEBHOOK_MAX
        );
        return Err(Error::Full { webhook: change.webhook, what });
    }
    match &change.value {
        Some(value) => {
            let revision = step.next_revision()?;
            step.put(key, &StateRow { revision, value: value.clone() });
        }
        None => step.remove(key),
    }
    step.put(total, &NumberRow(bytes));
    Ok(())
}

/// Makes place for a new webhook's state.
pub(super) fn begin(step: &mut Step<'_>, webhook: WebhookId) {
    step.put(keys::state_bytes(webhook), &NumberRow(0));
}

/// Removes all state of a webhook. Only for a job that scans.
pub(super) fn end(step: &mut Step<'_>, webhook: WebhookId) -> Result<()> {
    for (key, _) in step.scan(&keys::webhook_state(webhook))? {
        step.remove(key);
    }
    step.remove(keys::state_bytes(webhook));
    Ok(())
}

fn revision(step: &Step<'_>, webhook: WebhookId, key: &str) -> Result<Revision> {
    Ok(stored(step, webhook, key)?.map_or(0, |row| row.revision))
}

fn stored(step: &Step<'_>, webhook: WebhookId, key: &str) -> Result<Option<StateRow>> {
    step.row::<StateRow>(&keys::state(webhook, key)).map_err(|error| match error {
        Error::Corrupt(what) => {
            Error::Corrupt(format!("state {key:?} of webhook {webhook}: {what}"))
        }
        other => other,
    })
}

fn size(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}
