//! Each vendor's own rules, from the first attempt to the last.

use std::time::Duration;

use transload_domain::{
    Overrides, RetryPolicy, SendFailureKind, Status, Success, Timestamp, Verdict,
};

use crate::support::{World, answered, event, failed, profile, seconds, webhook};

const MINUTE: Duration = Duration::from_secs(60);

fn world_with(success: Success, minutes: &[u32], max_attempts: u32) -> World {
    let world = World::with_host();
    let mut vendor = profile("acme");
    vendor.success = success;
    vendor.retry = RetryPolicy {
        schedule: minutes.iter().map(|minutes| *minutes * MINUTE).collect(),
        repeat_last: true,
        max_attempts,
        jitter_percent: 0,
    };
    world.plugins.load(vendor);
    world
}

/// The minutes between the attempts.
fn waits(world: &World) -> Vec<u64> {
    let times: Vec<Timestamp> = world.network.sent().iter().map(|(at, _)| *at).collect();
    times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs() / 60).collect()
}

#[tokio::test]
async fn i9_corrigopros_delivery_is_tried_two_hundred_times_in_eight_days_and_then_dead() {
    let world = world_with(Success::Any2xx, &[5, 10, 20, 40, 60], 200);
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    world.pass(5 * MINUTE, 2_400).await;
    let waits = waits(&world);
    assert_eq!(waits.len(), 199);
    assert_eq!(waits[..5], [5, 10, 20, 40, 60]);
    assert!(waits[5..].iter().all(|wait| *wait == 60), "{waits:?}");
    assert_eq!(waits.iter().sum::<u64>(), 11_775);
    assert_eq!(world.status(key).await, Some(Status::Dead));
    assert_eq!(world.stored(&webhook(1)).await.suspended_at, None);
}

#[tokio::test]
async fn i9_doos_delivery_is_dead_after_ten_answers_other_than_200() {
    let world = world_with(Success::Exactly(vec![200]), &[1], 10);
    world.network.answers(|_| answered(201));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    world.pass(MINUTE, 20).await;
    assert_eq!(waits(&world), [1; 9]);
    assert_eq!(world.status(key).await, Some(Status::Dead));
    let attempts = world.attempts(key).await;
    let Verdict::Dead { reason } = &attempts[9].verdict else { panic!("{attempts:?}") };
    assert_eq!(reason, "given up after 10 attempts: the vendor answered 201, not 200");
}

#[tokio::test]
async fn a_webhooks_own_rules_come_before_its_vendors() {
    let world = world_with(Success::Exactly(vec![200]), &[10], 5);
    world.network.answers(|exchange| answered(if exchange.attempt == 3 { 202 } else { 500 }));
    let mut own = webhook(1);
    own.overrides = Overrides {
        success: Some(Success::Any2xx),
        retry: Some(RetryPolicy {
            schedule: vec![2 * MINUTE],
            repeat_last: true,
            max_attempts: 3,
            jitter_percent: 0,
        }),
        ..Overrides::default()
    };
    world.put(own.clone()).await;
    let key = world.key(world.post(event("1")).await, &own);
    world.until_sent(1).await;
    world.pass(MINUTE, 5).await;
    assert_eq!((waits(&world), world.status(key).await), (vec![2, 2], Some(Status::Delivered)));
}

#[tokio::test]
async fn deliveries_that_failed_together_do_not_come_back_together() {
    let world = World::with_host();
    let mut vendor = profile("acme");
    vendor.retry.jitter_percent = 50;
    world.plugins.load(vendor);
    world.network.answers(|_| failed(SendFailureKind::Connect));
    world.put(webhook(1)).await;
    for id in 0..8 {
        world.post(event(&id.to_string())).await;
    }
    world.until_sent(8).await;
    world.pass(seconds(1), 16).await;
    let mut second: Vec<Timestamp> =
        world.network.sent().iter().skip(8).map(|(at, _)| *at).collect();
    // The tenth failure in a row makes the others wait, so that not all of them need come back.
    second.dedup();
    assert!(second.len() > 1, "{second:?}");
}
