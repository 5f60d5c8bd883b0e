//! What becomes of an event and a hook after the transform.

use crate::{
    Content, Delivery, DeliveryKey, Fault, Head, Made, NotRun, Outcome, Part, PluginName,
    PluginRef, Profile, Status, Timestamp, Transformed, limits,
};

/// The deliveries that a run of the transform gives, by the vendor's rules. `runs` is how often it had run before,
/// `random` any number, spread over its whole range.
///
/// Requests are scheduled at once. A fault that would come again is a dead letter at once; a plugin that asks for
/// time is run again by the vendor's schedule; and what the host could not run, it runs again by a schedule of its
/// own, since that says nothing about the event. Both end.
pub fn deliveries(
    key: DeliveryKey,
    result: Result<Transformed, NotRun>,
    profile: &Profile,
    runs: u32,
    now: Timestamp,
    random: u32,
) -> Vec<Delivery> {
    match result {
        Ok(Transformed { plugin, result: Ok(Outcome::Deliver(requests)), .. }) => {
            let with_parts = (0..=u8::MAX).zip(requests);
            let one = |(part, request)| Delivery {
                head: head(DeliveryKey { part: Part(part), ..key }, Status::Scheduled, 0, now, now),
                made: Made { plugin: Some(plugin.clone()), content: Content::Request(request) },
            };
            with_parts.map(one).collect()
        }
        Ok(Transformed { plugin, result: Ok(Outcome::Skip(reason)), .. }) => {
            vec![skipped(key, Some(plugin), reason, now)]
        }
        Ok(Transformed { plugin: by, result: Err(fault), .. }) if fault.is_worth_another_run() => {
            let due = profile.retry.next(runs + 1, now, None, random);
            vec![again(key, Some(by), fault.to_string(), fault, due, runs + 1, now)]
        }
        Ok(Transformed { plugin, result: Err(fault), .. }) => {
            vec![dead(key, Some(plugin), fault, runs, now)]
        }
        Err(NotRun::Missing(name)) => vec![missing(key, &NotRun::Missing(name), runs, now)],
        Err(reason) => {
            let wait = limits::NOT_RUN_WAIT_MIN.saturating_mul(1_u32 << runs.min(16));
            let due = Some(now.after(wait.min(limits::NOT_RUN_WAIT_MAX)));
            let reason = format!("{reason}; the plugin is run again");
            vec![again(key, None, reason.clone(), Fault::Trap(reason), due, runs + 1, now)]
        }
    }
}

/// A delivery that nothing is sent for.
pub fn skipped(
    key: DeliveryKey,
    plugin: Option<PluginRef>,
    reason: String,
    now: Timestamp,
) -> Delivery {
    Delivery {
        head: head(key, Status::Skipped, 0, now, now),
        made: Made { plugin, content: Content::Skipped(reason) },
    }
}

/// A delivery whose plugin is not there.
pub fn missing(key: DeliveryKey, reason: &NotRun, runs: u32, now: Timestamp) -> Delivery {
    let due = now.after(limits::MISSING_PLUGIN_RECHECK);
    let reason = format!("{reason}; the delivery is made when it is back");
    Delivery {
        head: head(key, Status::Blocked, runs, due, now),
        made: Made { plugin: None, content: Content::Blocked(reason) },
    }
}

/// A delivery whose plugin is too busy to make it now.
pub fn busy(key: DeliveryKey, plugin: &PluginName, now: Timestamp) -> Delivery {
    let reason = format!("plugin {plugin} is busy; the delivery is made in its turn");
    Delivery {
        head: head(key, Status::Blocked, 0, now, now),
        made: Made { plugin: None, content: Content::Blocked(reason) },
    }
}

/// A dead letter without bytes.
pub fn dead(
    key: DeliveryKey,
    plugin: Option<PluginRef>,
    fault: Fault,
    runs: u32,
    now: Timestamp,
) -> Delivery {
    Delivery {
        head: head(key, Status::Dead, runs, now, now),
        made: Made { plugin, content: Content::Faulted(fault) },
    }
}

/// A delivery whose transform, run so often now, is to be run again at `due`; a dead letter where there is no such
/// time, or where it was run often enough.
fn again(
    key: DeliveryKey,
    plugin: Option<PluginRef>,
    reason: String,
    at_last: Fault,
    due: Option<Timestamp>,
    runs: u32,
    now: Timestamp,
) -> Delivery {
    match due.filter(|_| runs < limits::TRANSFORM_RUNS_MAX) {
        Some(due) => Delivery {
            head: head(key, Status::Blocked, runs, due, now),
            made: Made { plugin, content: Content::Blocked(reason) },
        },
        None => dead(key, plugin, at_last, runs, now),
    }
}

fn head(key: DeliveryKey, status: Status, attempts: u32, due: Timestamp, at: Timestamp) -> Head {
    Head { attempts, ..Head::new(key, status, due, at) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        AskedLimits, AuthenticationKind, Digest, EventNo, HookNo, Method, Request, RetryPolicy,
        Success, TokenHeader, WebhookId,
    };

    const NOW: Timestamp = Timestamp::from_micros(5_000_000);

    fn key() -> DeliveryKey {
        let webhook = WebhookId::from_random([1; 16]);
        DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) }
    }

    fn acme() -> PluginRef {
        let name = PluginName::new("acme").unwrap();
        PluginRef { name, version: "1.0.0".into(), digest: Digest([1; 32]) }
    }

    fn profile() -> Profile {
        Profile {
            name: acme().name,
            version: acme().version,
            title: "Acme".into(),
            homepage: None,
            hooks: vec![],
            authentication: vec![AuthenticationKind::None],
            token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
            success: Success::Any2xx,
            final_statuses: vec![],
            retry: RetryPolicy {
                schedule: vec![Duration::from_secs(60)],
                repeat_last: false,
                max_attempts: 2,
                jitter_percent: 0,
            },
            suspend: None,
            suppress_echo: false,
            expect_continue: false,
            settings_schema: None,
            limits: AskedLimits::default(),
        }
    }

    fn ran(result: Result<Outcome, Fault>) -> Result<Transformed, NotRun> {
        Ok(Transformed {
            plugin: acme(),
            result,
            reads: vec![],
            writes: vec![],
            log: vec![],
            log_dropped: 0,
            took: Duration::ZERO,
        })
    }

    fn request() -> Request {
        Request { method: Method::Post, path: String::new(), headers: vec![], body: vec![] }
    }

    #[test]
    fn a_result_becomes_deliveries() {
        let later = || Fault::RetryLater("no rate yet".into());
        let lost = || Err(NotRun::State("no answer".into()));
        for (result, runs, status, runs_after, wait, words) in [
            (ran(Ok(Outcome::Deliver(vec![request()]))), 3, Status::Scheduled, 0, 0, ""),
            (ran(Ok(Outcome::Skip("not ours".into()))), 0, Status::Skipped, 0, 0, "not ours"),
            (ran(Err(Fault::Stack)), 2, Status::Dead, 2, 0, "used up its stack"),
            (ran(Err(later())), 0, Status::Blocked, 1, 60, "no rate yet"),
            (ran(Err(later())), 1, Status::Dead, 2, 0, "no rate yet"),
            (Err(NotRun::Missing(acme().name)), 4, Status::Blocked, 4, 300, "acme is not loaded"),
            (lost(), 0, Status::Blocked, 1, 5, "no answer; the plugin is run again"),
            (lost(), 3, Status::Blocked, 4, 40, "no answer"),
            (lost(), 50, Status::Blocked, 51, 300, "no answer"),
            (
                lost(),
                limits::TRANSFORM_RUNS_MAX - 1,
                Status::Dead,
                limits::TRANSFORM_RUNS_MAX,
                0,
                "no answer",
            ),
        ] {
            let made = deliveries(key(), result.clone(), &profile(), runs, NOW, 0);
            let [Delivery { head, made }] = &made[..] else { panic!("{made:?}") };
            let wait = Duration::from_secs(wait);
            assert_eq!(
                (head.status, head.attempts, head.due),
                (status, runs_after, NOW.after(wait)),
                "{result:?}"
            );
            let reason = made.reason().unwrap_or_default();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn several_requests_are_several_deliveries_in_their_order() {
        let outcome = ran(Ok(Outcome::Deliver(vec![request(), request(), request()])));
        let made = deliveries(key(), outcome, &profile(), 0, NOW, 0);
        let parts: Vec<u8> = made.iter().map(|delivery| delivery.head.key.part.0).collect();
        assert_eq!(parts, [0, 1, 2]);
        assert_eq!(
            made[0].head.key.id(),
            key().id(),
            "the first is the one that the plugin was told of"
        );
    }
}
