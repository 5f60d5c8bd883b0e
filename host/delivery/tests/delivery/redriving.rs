//! Deliveries that somebody asks for again.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use transload_domain::{Clock, Content, DeliveryKey, Fault as PluginFault, Outcome, Status};

use crate::support::{Fault, World, answered, echo_body, event, profile, seconds, webhook};

/// A world with webhook 1, and a delivery for it.
async fn world_with_delivery() -> (World, DeliveryKey) {
    let world = World::with_host();
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    (world, key)
}

pub(crate) async fn until_granted(world: &World, key: DeliveryKey) {
    world.until_true("the wish is granted", async || !world.is_asked_for(key).await).await;
}

#[tokio::test]
async fn i5_a_dead_delivery_goes_out_again_with_the_same_bytes_and_begins_its_schedule_anew() {
    let world = World::with_host();
    world.network.answers(|exchange| answered(if exchange.attempt == 7 { 200 } else { 500 }));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    world.pass(seconds(10), 6).await;
    assert_eq!(world.status(key).await, Some(Status::Dead));
    world.plugins.load_with(profile("acme"), 9, |_, _| panic!("it has its bytes"));
    world.ask_for(key).await;
    world.until_sent(5).await;
    world.pass(seconds(10), 6).await;
    assert_eq!(world.status(key).await, Some(Status::Delivered));
    let sent = world.network.sent();
    let numbers: Vec<u32> = sent.iter().map(|(_, one)| one.attempt).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7], "attempt numbers go on");
    assert!(sent.iter().all(|(_, one)| one.request == sent[0].1.request));
    let waits = |from: usize| sent[from + 1].0.since(sent[from].0).as_secs();
    assert_eq!((waits(0), waits(1)), (waits(4), waits(5)), "the schedule begins anew");
}

#[tokio::test]
async fn i6_a_delivered_one_is_sent_once_more_when_somebody_asks() {
    let (mut world, key) = world_with_delivery().await;
    world.until(key, Status::Delivered).await;
    world.ask_for(key).await;
    world.until_sent(2).await;
    world.until(key, Status::Delivered).await;
    assert!(!world.is_asked_for(key).await);
    world.kill().await;
    world.start("one");
    world.pass(seconds(60), 20).await;
    assert_eq!(world.network.count(), 2);
}

#[tokio::test]
async fn i10_one_without_bytes_is_made_by_the_version_that_then_runs() {
    for fails in [true, false] {
        let world = World::with_host();
        world.plugins.load_with(profile("acme"), 1, move |_, _| match fails {
            true => Err(PluginFault::Internal("it is broken".into())),
            false => Ok(Outcome::Skip("not ours".into())),
        });
        world.put(webhook(1)).await;
        let key = world.key(world.post(event("1")).await, &webhook(1));
        world.until(key, if fails { Status::Dead } else { Status::Skipped }).await;
        world
            .plugins
            .load_with(profile("acme"), 2, |call, _| Ok(Outcome::Deliver(vec![echo_body(call)])));
        world.ask_for(key).await;
        world.until(key, Status::Delivered).await;
        assert!(matches!(world.content(key).await, Some(Content::Request(_))));
        assert_eq!(world.network.count(), 1);
    }
}

#[tokio::test]
async fn one_that_waits_for_its_next_attempt_is_due_at_once() {
    let (world, key) = world_with_delivery().await;
    world.network.answers(|_| answered(500));
    world.until_true("it failed", async || world.attempts(key).await.len() == 1).await;
    world.network.answers(|_| answered(200));
    world.ask_for(key).await;
    world.until(key, Status::Delivered).await;
    assert_eq!(world.network.count(), 2);
}

#[tokio::test]
async fn one_that_waits_for_its_plugin_is_made_at_once() {
    let world = World::with_host();
    let mut slow = profile("acme");
    slow.retry.schedule = vec![seconds(86_400)];
    static RUNS: AtomicU32 = AtomicU32::new(0);
    world.plugins.load_with(slow, 1, |call, _| match RUNS.fetch_add(1, SeqCst) {
        0 => Err(PluginFault::RetryLater("no rate yet".into())),
        _ => Ok(Outcome::Deliver(vec![echo_body(call)])),
    });
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Blocked).await;
    world.ask_for(key).await;
    world.until(key, Status::Delivered).await;
}

#[tokio::test]
async fn one_whose_plugin_is_missing_stays_blocked_and_the_wish_is_granted() {
    let world = World::with_host();
    world.plugins.unload("acme");
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Blocked).await;
    // It has been looked at once, so that it waits in memory for another time than in the ledger.
    world.pass(seconds(60), 7).await;
    world.ask_for(key).await;
    until_granted(&world, key).await;
    assert_eq!(world.status(key).await, Some(Status::Blocked));
    world.plugins.load(profile("acme"));
    world.until(key, Status::Delivered).await;
    assert_eq!(world.network.count(), 1);
}

#[tokio::test]
async fn one_that_is_held_stays_held() {
    let (world, key) = world_with_delivery().await;
    world.until(key, Status::Delivered).await;
    let mut held = webhook(1);
    held.suspended_at = Some(world.time.now());
    world.put(held).await;
    world.ask_for(key).await;
    until_granted(&world, key).await;
    world.pass(seconds(60), 60).await;
    assert_eq!((world.network.count(), world.status(key).await), (1, Some(Status::Scheduled)));
    world.resume(&webhook(1)).await;
    world.until_sent(2).await;
}

#[tokio::test]
async fn a_wish_survives_a_restart_and_is_granted_once() {
    let (mut world, key) = world_with_delivery().await;
    world.until(key, Status::Delivered).await;
    world.kill().await;
    world.ask_for(key).await;
    world.start("one");
    world.until_sent(2).await;
    world.until(key, Status::Delivered).await;
    world.kill().await;
    world.start("one");
    world.pass(seconds(60), 10).await;
    assert_eq!(world.network.count(), 2);
}

#[tokio::test]
async fn a_wish_for_one_under_way_is_granted_by_its_success_and_else_by_another_attempt() {
    for (status, sends) in [(200, 1), (500, 2)] {
        let world = World::with_host();
        world.network.hang("vendor1");
        world.put(webhook(1)).await;
        let key = world.key(world.post(event("1")).await, &webhook(1));
        world.until_sent(1).await;
        world.ask_for(key).await;
        world.quiet().await;
        world
            .network
            .answers(move |exchange| answered(if exchange.attempt == 1 { status } else { 200 }));
        world.network.release();
        world.until(key, Status::Delivered).await;
        until_granted(&world, key).await;
        world.quiet().await;
        assert_eq!(world.network.count(), sends, "{status}");
    }
}

#[tokio::test]
async fn a_wish_that_comes_while_a_former_one_is_taken_back_is_granted() {
    for fault in [Fault::TakeBackWaits, Fault::TakeBackAnswerWaits] {
        let world = World::with_host();
        world.network.hang("vendor1");
        world.put(webhook(1)).await;
        let key = world.key(world.post(event("1")).await, &webhook(1));
        world.until_sent(1).await;
        world.ask_for(key).await;
        world.quiet().await;
        // It arrives, so that the wish is granted; meanwhile somebody who knows of that asks again.
        world.ledger.fail(fault);
        world.network.release();
        world.until(key, Status::Delivered).await;
        world.quiet().await;
        world.ask_for(key).await;
        world.quiet().await;
        assert_eq!(world.network.count(), 1);
        world.ledger.mend();
        world.until_sent(2).await;
        world.until(key, Status::Delivered).await;
        until_granted(&world, key).await;
    }
}

#[tokio::test]
async fn a_wish_that_comes_right_behind_the_grant_of_a_former_one_is_granted_too() {
    let (world, key) = world_with_delivery().await;
    world.until(key, Status::Delivered).await;
    world.ledger.fail(Fault::GrantAnswerWaits);
    world.ask_for(key).await;
    until_granted(&world, key).await;
    world.ask_for(key).await;
    world.quiet().await;
    world.ledger.mend();
    until_granted(&world, key).await;
    world.until(key, Status::Delivered).await;
    world.quiet().await;
    assert!((2..=3).contains(&world.network.count()), "{}", world.network.count());
}

#[tokio::test]
async fn a_wish_for_one_whose_transform_is_under_way_gets_it_another_run_where_that_one_fails() {
    let mut world = World::new();
    world.plugins.load_with(profile("acme"), 1, |_, _| Err(PluginFault::Internal("broken".into())));
    world.put(webhook(1)).await;
    world.start("one");
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Dead).await;
    // It is asked for; and asked for again, with a new version at hand, while the run of the old one is being written.
    world.ledger.fail(Fault::DispatchWaits);
    world.ask_for(key).await;
    world.until(key, Status::Blocked).await;
    until_granted(&world, key).await;
    world.until_true("it has run", async || world.plugins.runs().len() == 2).await;
    world
        .plugins
        .load_with(profile("acme"), 2, |call, _| Ok(Outcome::Deliver(vec![echo_body(call)])));
    world.ask_for(key).await;
    world.quiet().await;
    world.ledger.mend();
    world.until(key, Status::Delivered).await;
}

#[tokio::test]
async fn a_wish_for_what_is_gone_is_taken_back() {
    let (world, key) = world_with_delivery().await;
    world.until(key, Status::Delivered).await;
    world.remove(&webhook(1)).await;
    world.ask_for(key).await;
    until_granted(&world, key).await;
    assert_eq!((world.network.count(), world.status(key).await), (1, Some(Status::Delivered)));
}

#[tokio::test]
async fn many_wishes_are_all_granted() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    let mut keys = Vec::new();
    for id in 0..300 {
        let key = world.key(world.post(event(&id.to_string())).await, &webhook(1));
        world.until(key, Status::Delivered).await;
        keys.push(key);
    }
    for key in &keys {
        world.ask_for(*key).await;
    }
    world.until_true("all are sent", async || world.network.count() == 600).await;
    for key in keys {
        until_granted(&world, key).await;
        world.until(key, Status::Delivered).await;
    }
    world.quiet().await;
    assert_eq!(world.network.count(), 600);
}
