//! Plugins that fail, ask for time, go and come back.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use transload_domain::{Content, DeliveryKey, Fault, Made, Outcome, Status};

use crate::support::{World, echo_body, event, profile, seconds, webhook, webhook_of};

async fn made(world: &World, key: DeliveryKey) -> Made {
    let deliveries = world.deliveries(key.event).await;
    deliveries.into_iter().find(|one| one.head.key == key).unwrap().made
}

#[tokio::test]
async fn i10_what_a_plugin_does_wrong_is_recorded_and_not_repeated() {
    for fault in [
        Fault::Panic("boom at src/lib.rs:12:5".into()),
        Fault::Trap("unreachable".into()),
        Fault::Time(seconds(1)),
        Fault::InvalidEvent("no order number".into()),
        Fault::Output("17 requests".into()),
    ] {
        let world = World::with_host();
        let thrown = fault.clone();
        world.plugins.load_with(profile("acme"), 7, move |_, _| Err(thrown.clone()));
        world.put(webhook(1)).await;
        let key = world.key(world.post(event("1")).await, &webhook(1));
        world.until(key, Status::Dead).await;
        world.time.advance(seconds(3_600));
        world.quiet().await;
        assert_eq!(world.plugins.runs(), ["1"], "i9: a deterministic fault is not repeated");
        let made = made(&world, key).await;
        assert_eq!(made.content, Content::Faulted(fault));
        let by = made.plugin.unwrap();
        assert_eq!((by.name.as_str(), &*by.version, by.digest.0), ("acme", "1.0.0", [7; 32]));
        assert_eq!(world.network.count(), 0);
    }
}

#[tokio::test]
async fn i10_a_delivery_is_blocked_while_its_plugin_is_missing_and_goes_on_when_it_is_back() {
    let mut world = World::with_host();
    world.plugins.unload("acme");
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Blocked).await;
    let Content::Blocked(reason) = made(&world, key).await.content else { panic!() };
    assert_eq!(reason, "plugin acme is not loaded; the delivery is made when it is back");
    // However long it takes, and whatever is restarted meanwhile.
    for round in 0..30 {
        world.time.advance(seconds(3_600));
        world.quiet().await;
        if round == 10 {
            world.kill().await;
            world.start("one");
        }
    }
    assert_eq!(world.status(key).await, Some(Status::Blocked));
    world.plugins.load(profile("acme"));
    world.until(key, Status::Delivered).await;
    assert_eq!(world.attempts(key).await.len(), 1);
    assert!(made(&world, key).await.plugin.is_some());
}

#[tokio::test]
async fn a_missing_plugin_that_would_not_want_the_event_blocks_nothing() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    let first = world.key(world.post(event("1")).await, &webhook(1));
    world.until(first, Status::Delivered).await;
    world.plugins.unload("acme");
    let mut other = event("2");
    other.kind = "contact.updated".into();
    let other = world.post(other).await;
    let wanted = world.key(world.post(event("3")).await, &webhook(1));
    world.until(wanted, Status::Blocked).await;
    assert_eq!(world.deliveries(other).await, []);
}

#[tokio::test]
async fn deliveries_of_a_removed_plugin_go_on_by_the_profile_that_they_were_made_by() {
    let world = World::with_host();
    world.network.answers(|exchange| {
        crate::support::answered(if exchange.attempt == 1 { 500 } else { 200 })
    });
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_true("it waits", async || world.attempts(key).await.len() == 1).await;
    world.plugins.unload("acme");
    world.quiet().await;
    world.time.advance(seconds(10));
    world.until(key, Status::Delivered).await;
}

#[tokio::test]
async fn a_plugin_that_asks_for_time_is_run_again_by_the_schedule() {
    let world = World::with_host();
    let runs = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&runs);
    world.plugins.load_with(profile("acme"), 1, move |call, _| {
        if count.fetch_add(1, SeqCst) < 2 {
            return Err(Fault::RetryLater("the catalogue is not there".into()));
        }
        Ok(Outcome::Deliver(vec![echo_body(call), echo_body(call)]))
    });
    world.put(webhook(1)).await;
    let no = world.post(event("1")).await;
    let key = world.key(no, &webhook(1));
    world.until(key, Status::Blocked).await;
    let Content::Blocked(reason) = made(&world, key).await.content else { panic!() };
    assert!(reason.ends_with("the catalogue is not there"), "{reason}");
    world.time.advance(seconds(9));
    world.quiet().await;
    assert_eq!(runs.load(SeqCst), 1);
    world.time.advance(seconds(1));
    world.until_true("the second run", async || runs.load(SeqCst) == 2).await;
    world
        .until_true("it is written", async || world.deliveries(no).await[0].head.attempts == 2)
        .await;
    world.quiet().await;
    world.time.advance(seconds(20));
    world.until(key, Status::Delivered).await;
    world.until_sent(2).await;
    assert_eq!(world.deliveries(no).await.len(), 2);
}

#[tokio::test]
async fn i9_a_plugin_that_asks_for_time_for_ever_makes_a_dead_letter() {
    let world = World::with_host();
    world.plugins.load_with(profile("acme"), 1, |_, _| Err(Fault::RetryLater("never".into())));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Blocked).await;
    for run in 2..=4 {
        world.time.advance(seconds(20));
        world.until_true("it runs", async || world.plugins.runs().len() == run).await;
        world
            .until_true("it is written", async || {
                world.deliveries(key.event).await[0].head.attempts == u32::try_from(run).unwrap()
            })
            .await;
        world.quiet().await;
    }
    world.until(key, Status::Dead).await;
    assert!(matches!(made(&world, key).await.content, Content::Faulted(Fault::RetryLater(_))));
    world.time.advance(seconds(3_600));
    world.quiet().await;
    assert_eq!(world.plugins.runs().len(), 4);
}

#[tokio::test]
async fn a_mended_plugin_is_run_at_once_for_what_waits() {
    let world = World::with_host();
    world.plugins.load_with(profile("acme"), 1, |_, _| Err(Fault::RetryLater("broken".into())));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Blocked).await;
    world.quiet().await;
    world
        .plugins
        .load_with(profile("acme"), 2, |call, _| Ok(Outcome::Deliver(vec![echo_body(call)])));
    world.until(key, Status::Delivered).await;
    assert_eq!(made(&world, key).await.plugin.unwrap().digest.0, [2; 32]);
}

#[tokio::test]
async fn i8_a_plugin_that_hangs_does_not_stop_others() {
    let world = World::with_host();
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let hold = std::sync::Mutex::new(hold);
    world.plugins.load_with(profile("slow"), 2, move |call, _| {
        // Ends when the test drops its side.
        let _ = hold.lock().unwrap().recv();
        Ok(Outcome::Deliver(vec![echo_body(call)]))
    });
    world.put(webhook(1)).await;
    world.put(webhook_of(2, "slow")).await;
    // More events than are taken in hand; every one of them goes to both plugins.
    let mut numbers = Vec::new();
    for id in 0..300 {
        numbers.push(world.post(event(&id.to_string())).await);
    }
    let (first, last) = (numbers[0], numbers[299]);
    world
        .until_true("the last one arrives", async || {
            world.time.advance(seconds(1));
            world.quiet().await;
            world.status(world.key(last, &webhook(1))).await == Some(Status::Delivered)
        })
        .await;
    assert_eq!(world.status(world.key(last, &webhook(2))).await, Some(Status::Blocked));
    assert_eq!(world.status(world.key(first, &webhook(2))).await, None, "it still runs");
    drop(release);
    world
        .until_true("the slow ones arrive too", async || {
            world.time.advance(seconds(1));
            world.quiet().await;
            world.network.count() == 600
        })
        .await;
    world.until(world.key(last, &webhook(2)), Status::Delivered).await;
}
