//! Suspending webhooks, and obeying their suspension and resumption.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use tracing::{info, warn};
use transload_domain::{
    Judgement, Lane, RecentFailures, SuspendRule, Timestamp, Webhook, WebhookId, suspended_event,
};
use transload_store::{Change, Error, Failure};

use super::{
    action::{Effect, Flight},
    term::{Moved, Term},
};

/// The webhooks' recent failures, and the suspensions that are decided and not yet told by the ledger. Webhooks bound
/// both.
#[derive(Debug, Default)]
pub(super) struct Suspensions {
    failures: BTreeMap<WebhookId, RecentFailures>,
    decided: HashMap<WebhookId, Decided>,
}

/// A suspension on its way: from the decision on nothing is sent.
#[derive(Debug)]
struct Decided {
    at: Timestamp,
    reason: String,
    /// The webhook as its vendor was spoken to.
    spoken_to: Arc<Webhook>,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The attempt that led to it is written first: whoever looks finds the failure, then the suspension.
    Settling,
    /// It is being written.
    Writing,
    /// It was written; the ledger's word of it is still to come.
    Written,
}

impl Suspensions {
    /// Takes in what the ledger kept of a webhook's failures.
    pub(super) fn restore(&mut self, webhook: WebhookId, failures: Vec<Timestamp>) {
        self.failures.insert(webhook, RecentFailures::new(failures));
    }

    fn is_decided(&self, webhook: WebhookId) -> bool {
        self.decided.contains_key(&webhook)
    }
}

impl Term {
    /// What the webhook may take now. Nothing while it is suspended, or is being suspended.
    pub(super) fn lane(&self, webhook: &Webhook) -> Lane {
        let lane = self.rules.lane(webhook);
        Lane { suspended: lane.suspended || self.suspensions.is_decided(webhook.id), ..lane }
    }

    /// Says to the agenda what the webhook may take now.
    pub(super) fn configure_lane(&mut self, webhook: &Webhook) {
        self.agenda.configure(webhook.id, self.lane(webhook));
        self.agenda.gate(webhook.id, self.vendors.gate(webhook.id));
    }

    /// Whether nothing may be sent for this webhook.
    pub(super) fn is_held(&self, webhook: &Webhook) -> bool {
        webhook.suspended_at.is_some() || self.suspensions.is_decided(webhook.id)
    }

    /// Counts a failure towards the webhook's suspension. Returns how it is to be kept, and why the webhook is to be
    /// suspended, if it is.
    pub(super) fn count_failure(
        &mut self,
        flight: &Flight,
        judgement: &Judgement,
        now: Timestamp,
    ) -> (Option<Failure>, Option<String>) {
        let rules = flight.profile.rules(&flight.webhook.overrides);
        let Some(rule) = rules.suspend.filter(|_| judgement.counts) else { return (None, None) };
        let recent = self.suspensions.failures.entry(flight.webhook.id).or_default();
        recent.add(now, rule.keep());
        let reason = self.reason_to_suspend(flight.webhook.id, rule, now);
        let spoken_to = Arc::clone(&flight.webhook);
        (Some(Failure { at: now, keep: rule.keep(), spoken_to }), reason)
    }

    fn reason_to_suspend(
        &self,
        webhook: WebhookId,
        rule: SuspendRule,
        now: Timestamp,
    ) -> Option<String> {
        self.suspensions.failures.get(&webhook)?.suspend(rule, now)
    }

    /// Decides that a webhook is to be suspended: from now on nothing is sent for it. The suspension is written when
    /// [`Term::write_suspension`] is called.
    pub(super) fn decide_suspension(
        &mut self,
        spoken_to: &Arc<Webhook>,
        reason: String,
        now: Timestamp,
    ) {
        let id = spoken_to.id;
        let current = self.rules.webhook(id).cloned();
        let Some(webhook) = current.filter(|webhook| !self.is_held(webhook)) else { return };
        let spoken_to = Arc::clone(spoken_to);
        let decided = Decided { at: now, reason, spoken_to, step: Step::Settling };
        self.suspensions.decided.insert(id, decided);
        self.configure_lane(&webhook);
    }

    /// Writes the suspension of a webhook, if one is decided.
    pub(super) fn write_suspension(&mut self, id: WebhookId) {
        let Some(webhook) = self.rules.webhook(id) else { return };
        let Some(decided) = self.suspensions.decided.get_mut(&id) else { return };
        if decided.step != Step::Settling {
            return;
        }
        decided.step = Step::Writing;
        warn!(webhook = %id, reason = %decided.reason, "the webhook is suspended");
        let change = Change::Suspend {
            organization: webhook.organization.clone(),
            webhook: id,
            at: decided.at,
            reason: decided.reason.clone(),
            decided_on: Some(Arc::clone(&decided.spoken_to)),
            event: Box::new(suspended_event(webhook, decided.at, &decided.reason)),
        };
        self.effects.push(Effect::Suspend(id, Box::new(change)));
    }

    /// A suspension was written, or not.
    pub(super) fn suspended(&mut self, id: WebhookId, result: Result<(), Error>) {
        match result {
            Ok(()) => {
                let told = self.rules.webhook(id).is_some_and(|it| it.suspended_at.is_some());
                match self.suspensions.decided.get_mut(&id) {
                    Some(_) if told => {
                        self.suspensions.decided.remove(&id);
                    }
                    Some(decided) => decided.step = Step::Written,
                    None => {}
                }
            }
            // It is gone, and the ledger is about to say so.
            Err(Error::NotFound(_)) => {
                self.suspensions.decided.remove(&id);
            }
            Err(Error::Corrupt(what)) => {
                let what = format!("webhook {id} cannot be suspended: {what}");
                warn!("{what}");
                self.tell_damage(what);
            }
            Err(error) => self.resign(error),
        }
    }

    /// A webhook is new or has changed.
    pub(super) fn webhook_told(&mut self, webhook: Arc<Webhook>, now: Timestamp) {
        let id = webhook.id;
        if let Some(former) = self.rules.webhook(id) {
            let resumed = former.suspended_at.is_some() && webhook.suspended_at.is_none()
                || former.resumed_at != webhook.resumed_at;
            let begins_anew = !former.counts_for(&webhook);
            if resumed {
                info!(webhook = %id, "the webhook is resumed");
                self.order_what_was_held(id, now);
            }
            if webhook.suspended_at.is_some() || resumed || begins_anew {
                self.forget_vendor(id);
            }
            if begins_anew {
                self.suspensions.failures.remove(&id);
            }
        }
        if let Some(decided) = self.suspensions.decided.get(&id) {
            if webhook.suspended_at == Some(decided.at) {
                self.metrics.suspended();
            }
            // The ledger's word counts: that it is suspended, or what was made of it since it was.
            let obeyed = webhook.suspended_at.is_some()
                || !decided.spoken_to.counts_for(&webhook)
                || decided.step == Step::Written;
            if obeyed {
                self.suspensions.decided.remove(&id);
            }
        }
        self.configure_lane(&webhook);
        self.rules.put(webhook);
    }

    /// What was held goes out in the order of acceptance, as far as it is due.
    fn order_what_was_held(&mut self, webhook: WebhookId, now: Timestamp) {
        for (head, due) in self.agenda.order_by_acceptance(webhook, now) {
            let stored = self.as_stored(head).due;
            self.moved.insert(head.key, Moved { stored, agenda: due });
        }
    }

    /// Forgets a webhook that is gone.
    pub(super) fn forget_suspension(&mut self, id: WebhookId) {
        self.suspensions.failures.remove(&id);
        self.suspensions.decided.remove(&id);
    }

    /// Judges what the ledger kept of all webhooks' failures: a host that ended between a failure and the suspension
    /// that follows from it leaves that to the next.
    pub(super) fn judge_kept_failures(&mut self, now: Timestamp) {
        let webhooks: Vec<WebhookId> = self.suspensions.failures.keys().copied().collect();
        for id in webhooks {
            let Some(webhook) = self.rules.webhook(id).cloned() else { continue };
            let Some(profile) = self.rules.profile_of(&webhook) else { continue };
            let Some(rule) = profile.rules(&webhook.overrides).suspend else { continue };
            if let Some(reason) = self.reason_to_suspend(id, rule, now) {
                self.decide_suspension(&webhook, reason, now);
                self.write_suspension(id);
            }
        }
    }
}
