//! Those who use the host: a company that posts events, and an operator who changes webhooks.

use std::sync::Arc;

use transload_domain::{
    Clock as _, DeliveryKey, Event, Organization, Replay, Timestamp, Webhook, WebhookId, Wish,
};
use transload_store::{Change, Error, Ledger as _, LedgerExt as _, Revision, Shard};

use super::{facts::Promise, ledger::Door, scene::Scene, values};

/// How often somebody tries again what the store refused.
const TRIES_MAX: u32 = 60;

/// Somebody with a way to the store.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) scene: Scene,
    pub(super) door: Arc<Door>,
}

impl Person {
    pub(super) fn new(scene: &Scene) -> Self {
        Self { scene: scene.clone(), door: Arc::new(scene.door()) }
    }

    /// Posts events in one batch, again and again until they are acknowledged; or gives up after so many tries, as a
    /// caller that dies.
    pub(super) async fn post(self, mut events: Vec<Event>, tries: u32) {
        let Scene { dice, time, facts, .. } = &self.scene;
        for _ in 0..tries.min(TRIES_MAX) {
            events.iter_mut().for_each(|event| event.accepted_at = time.now());
            match self.door.accept(Shard::default(), events.clone()).await {
                Ok(receipts) => {
                    let mut facts = facts.state();
                    for (event, receipt) in events.iter().zip(receipts) {
                        facts.note(&format!("{} is acknowledged", event.id));
                        match facts.events.get_mut(&receipt.no) {
                            Some(fact) => fact.acknowledged = true,
                            None => {
                                let words = format!("{} was acknowledged for nothing", event.id);
                                facts.broken(Promise::I1, words);
                            }
                        }
                    }
                    return;
                }
                Err(Error::Differs { position }) => {
                    let event = &events[position];
                    let mut facts = facts.state();
                    let no = facts.by_identity.get(&event.identity());
                    let stored = no.and_then(|no| facts.events.get(no));
                    if stored.is_none_or(|fact| fact.event.content() == event.content()) {
                        let words = format!("{} was refused as another event", event.id);
                        facts.broken(Promise::I2, words);
                    }
                    return;
                }
                Err(_) => time.sleep(values::patience(dice)).await,
            }
        }
    }

    /// Posts an event with the identity of a known one and other content: it must be refused, and the facts say so
    /// when it is not.
    pub(super) async fn post_otherwise(self, number: u64) {
        let event = values::event(self.scene.seed, number, self.scene.time.now());
        let other = Event { data: "{\"other\":true}".into(), ..event };
        // What comes back is judged where it takes effect.
        let _ = self.door.accept(Shard::default(), vec![other]).await;
    }

    /// Makes a webhook, or changes it as the caller wants, again and again until that is done.
    pub(super) async fn put(self, webhook: Webhook) {
        self.insist(Change::Webhook(webhook), Some(0)).await;
    }

    /// Changes a webhook as it is now.
    pub(super) async fn change(
        self,
        organization: Organization,
        id: WebhookId,
        change: impl Fn(&mut Webhook, Timestamp),
    ) {
        for _ in 0..TRIES_MAX {
            match self.door.webhook(Shard::default(), &organization, id).await {
                Ok(None) => return,
                Ok(Some((revision, mut webhook))) => {
                    let now = self.scene.time.now();
                    change(&mut webhook, now);
                    webhook.updated_at = now;
                    let changed = Change::Webhook(webhook);
                    let done = self.door.configure(Shard::default(), changed, Some(revision)).await;
                    if done.is_ok() {
                        return;
                    }
                }
                Err(_) => {}
            }
            self.wait().await;
        }
    }

    /// Asks for a delivery again.
    pub(super) async fn ask_for(self, delivery: DeliveryKey) {
        self.scene.time.sleep(self.scene.dice.millis(0..400)).await;
        // Some do not mind what the vendor has.
        let out_of_order = delivery.event.0.is_multiple_of(5);
        let wish = Some(Wish::Asked { out_of_order });
        self.insist(Change::Redrive { delivery, wish }, None).await;
    }

    /// Asks for a replay.
    pub(super) async fn replay(self, replay: Replay) {
        self.insist(Change::Replay(replay), Some(0)).await;
    }

    /// Makes a change, again and again until it is done or makes no sense any more.
    async fn insist(self, change: Change, expected: Option<Revision>) {
        for _ in 0..TRIES_MAX {
            let done = self.door.configure(Shard::default(), change.clone(), expected).await;
            match done {
                Err(Error::Unavailable(_)) => self.wait().await,
                // Done; or it is gone; or an earlier try had its effect.
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Removes a webhook.
    pub(super) async fn remove(self, organization: Organization, id: WebhookId) {
        self.insist(Change::RemoveWebhook(organization, id), None).await;
    }

    async fn wait(&self) {
        self.scene.time.sleep(values::patience(&self.scene.dice)).await;
    }
}

/// Resumes a webhook.
pub(super) fn resume(webhook: &mut Webhook, now: Timestamp) {
    webhook.suspended_at = None;
    webhook.suspended_because = None;
    webhook.resumed_at = Some(now);
}
