//! Suspending a webhook, together with the event that says so.

use std::sync::Arc;

use transload_domain::{Event, Organization, Timestamp, Webhook, WebhookId};

use super::{accept::Prepared, configure::expect};
use crate::{Entry, Error, Result, Revision, group::Step, keys, row::WebhookRow};

/// What [`crate::Change::Suspend`] asks for.
pub(super) struct Suspension {
    pub(super) organization: Organization,
    pub(super) webhook: WebhookId,
    pub(super) at: Timestamp,
    pub(super) reason: String,
    pub(super) decided_on: Option<Arc<Webhook>>,
    pub(super) event: Box<Event>,
}

impl Suspension {
    pub(super) fn write(self, step: &mut Step<'_>, expected: Option<Revision>) -> Result<Revision> {
        let key = keys::webhook(&self.organization, self.webhook);
        let Some(row) = step.row::<WebhookRow>(&key)? else {
            return Err(Error::NotFound(format!("webhook {}", self.webhook)));
        };
        let present = row.revision();
        let webhook = Webhook::try_from(row)?;
        let counts = self.decided_on.is_none_or(|one| one.counts_for(&webhook));
        if webhook.suspended_at.is_some() || !counts {
            return Ok(present);
        }
        expect(present, expected, || format!("webhook {}", self.webhook))?;
        if self.event.organization != self.organization {
            let what = format!("the event is not one of webhook {}'s organization", self.webhook);
            return Err(Error::Conflict(what));
        }
        let webhook = Webhook {
            suspended_at: Some(self.at),
            suspended_because: Some(self.reason),
            updated_at: self.at,
            ..webhook
        };
        let revision = step.next_revision()?;
        step.put(key, &WebhookRow::new(revision, &webhook));
        step.tell(Entry::Webhook(Arc::new(webhook)));
        Prepared::from(*self.event).accept(step, 0)?;
        Ok(revision)
    }
}
