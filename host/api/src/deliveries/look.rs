//! What stands around a delivery: its event and its webhook, each read once for a request.

use std::collections::HashMap;

use transload_domain::{Delivery, EventNo, Organization, Status, Verdict, Webhook, WebhookId};
use transload_store::{Error, Key, Record};

use super::summary::DeliverySummary;
use crate::{Api, events::EventSummary, problem::Problem};

/// Reads the events and webhooks of deliveries, for one organization.
pub(super) struct Look<'a> {
    api: &'a Api,
    organization: &'a Organization,
    events: HashMap<EventNo, Option<EventSummary>>,
    webhooks: HashMap<WebhookId, Option<Box<Webhook>>>,
}

impl<'a> Look<'a> {
    /// For this organization, with nothing read yet.
    pub(super) fn new(api: &'a Api, organization: &'a Organization) -> Self {
        Self { api, organization, events: HashMap::new(), webhooks: HashMap::new() }
    }

    /// The delivery's event, if it is this organization's. A delivery belongs to whom its event belongs.
    pub(super) async fn event(&mut self, no: EventNo) -> Result<Option<EventSummary>, Problem> {
        if !self.events.contains_key(&no) {
            let read = self.api.ledger.read(self.api.shard, Key::Event(no)).await?;
            let summary = match read {
                Some(Record::Event(no, event)) if event.organization == *self.organization => {
                    Some(EventSummary::new(no, &event))
                }
                _ => None,
            };
            self.events.insert(no, summary);
        }
        Ok(self.events.get(&no).cloned().flatten())
    }

    /// The delivery's webhook, where it still is.
    pub(super) async fn webhook(&mut self, id: WebhookId) -> Result<Option<&Webhook>, Problem> {
        if !self.webhooks.contains_key(&id) {
            let key = Key::Webhook(self.organization.clone(), id);
            let read = self.api.ledger.read(self.api.shard, key).await?;
            let webhook = match read {
                Some(Record::Webhook(_, webhook)) => Some(webhook),
                _ => None,
            };
            self.webhooks.insert(id, webhook);
        }
        Ok(self.webhooks.get(&id).and_then(Option::as_deref))
    }

    /// The delivery as lists show it; `None` when it is another organization's, or its event was retired.
    pub(super) async fn summary(
        &mut self,
        delivery: &Delivery,
    ) -> Result<Option<DeliverySummary>, Problem> {
        let key = delivery.head.key;
        let Some(event) = self.event(key.event).await? else { return Ok(None) };
        let reason = self.reason(delivery).await?;
        let trouble = self.api.troubles.of(key.webhook, self.api.clock.now());
        let webhook = self.webhook(key.webhook).await?;
        Ok(Some(DeliverySummary::new(delivery, event, webhook, trouble.as_ref(), reason)))
    }

    /// Why the delivery is not delivered: as its transform told, or its last attempt.
    async fn reason(&self, delivery: &Delivery) -> Result<Option<String>, Problem> {
        let head = &delivery.head;
        let told = delivery.made.reason();
        if told.is_some() || head.status == Status::Delivered || head.attempts == 0 {
            return Ok(told);
        }
        let last = Key::Attempt(head.key, head.attempts);
        let attempt = match self.api.ledger.read(self.api.shard, last).await {
            Ok(Some(Record::Attempt(attempt))) => attempt,
            Ok(_) => return Ok(None),
            // It hides no other delivery of a list.
            Err(Error::Corrupt(_)) => {
                return Ok(Some(
                    "its latest attempt cannot be read: the store is damaged".to_owned(),
                ));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(match attempt.verdict {
            Verdict::Delivered => None,
            Verdict::Retry { reason, .. } | Verdict::Dead { reason } => Some(reason),
        })
    }
}
