//! From what transforms gave to the deliveries of a plan.

use std::{sync::Arc, time::Duration};

use tracing::{debug, error, info, warn};
use transload_domain::{
    Delivery, Fault, LogLevel, NotRun, RetryPolicy, Timestamp, Transformed, WebhookId, made::Making,
};

use super::{
    action::{HookResult, Ran, Target},
    pace::Used,
    term::{Ending, Term},
};

impl Term {
    /// A run of transforms has ended.
    pub(super) fn ran(&mut self, ran: Ran, now: Timestamp) {
        let used = ran.results.as_deref().ok().and_then(used);
        self.hand.runs.ended(&ran.plugin, used, now);
        self.hand.run_ended(ran.plan);
        let results = match ran.results {
            Ok(results) => results,
            Err(error) => return self.resign(error),
        };
        if results.iter().any(|result| matches!(result.result, Err(NotRun::Closed))) {
            // Nothing is said about the event: whoever leads next transforms it.
            if self.stop_until().is_none() {
                self.end(Ending::EngineClosed);
            }
            return;
        }
        let mut made = Vec::new();
        for result in results {
            self.note(&result);
            made.extend(self.deliveries(ran.plan, ran.webhook, result, now));
        }
        self.hand.put(ran.plan, ran.webhook, made, ran.checks, ran.changes);
        self.go_on(ran.plan, now);
    }

    fn deliveries(
        &self,
        plan: super::action::PlanId,
        webhook: WebhookId,
        result: HookResult,
        now: Timestamp,
    ) -> Vec<Delivery> {
        let Some(plan) = self.hand.plan(plan) else { return Vec::new() };
        let HookResult { target, plugin, result } = result;
        let webhook = self.rules.webhook(webhook);
        let retry: &RetryPolicy = match webhook {
            Some(webhook) => plugin.profile.rules(&webhook.overrides).retry,
            None => &plugin.profile.retry,
        };
        let making = Making { plugin: Some(&plugin.reference), ..plan.making(&target, now) };
        making.deliveries(result, retry, self.number())
    }

    /// Remembers and reports what a transform did.
    fn note(&mut self, result: &HookResult) {
        let Ok(transformed) = &result.result else { return };
        let reference = &transformed.plugin;
        self.metrics.transformed(&reference.name, transformed.took);
        if reference.digest == result.plugin.reference.digest
            && self.rules.profile(&reference.digest).is_none()
        {
            let profile = Arc::new(result.plugin.profile.clone());
            self.rules.store_profile(reference.digest, profile);
        }
        write_log(&result.target, transformed);
        if let Err(fault) = &transformed.result {
            self.metrics.faulted(&reference.name, fault);
            let delivery = result.target.hook.delivery;
            info!(%delivery, plugin = %reference, %fault, "transform made nothing");
        }
    }
}

/// What a webhook's hooks used together; `None` when none ran.
fn used(results: &[HookResult]) -> Option<Used> {
    let ran = || results.iter().filter_map(|result| result.result.as_ref().ok());
    let timed_out = ran().any(|ran| matches!(ran.result, Err(Fault::Time(_))));
    let took: Duration = ran().map(|ran| ran.took).sum();
    ran().next().map(|_| Used { took, timed_out })
}

fn write_log(target: &Target, transformed: &Transformed) {
    let (delivery, plugin) = (target.hook.delivery, &transformed.plugin);
    for line in &transformed.log {
        let message = &line.message;
        match line.level {
            LogLevel::Debug => debug!(target: "plugin", %plugin, %delivery, "{message}"),
            LogLevel::Info => info!(target: "plugin", %plugin, %delivery, "{message}"),
            LogLevel::Warn => warn!(target: "plugin", %plugin, %delivery, "{message}"),
            LogLevel::Error => error!(target: "plugin", %plugin, %delivery, "{message}"),
        }
    }
    if transformed.log_dropped > 0 {
        let dropped = transformed.log_dropped;
        warn!(target: "plugin", %plugin, %delivery, dropped, "log lines over the limit were dropped");
    }
}
