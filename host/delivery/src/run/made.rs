//! What becomes of a hook after its transform: pure decisions.

use transload_domain::{
    Content, Delivery, DeliveryKey, Fault, Head, Made, NotRun, Outcome, Part, PluginName,
    PluginRef, Profile, Status, Timestamp, Transformed, limits,
};

use super::{action::HookResult, options::MISSING_PLUGIN_RECHECK};

/// The deliveries that a hook's result gives. `runs` is how often the transform had run before, `random` any number.
pub(super) fn deliveries(
    result: HookResult,
    runs: u32,
    now: Timestamp,
    random: u32,
) -> Vec<Delivery> {
    let HookResult { key, plugin, result } = result;
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
            vec![again(key, Some(by), fault, &plugin.profile, runs + 1, now, random)]
        }
        Ok(Transformed { plugin, result: Err(fault), .. }) => {
            vec![dead(key, Some(plugin), fault, runs, now)]
        }
        Err(NotRun::Missing(name)) => vec![missing(key, &NotRun::Missing(name), runs, now)],
        Err(reason) => {
            let fault = Fault::RetryLater(reason.to_string());
            vec![again(key, None, fault, &plugin.profile, runs + 1, now, random)]
        }
    }
}

/// A delivery that nothing is sent for.
pub(super) fn skipped(
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
pub(super) fn missing(key: DeliveryKey, reason: &NotRun, runs: u32, now: Timestamp) -> Delivery {
    let due = now.after(MISSING_PLUGIN_RECHECK);
    let reason = format!("{reason}; the delivery is made when it is back");
    Delivery {
        head: head(key, Status::Blocked, runs, due, now),
        made: Made { plugin: None, content: Content::Blocked(reason) },
    }
}

/// A delivery whose plugin is too busy to make it now.
pub(super) fn busy(key: DeliveryKey, plugin: &PluginName, now: Timestamp) -> Delivery {
    let reason = format!("plugin {plugin} is busy; the delivery is made in its turn");
    Delivery {
        head: head(key, Status::Blocked, 0, now, now),
        made: Made { plugin: None, content: Content::Blocked(reason) },
    }
}

/// A dead letter without bytes.
pub(super) fn dead(
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

/// A delivery whose transform, run so often now, is to be run again by the vendor's schedule, while there is one.
fn again(
    key: DeliveryKey,
    plugin: Option<PluginRef>,
    fault: Fault,
    profile: &Profile,
    runs: u32,
    now: Timestamp,
    random: u32,
) -> Delivery {
    let next = profile.retry.next(runs, now, None, random);
    match next.filter(|_| runs < limits::TRANSFORM_RUNS_MAX) {
        Some(due) => Delivery {
            head: head(key, Status::Blocked, runs, due, now),
            made: Made { plugin, content: Content::Blocked(fault.to_string()) },
        },
        None => dead(key, plugin, fault, runs, now),
    }
}

fn head(key: DeliveryKey, status: Status, attempts: u32, due: Timestamp, at: Timestamp) -> Head {
    Head { key, status, attempts, due, at }
}
