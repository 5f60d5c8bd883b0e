//! The recent failures by which a webhook is suspended.

use std::sync::Arc;

use transload_domain::{Head, Status, Timestamp, Webhook, WebhookId};
use transload_store::{Change, Entry, Failure, Lead, Settlement};

use crate::world::{SHARD, World, acme, hook, settlement, until_current, webhook};

/// Lets an attempt fail at this time.
async fn fail(world: &World, lead: &Lead, head: Head, micros: i64, keep: u32) -> Head {
    fail_as(world, lead, head, (micros, keep), &webhook(head.key.webhook)).await
}

/// Lets an attempt fail that was made for the webhook as it is here.
async fn fail_as(
    world: &World,
    lead: &Lead,
    head: Head,
    (micros, keep): (i64, u32),
    spoken_to: &Webhook,
) -> Head {
    let settled = settlement(head, Status::Scheduled);
    let spoken_to = Arc::new(spoken_to.clone());
    let failure = Some(Failure { at: Timestamp::from_micros(micros), keep, spoken_to });
    world.ledger.settle(lead, Settlement { failure, ..settled.clone() }).await.unwrap();
    settled.after
}

/// What a lead that begins is told of a webhook's failures.
async fn told(world: &World, host: &str, of: WebhookId) -> Option<Vec<i64>> {
    let lead = world.lead(host).await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let mut found = until_current(&mut agenda).await.into_iter().filter_map(|entry| match entry {
        Entry::Failures(webhook, at) if webhook == of => Some(at),
        _ => None,
    });
    let first = found.next();
    assert!(found.next().is_none(), "a webhook's failures are told once");
    first.map(|at| at.into_iter().map(Timestamp::as_micros).collect())
}

pub(crate) async fn the_latest_failures_of_a_webhook_are_kept(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    world.put_webhook(&webhook(hook(2))).await;
    let parts = [(hook(1), Status::Scheduled), (hook(2), Status::Scheduled)];
    let made = world.deliver(&lead, "1", &parts).await;
    let (mut first, mut second) = (made[0].head, made[1].head);
    // The clock was set back in between.
    for at in [10, 30, 20, 40, 50] {
        first = fail(&world, &lead, first, at, 3).await;
    }
    second = fail(&world, &lead, second, 7, 9).await;
    world.ledger.settle(&lead, settlement(second, Status::Delivered)).await.unwrap();
    assert_eq!(told(&world, "a", hook(1)).await, Some(vec![30, 40, 50]));
    assert_eq!(told(&world, "a", hook(2)).await, Some(vec![7]));
    let lead = world.lead("a").await;
    first = fail(&world, &lead, first, 60, 1).await;
    fail(&world, &lead, first, 70, u32::MAX).await;
    assert_eq!(told(&world, "a", hook(1)).await, Some(vec![60, 70]));
}

/// However many a rule asks to keep.
pub(crate) async fn failures_are_bounded(world: World) {
    const MAX: u32 = transload_store::FAILURES_KEPT_MAX;
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let mut head = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    for at in 0..i64::from(MAX) + 5 {
        head = fail(&world, &lead, head, at, u32::MAX).await;
    }
    let told = told(&world, "a", hook(1)).await.unwrap();
    assert_eq!(told, (5..i64::from(MAX) + 5).collect::<Vec<_>>());
}

/// Whoever speaks to another vendor, or says that it is mended, begins anew: what was there counts no longer, and what is
/// still on its way does not either.
async fn begins_without_failures(world: World, change: impl Fn(&mut Webhook)) {
    let lead = world.lead("a").await;
    let former = webhook(hook(1));
    world.put_webhook(&former).await;
    let head = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    let head = fail_as(&world, &lead, head, (10, 3), &former).await;
    let mut renamed = former.clone();
    renamed.name = "another name".into();
    world.put_webhook(&renamed).await;
    let head = fail_as(&world, &lead, head, (20, 3), &former).await;
    assert_eq!(told(&world, "a", hook(1)).await, Some(vec![10, 20]));
    let mut changed = renamed.clone();
    change(&mut changed);
    world.put_webhook(&changed).await;
    assert_eq!(told(&world, "a", hook(1)).await, None);
    let lead = world.lead("a").await;
    // The clock was set back in between.
    let head = fail_as(&world, &lead, head, (30, 3), &former).await;
    fail_as(&world, &lead, head, (5, 3), &changed).await;
    assert_eq!(told(&world, "a", hook(1)).await, Some(vec![5]));
}

pub(crate) async fn a_new_vendor_begins_without_failures(world: World) {
    begins_without_failures(world, |webhook| webhook.hooks[0].endpoint.push_str("/new")).await;
}

pub(crate) async fn a_resumed_webhook_begins_without_failures(world: World) {
    let resumed_at = Some(Timestamp::from_micros(25));
    begins_without_failures(world, |webhook| webhook.resumed_at = resumed_at).await;
}

pub(crate) async fn failures_go_with_their_webhook(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let head = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    let head = fail(&world, &lead, head, 10, 3).await;
    let remove = Change::RemoveWebhook(acme(), hook(1));
    world.ledger.configure(SHARD, remove, None).await.unwrap();
    fail(&world, &lead, head, 20, 3).await;
    assert_eq!(told(&world, "a", hook(1)).await, None);
}

/// The failure is written with its attempt or not at all.
pub(crate) async fn i7_a_refused_settlement_counts_no_failure(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let head = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    fail(&world, &lead, head, 10, 3).await;
    let failure = Some(Failure {
        at: Timestamp::from_micros(11),
        keep: 3,
        spoken_to: Arc::new(webhook(hook(1))),
    });
    let again = Settlement { failure, ..settlement(head, Status::Scheduled) };
    assert!(world.ledger.settle(&lead, again).await.is_err());
    assert_eq!(told(&world, "a", hook(1)).await, Some(vec![10]));
}
