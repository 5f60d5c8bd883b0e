//! Deliveries, made as the delivery loop makes them.

use std::{sync::Arc, time::Duration};

use transload_domain::{
    Answer, Attempt, AttemptOutcome, Clock, Content, Delivery, DeliveryKey, EventNo, Head, HookNo,
    Made, Method, OrderKey, Part, Request, Status, Timestamp, Verdict, WebhookId,
};
use transload_store::{Dispatch, Entry, Ledger, Settlement, Shard};

use super::{Host, plugins::plugin_ref};

impl Host {
    /// Dispatches an event: one delivery for each of these webhooks, in this status with this content.
    pub(crate) async fn dispatch(
        &self,
        event: EventNo,
        made: Vec<(WebhookId, Status, Content)>,
    ) -> Vec<Head> {
        self.dispatch_in_order(event, None, made).await
    }

    /// The same, of deliveries with that order key.
    pub(crate) async fn dispatch_in_order(
        &self,
        event: EventNo,
        order: Option<OrderKey>,
        made: Vec<(WebhookId, Status, Content)>,
    ) -> Vec<Head> {
        let lead = self.ledger.lead(Shard(0), "test", Duration::from_secs(60)).await.unwrap();
        let deliveries: Vec<Delivery> = made
            .into_iter()
            .map(|(webhook, status, content)| {
                let key = DeliveryKey { event, webhook, hook: HookNo(0), part: Part(0) };
                let now = self.clock.now();
                let head = Head { order, ..Head::new(key, status, now, now) };
                Delivery { head, made: Made { plugin: Some(plugin_ref("acme")), content } }
            })
            .collect();
        let heads = deliveries.iter().map(|delivery| delivery.head).collect();
        let dispatch =
            Dispatch { event, replaces: None, deliveries, checks: vec![], changes: vec![] };
        for answer in self.ledger.dispatch(&lead, vec![dispatch]).await {
            answer.unwrap();
        }
        heads
    }

    /// All that a lead is told when it begins.
    pub(crate) async fn told(&self) -> Vec<Entry> {
        let lead = self.ledger.lead(Shard(0), "test", Duration::from_secs(60)).await.unwrap();
        let mut agenda = self.ledger.agenda(&lead).await.unwrap();
        let mut told = Vec::new();
        while let Some(entry) = agenda.recv().await {
            if entry == Entry::Current {
                return told;
            }
            told.push(entry);
        }
        panic!("the agenda ended")
    }

    /// Settles an attempt.
    pub(crate) async fn settle(&self, before: Head, attempt: Attempt) -> Head {
        let lead = self.ledger.lead(Shard(0), "test", Duration::from_secs(60)).await.unwrap();
        let after = transload_domain::advance(&before, &attempt.verdict, self.clock.now());
        let settlement =
            Settlement { before, after, attempt: Some(attempt), made: None, failure: None };
        self.ledger.settle(&lead, settlement).await.unwrap();
        after
    }
}

/// What a plugin made: a request with this body.
pub(crate) fn made(body: &[u8]) -> Content {
    Content::Request(Arc::new(Request {
        method: Method::Put,
        path: "/7".into(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.to_vec(),
    }))
}

/// An attempt that was answered with this status.
pub(crate) fn attempt(head: &Head, status: u16, verdict: Verdict) -> Attempt {
    Attempt {
        delivery: head.key,
        number: head.attempts + 1,
        started: Timestamp::from_micros(1_000_000),
        took: Duration::from_micros(1_500),
        outcome: AttemptOutcome::Answered(Answer {
            status,
            headers: vec![("server".into(), "vendor".into())],
            body: b"busy".to_vec(),
            cut: false,
            retry_after: Some(Duration::from_secs(9)),
            resent: false,
        }),
        verdict,
    }
}
