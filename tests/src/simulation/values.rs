//! Organizations, webhooks and events of a simulation.

use std::time::Duration;

use transload_domain::{
    Authentication, Event, Filter, Hook, HookNo, HookType, Ordering, Organization, Overrides,
    Pattern, RetryPolicy, Suspend, SuspendRule, Timestamp, Webhook, WebhookId, WebhookLimits,
};

use super::plugins::Kind;
use crate::dice::{Dice, mix};

/// The organization that the well-behaved vendor belongs to, and another one.
const ORGANIZATIONS: [&str; 2] = ["acme", "umbrella"];
/// The number of the webhook whose vendor is always well.
pub(super) const HEALTHY: u64 = 0;

/// The id of the webhook with this number.
pub(super) fn webhook_id(number: u64) -> WebhookId {
    let (high, low) = (mix(number + 1), mix(number + 1_000_003));
    WebhookId::from_random(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
}

fn organization(number: usize) -> Organization {
    Organization::new(ORGANIZATIONS[number]).expect("these are names")
}

/// A webhook of any plugin; the one with the number [`HEALTHY`] is plain.
pub(super) fn webhook(dice: &Dice, number: u64, now: Timestamp) -> Webhook {
    let is_healthy = number == HEALTHY;
    let kind = if is_healthy { Kind::Plain } else { *dice.pick(&Kind::ALL) };
    let owner = if is_healthy || dice.per_mille(750) { 0 } else { 1 };
    let kinds: &[&str] = match dice.within(0..4) {
        _ if is_healthy => &["orders"],
        0 => &["orders", "contacts"],
        1 => &["orders", "notices"],
        _ => &["orders"],
    };
    let hook = |(no, kind): (u8, &&str)| Hook {
        no: HookNo(no),
        kind: HookType::new(kind).expect("these are hook types"),
        method: None,
        endpoint: format!("https://vendor{number}.example/{kind}"),
    };
    let only_created = Filter {
        types: vec![Pattern::new("order.created").expect("this is a pattern")],
        sources: vec![],
    };
    let is_picky = !is_healthy && dice.per_mille(150);
    let concurrency = dice.per_mille(600).then(|| *dice.pick(&[1, 2, 5]));
    Webhook {
        id: webhook_id(number),
        organization: organization(owner),
        name: format!("webhook {number}"),
        description: None,
        plugin: kind.name(),
        hooks: (0..).zip(kinds).map(hook).collect(),
        hooks_made: 2,
        authentication: Authentication::None,
        signing: None,
        settings: "{}".into(),
        filter: if is_picky { only_created } else { Filter::default() },
        limits: WebhookLimits { concurrency: if is_healthy { None } else { concurrency } },
        ordering: if !is_healthy && dice.per_mille(300) { Ordering::Key } else { Ordering::None },
        overrides: if is_healthy { Overrides::default() } else { overrides(dice) },
        suspended_at: None,
        suspended_because: None,
        resumed_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// What an organization wants otherwise than its vendor says; mostly nothing.
fn overrides(dice: &Dice) -> Overrides {
    let an_hour = Duration::from_secs(3_600);
    let suspend = match dice.within(0..10) {
        0 => Some(Suspend::Never),
        1 => Some(Suspend::After(SuspendRule { more_than: 1, within: an_hour })),
        _ => None,
    };
    let retry = RetryPolicy {
        schedule: vec![Duration::from_millis(500), Duration::from_secs(7)],
        repeat_last: true,
        max_attempts: 4,
        jitter_percent: 20,
    };
    Overrides { suspend, retry: dice.per_mille(150).then_some(retry), ..Overrides::default() }
}

/// An event that tries one webhook.
pub(super) fn trial(seed: u64, number: u64, webhook: &Webhook) -> Event {
    Event {
        organization: webhook.organization.clone(),
        id: format!("t{number}"),
        emulated_for: Some(webhook.id),
        ..event(seed, number, webhook.updated_at)
    }
}

/// The event with this number. The same number gives the same event, but for the time of its acceptance.
pub(super) fn event(seed: u64, number: u64, now: Timestamp) -> Event {
    let dice = Dice::new(mix(seed ^ mix(number)));
    let kinds =
        ["order.created", "order.updated", "order.created", "contact.updated", "note.taken"];
    let subjects = [None, Some("a"), Some("b"), Some("c")];
    Event {
        organization: organization(usize::from(dice.per_mille(200))),
        id: format!("e{number}"),
        source: "/simulation".into(),
        kind: (*dice.pick(&kinds)).to_owned(),
        subject: dice.pick(&subjects).map(str::to_owned),
        time: None,
        extensions: vec![],
        data: format!("{{\"number\":{number}}}"),
        accepted_at: now,
        emulated_for: None,
    }
}

/// How long a caller waits before it tries again.
pub(super) fn patience(dice: &Dice) -> Duration {
    dice.millis(50..3_000)
}
