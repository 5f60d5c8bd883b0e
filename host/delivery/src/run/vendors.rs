//! What is known of the vendors: which of them are spoken to, and how carefully.

use std::collections::HashMap;

use tracing::{info, warn};
use transload_domain::{
    AttemptOutcome, Breaker, Cause, Gate, Judgement, Timestamp, WebhookId, limits, no_sign_of_life,
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
    /// Whether an exchange says something about the vendor that the webhook speaks to now: not what an endpoint did that
    /// is no longer the webhook's, nor what happened before somebody said that it is mended.
    pub(super) fn is_news(&self, flight: &Flight) -> bool {
        let current = self.rules.webhook(flight.webhook.id);
        current.is_some_and(|current| current.counts_for(&flight.webhook))
    }

    /// Takes in what an exchange showed about the vendor. An exchange on trial is one as any other: it meets the same
    /// endpoint with the same credentials; but it suspends nothing. Returns why the webhook is to be suspended, if it is.
    pub(super) fn vendor_showed(
        &mut self,
        flight: &Flight,
        judgement: &Judgement,
        outcome: &AttemptOutcome,
        now: Timestamp,
    ) -> Option<String> {
        let id = flight.webhook.id;
        if self.rules.webhook(id)?.suspended_at.is_some() {
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
            self.tell_pause(id, gate, outcome, now);
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
        let on_trial = flight.head.emulated;
        let given_up = !never && !on_trial && breaker.suspends(rules.retry.span(), now);
        self.troubles.put(id, Trouble { kind, since, detail: detail.clone(), next_try });
        given_up.then(|| no_sign_of_life(since, now, &detail))
    }

    /// Says that a webhook pauses because its vendor asked for it, or that it is in no trouble.
    fn tell_pause(&self, id: WebhookId, gate: Gate, outcome: &AttemptOutcome, now: Timestamp) {
        let Gate::Paused { until: next_try } = gate else { return self.troubles.clear(id) };
        let kind = TroubleKind::Paused;
        let former = self.troubles.of(id, now).filter(|former| former.kind == kind);
        let since = former.map_or(now, |former| former.since);
        let detail = format!("{} and asks to be left alone until then", in_short(outcome));
        info!(webhook = %id, %detail, until = %next_try.rfc3339(), "the webhook's deliveries wait");
        self.troubles.put(id, Trouble { kind, since, detail, next_try });
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

fn in_short(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Answered(answer) => format!("the vendor answered {}", answer.status),
        AttemptOutcome::Failed(failure) => {
            limits::cut(&failure.detail, limits::REASON_BYTES_MAX).to_owned()
        }
    }
}
