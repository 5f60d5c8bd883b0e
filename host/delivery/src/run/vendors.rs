//! What is known of the vendors: which of them are spoken to, and how carefully.

use std::collections::HashMap;

use tracing::{info, warn};
use transload_domain::{
    AttemptOutcome, Breaker, Cause, Gate, Judgement, Timestamp, Webhook, WebhookId, limits,
    no_sign_of_life,
};

use super::{action::Flight, term::Term};
use crate::{Trouble, TroubleKind};

/// The breakers of webhooks about whose vendors there is something to remember. Webhooks bound it.
#[derive(Debug, Default)]
pub(super) struct Vendors {
    breakers: HashMap<WebhookId, Breaker>,
    tripped: usize,
}

impl Vendors {
    /// How this webhook's turns are to be gated.
    pub(super) fn gate(&self, webhook: WebhookId) -> Gate {
        self.breakers.get(&webhook).map(Breaker::gate).unwrap_or_default()
    }

    /// Changes a webhook's breaker.
    fn change(&mut self, webhook: WebhookId, now: Timestamp, change: impl FnOnce(&mut Breaker)) {
        let breaker = self.breakers.entry(webhook).or_default();
        let before = breaker.tripped().is_some();
        change(breaker);
        let after = breaker.tripped().is_some();
        self.tripped = self.tripped - usize::from(before) + usize::from(after);
        if breaker.is_at_rest(now) {
            self.breakers.remove(&webhook);
        }
    }

    fn forget(&mut self, webhook: WebhookId) {
        let breaker = self.breakers.remove(&webhook);
        self.tripped -= usize::from(breaker.is_some_and(|breaker| breaker.tripped().is_some()));
    }
}

impl Term {
    /// Takes in what an exchange showed about the vendor. Returns why the webhook is to be suspended, if it is.
    pub(super) fn vendor_showed(
        &mut self,
        flight: &Flight,
        judgement: &Judgement,
        outcome: &AttemptOutcome,
        now: Timestamp,
    ) -> Option<String> {
        let id = flight.webhook.id;
        // What an endpoint did that is no longer the webhook's says nothing about the one that is.
        let current = self.rules.webhook(id).filter(|it| is_same_vendor(it, &flight.webhook))?;
        if current.suspended_at.is_some() {
            return None;
        }
        let before = self.vendors.gate(id);
        self.vendors.change(id, now, |breaker| {
            breaker.saw(judgement.sign, flight.started, now);
            if let Some(asked) = judgement.pause {
                breaker.pause(asked, now);
            }
        });
        let gate = self.vendors.gate(id);
        if gate == before {
            return None;
        }
        self.agenda.gate(id, gate);
        self.metrics.breakers(self.vendors.tripped);
        let breaker = self.vendors.breakers.get(&id);
        let tripped = breaker.and_then(Breaker::tripped).copied();
        let (Some(breaker), Some(tripped), Gate::Probing { from: next_try }) =
            (breaker, tripped, gate)
        else {
            self.troubles.clear(id);
            return None;
        };
        let kind = match tripped.cause {
            Cause::Failing => TroubleKind::Failing,
            Cause::Credentials => TroubleKind::Credentials,
        };
        let detail = in_short(outcome);
        if matches!(before, Gate::Probing { .. }) {
            info!(webhook = %id, %kind, %detail, "a probe failed; the webhook's deliveries wait");
        } else {
            warn!(webhook = %id, %kind, %detail, "the webhook's deliveries wait; one at a time probes");
        }
        let since = tripped.since;
        let rules = flight.profile.rules(&flight.webhook.overrides);
        let never =
            matches!(flight.webhook.overrides.suspend, Some(transload_domain::Suspend::Never));
        let given_up = !never && breaker.suspends(rules.retry.span(), now);
        self.troubles.put(id, Trouble { kind, since, detail: detail.clone(), next_try });
        given_up.then(|| no_sign_of_life(since, now, &detail))
    }

    /// Forgets what the vendor did: the webhook speaks to another one now, somebody says that it is mended, or the
    /// webhook is gone.
    pub(super) fn forget_vendor(&mut self, webhook: WebhookId) {
        if self.vendors.gate(webhook) != Gate::Open {
            self.agenda.gate(webhook, Gate::Open);
        }
        self.vendors.forget(webhook);
        self.troubles.clear(webhook);
        self.metrics.breakers(self.vendors.tripped);
    }
}

/// Whether two states of a webhook speak to the same vendor in the same way, so that what is known of it holds on.
pub(super) fn is_same_vendor(one: &Webhook, other: &Webhook) -> bool {
    one.hooks == other.hooks
        && one.authentication == other.authentication
        && one.signing == other.signing
}

fn in_short(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Answered(answer) => format!("the vendor answered {}", answer.status),
        AttemptOutcome::Failed(failure) => {
            limits::cut(&failure.detail, limits::REASON_BYTES_MAX).to_owned()
        }
    }
}
