//! Suspended webhooks: when, told to whom, held, and resumed.

use std::time::Duration;

use transload_domain::{
    Event, Pattern, SendFailureKind, Status, Suspend, SuspendRule, Webhook, WebhookLimits,
    suspended_event,
};

use crate::support::{
    Fault, World, answered, event, failed, profile, seconds, webhook, webhook_of,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// A world with ReadyCloud's rule, whose vendor is tried again after so long, and with a plugin that is told of
/// suspensions.
fn world_with_retry_after(wait: Duration) -> World {
    let world = World::with_host();
    let mut readycloud = profile("acme");
    readycloud.suspend = Some(SuspendRule { more_than: 3, within: 6 * HOUR });
    readycloud.retry.schedule = vec![wait];
    readycloud.retry.max_attempts = 100;
    world.plugins.load(readycloud);
    let mut watcher = profile("watcher");
    watcher.hooks[0].events = vec![Pattern::new("transload.webhook.*").unwrap()];
    world.plugins.load(watcher);
    world
}

/// The events whose bodies the vendor of this webhook got, in order.
fn sent_to(world: &World, vendor: &str) -> Vec<String> {
    let sent = world.network.sent();
    let to = sent.iter().filter(|(_, one)| one.endpoint.contains(vendor));
    to.map(|(_, one)| String::from_utf8(one.request.body.clone()).unwrap()).collect()
}

#[tokio::test]
async fn the_fourth_failure_within_six_hours_suspends_and_others_are_told() {
    let world = world_with_retry_after(HOUR);
    world.network.answers(|exchange| {
        answered(if exchange.endpoint.contains("vendor1") { 201 } else { 200 })
    });
    let mut exactly = webhook(1);
    exactly.overrides.success = Some(transload_domain::Success::Exactly(vec![200]));
    world.put(exactly.clone()).await;
    world.put(webhook_of(2, "watcher")).await;
    let key = world.key(world.post(event("1")).await, &exactly);
    world.until_sent(1).await;
    world.pass(HOUR, 2).await;
    assert_eq!((world.network.count(), world.stored(&exactly).await.suspended_at), (3, None));
    world.pass(HOUR, 1).await;
    let reason = world.until_suspended(&exactly).await;
    assert_eq!(reason, "4 failures within 6 hours: its rules tolerate 3");
    world
        .until_true("it is counted", async || world.counted("transload_suspensions_total") == 1)
        .await;
    world.pass(HOUR, 48).await;
    assert_eq!(sent_to(&world, "vendor1").len(), 4, "a suspended webhook gets nothing");
    assert_eq!(world.status(key).await, Some(Status::Scheduled), "its deliveries are held");
    let stored = world.stored(&exactly).await;
    let told = suspended_event(&exactly, stored.suspended_at.unwrap(), &reason);
    assert_eq!(sent_to(&world, "vendor2"), [told.data]);
}

#[tokio::test]
async fn held_deliveries_go_out_in_order_after_the_resumption() {
    let world = world_with_retry_after(HOUR);
    world.network.answers(|_| answered(410));
    let mut narrow = webhook(1);
    narrow.limits = WebhookLimits { concurrency: Some(1) };
    world.put(narrow.clone()).await;
    let first = world.key(world.post(event("1")).await, &narrow);
    let reason = world.until_suspended(&narrow).await;
    assert!(reason.contains("410"), "{reason}");
    assert_eq!(world.status(first).await, Some(Status::Scheduled), "the delivery is kept");
    for id in 2..=5 {
        let no = world.post(event(&id.to_string())).await;
        world.until(world.key(no, &narrow), Status::Scheduled).await;
        world.time.advance(seconds(1));
    }
    world.pass(HOUR, 1).await;
    assert_eq!(world.network.count(), 1);
    world.network.answers(|_| answered(200));
    world.resume(&narrow).await;
    world.until_sent(6).await;
    let expected = [1, 1, 2, 3, 4, 5].map(|id| event(&id.to_string()).data);
    assert_eq!(sent_to(&world, "vendor1"), expected);
}

#[tokio::test]
async fn nothing_is_sent_from_the_decision_on_though_it_is_not_yet_written() {
    let world = world_with_retry_after(HOUR);
    world.network.answers(|_| answered(410));
    world.network.hang("vendor1");
    let mut narrow = webhook(1);
    narrow.limits = WebhookLimits { concurrency: Some(1) };
    world.put(narrow.clone()).await;
    for id in 1..=10 {
        let no = world.post(event(&id.to_string())).await;
        world.until(world.key(no, &narrow), Status::Scheduled).await;
    }
    // The others are due before the first one's next attempt, and their requests are at hand.
    world.time.advance(seconds(1));
    world.network.release();
    world.until_suspended(&narrow).await;
    world.pass(HOUR, 3).await;
    assert_eq!(world.network.count(), 1);
}

#[tokio::test]
async fn failures_further_apart_do_not_suspend() {
    let world = world_with_retry_after(2 * HOUR + seconds(60));
    world.network.answers(|_| failed(SendFailureKind::Timeout));
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    world.pass(seconds(60), 20 * 121).await;
    assert!(world.network.count() >= 20, "{}", world.network.count());
    assert_eq!(world.stored(&webhook(1)).await.suspended_at, None);
}

#[tokio::test]
async fn what_is_on_trial_suspends_nothing() {
    let world = world_with_retry_after(seconds(60));
    world.network.answers(|exchange| answered(if exchange.attempt == 1 { 410 } else { 500 }));
    world.put(webhook(1)).await;
    let trial = Event { emulated_for: Some(webhook(1).id), ..event("1") };
    world.post(trial).await;
    world.until_sent(1).await;
    world.pass(seconds(60), 10).await;
    assert!(world.network.count() > 5, "{}", world.network.count());
    assert_eq!(world.stored(&webhook(1)).await.suspended_at, None);
}

#[tokio::test]
async fn a_webhook_that_is_never_to_be_suspended_is_not() {
    let world = world_with_retry_after(seconds(60));
    world.network.answers(|_| answered(500));
    let mut never = webhook(1);
    never.overrides.suspend = Some(Suspend::Never);
    world.put(never.clone()).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    world.pass(seconds(60), 10).await;
    assert!(world.network.count() > 5, "{}", world.network.count());
    assert_eq!(world.stored(&never).await.suspended_at, None);
}

#[tokio::test]
async fn failures_are_remembered_over_a_restart() {
    let mut world = world_with_retry_after(HOUR);
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    world.pass(HOUR, 2).await;
    assert_eq!(world.network.count(), 3);
    world.kill().await;
    world.start("one");
    world.pass(HOUR, 1).await;
    world.until_suspended(&webhook(1)).await;
    assert_eq!(world.network.count(), 4);
}

#[tokio::test]
async fn a_crash_between_the_failure_and_its_suspension_changes_nothing() {
    let world = world_with_retry_after(HOUR);
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    world.ledger.fail(Fault::SuspendBefore);
    world.pass(HOUR, 3).await;
    assert!(!world.ledger.is_armed(), "the suspension was not written");
    world.pass(seconds(1), 10).await;
    world.until_suspended(&webhook(1)).await;
    assert_eq!(world.network.count(), 4);
}

#[tokio::test]
async fn failures_before_a_resumption_do_not_count() {
    let world = world_with_retry_after(HOUR);
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    world.pass(HOUR, 3).await;
    world.until_suspended(&webhook(1)).await;
    world.time.advance(seconds(1));
    world.resume(&webhook(1)).await;
    world.pass(HOUR, 3).await;
    assert_eq!(world.network.count(), 7, "three more are tolerated");
    assert_eq!(world.stored(&webhook(1)).await.suspended_at, None);
    world.pass(HOUR, 1).await;
    world.until_suspended(&webhook(1)).await;
}

#[tokio::test]
async fn a_webhook_that_a_person_suspends_is_held_at_once() {
    let world = world_with_retry_after(seconds(60));
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    let by_hand = Webhook { suspended_at: Some(event("1").accepted_at), ..webhook(1) };
    world.put(by_hand).await;
    world.pass(HOUR, 24).await;
    assert_eq!(world.network.count(), 1);
}

/// The webhook, which speaks to another endpoint now.
fn moved() -> Webhook {
    let mut moved = webhook(1);
    moved.hooks[0].endpoint = "https://mended.example/hook".into();
    moved
}

#[tokio::test]
async fn one_that_is_mended_between_the_decision_and_its_suspension_is_not_suspended() {
    let world = world_with_retry_after(HOUR);
    world.network.answers(|one| answered(if one.endpoint.contains("vendor1") { 410 } else { 200 }));
    world.put(webhook(1)).await;
    world.ledger.fail(Fault::SuspendWaits);
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    world.quiet().await;
    assert_eq!(world.network.count(), 1, "it is held from the decision on");
    world.put(moved()).await;
    world.quiet().await;
    world.ledger.mend();
    world.until(key, Status::Delivered).await;
    world.quiet().await;
    assert_eq!(world.stored(&moved()).await.suspended_at, None);
    assert_eq!(world.counted("transload_suspensions_total"), 0);
}

#[tokio::test]
async fn what_a_former_endpoint_did_does_not_count_also_after_a_restart() {
    let mut world = world_with_retry_after(HOUR);
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    world.pass(HOUR, 2).await;
    assert_eq!(world.network.count(), 3);
    // A fourth is under way when the endpoint changes.
    world.network.hang("vendor1");
    world.time.advance(HOUR);
    world.until_sent(4).await;
    world.put(moved()).await;
    world.quiet().await;
    world.network.release();
    world.quiet().await;
    assert_eq!(world.stored(&moved()).await.suspended_at, None);
    for sent in 5..=7 {
        world.kill().await;
        world.start("one");
        world.pass(HOUR, 1).await;
        world.until_sent(sent).await;
    }
    assert_eq!(world.stored(&moved()).await.suspended_at, None, "three are tolerated");
    world.pass(HOUR, 1).await;
    world.until_suspended(&moved()).await;
}

#[tokio::test]
async fn what_began_before_a_resumption_does_not_count() {
    for status in [500, 410] {
        let world = world_with_retry_after(HOUR);
        world.network.answers(move |one| answered(if one.attempt == 1 { status } else { 200 }));
        world.network.hang("vendor1");
        world.put(webhook(1)).await;
        for id in 1..=5 {
            world.post(event(&id.to_string())).await;
        }
        world.until_sent(5).await;
        world.time.advance(seconds(1));
        world.resume(&webhook(1)).await;
        world.quiet().await;
        world.network.release();
        world.pass(HOUR, 2).await;
        assert_eq!(world.stored(&webhook(1)).await.suspended_at, None, "{status}");
        assert_eq!(world.network.count(), 10, "{status}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_after_a_resumption_hides_no_failure() {
    for (status, attempts) in [(500, 4), (410, 1)] {
        let world = world_with_retry_after(seconds(60));
        world.network.answers(move |_| answered(status));
        world.put(webhook(1)).await;
        world.time.advance(HOUR);
        world.resume(&webhook(1)).await;
        world.quiet().await;
        world.time.set_back(HOUR);
        let key = world.key(world.post(event("1")).await, &webhook(1));
        world.until_sent(1).await;
        world.pass(seconds(60), 3).await;
        world.until_suspended(&webhook(1)).await;
        assert_eq!(world.network.count(), attempts, "{status}");
        world.network.answers(|_| answered(200));
        world.resume(&webhook(1)).await;
        world.pass(seconds(60), 1).await;
        world.until(key, Status::Delivered).await;
    }
}

#[tokio::test]
async fn what_was_held_goes_out_in_the_order_of_acceptance_whatever_was_tried_before() {
    let world = world_with_retry_after(HOUR);
    world.network.answers(|one| {
        let is_first = one.request.body == event("1").data.as_bytes();
        answered(if is_first { 500 } else { 410 })
    });
    let mut narrow = webhook(1);
    narrow.limits = WebhookLimits { concurrency: Some(1) };
    world.put(narrow.clone()).await;
    // The first is to be tried again in an hour, the second suspends the webhook.
    world.post(event("1")).await;
    world.until_sent(1).await;
    world.post(event("2")).await;
    world.until_suspended(&narrow).await;
    for id in 3..=5 {
        let no = world.post(event(&id.to_string())).await;
        world.until(world.key(no, &narrow), Status::Scheduled).await;
        world.time.advance(seconds(1));
    }
    world.pass(HOUR, 2).await;
    world.network.answers(|_| answered(200));
    world.resume(&narrow).await;
    world.until_sent(7).await;
    let expected = [1, 2, 1, 2, 3, 4, 5].map(|id| event(&id.to_string()).data);
    assert_eq!(sent_to(&world, "vendor1"), expected);
}
