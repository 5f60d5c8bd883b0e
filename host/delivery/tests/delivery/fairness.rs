//! No plugin and no state slows others beyond its share.

use std::{sync::Arc, time::Duration};

use transload_domain::{
    Event, Organization, Outcome, Status, Webhook,
    limits::{CONCURRENCY_PER_WEBHOOK, TRANSFORM_TIME_MAX},
};

use transload_store::{Ledger, Shard};

use crate::support::{Shop, World, echo_body, event, profile, seconds, webhook, webhook_of};

const LOOPS: [&str; 10] = ["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9"];
/// How long a healthy transform takes.
const HEALTHY: Duration = Duration::from_millis(5);
const STEP: Duration = Duration::from_millis(5);
const STEPS: u32 = 2_000;

/// What two healthy webhooks get in ten seconds of the test's clock, with more events than can be done, beside
/// plugins in endless loops.
async fn arrivals_beside(loops: &[&str]) -> usize {
    let mut world = World::new();
    let healthy = |name: &str| name == "acme" || name == "beta";
    world.transformer = Arc::new(Shop::new(&world.time, &world.plugins, 2, move |call| {
        if healthy(call.plugin.as_str()) { HEALTHY } else { TRANSFORM_TIME_MAX }
    }));
    world.plugins.load(profile("beta"));
    world.put(webhook(1)).await;
    world.put(webhook_of(2, "beta")).await;
    for (n, name) in (10..).zip(loops) {
        world.plugins.load(profile(name));
        world.put(webhook_of(n, name)).await;
    }
    world.start("one");
    for id in 0..STEPS * 2 {
        world.post(event(&id.to_string())).await;
    }
    for _ in 0..STEPS {
        world.turns(60).await;
        world.time.advance(STEP);
    }
    let sent = world.network.sent();
    assert!(sent.iter().all(|(_, one)| !one.endpoint.contains("vendor1.") || one.attempt == 1));
    sent.len()
}

#[tokio::test]
async fn i8_ten_plugins_in_endless_loops_leave_the_others_more_than_half() {
    let alone = arrivals_beside(&[]).await;
    let beside = arrivals_beside(&LOOPS).await;
    assert!(alone > 2_000, "the healthy ones alone: {alone}");
    assert!(2 * beside > alone, "{beside} beside loops, {alone} alone");
}

#[tokio::test]
async fn i8_an_organization_with_much_undispatched_does_not_hold_up_anothers_event() {
    const MUCH: u64 = 5_000;
    // Its events are there before the host is, and they come while it leads.
    for before in [true, false] {
        let mut world = World::new();
        world.transformer = Arc::new(Shop::new(&world.time, &world.plugins, 2, |_| HEALTHY));
        let other = Organization::new("other").unwrap();
        world.put(webhook(1)).await;
        world.put(Webhook { organization: other.clone(), ..webhook(2) }).await;
        if !before {
            world.start("one");
            world.quiet().await;
        }
        for id in 0..MUCH {
            world.post(event(&id.to_string())).await;
        }
        world.post(Event { organization: other, ..event("of the other") }).await;
        if before {
            world.start("one");
        }
        let arrived = |world: &World| {
            let sent = world.network.sent();
            sent.iter().any(|(_, one)| one.endpoint.contains("vendor2."))
        };
        while !arrived(&world) {
            world.turns(60).await;
            world.time.advance(STEP);
        }
        let left = world.ledger.undispatched_of(Shard(0), &event("any").organization);
        assert!(left >= MUCH - 1_000, "{left} are left of {MUCH}");
    }
}

#[tokio::test]
async fn i8_open_deliveries_are_counted_for_each_organization() {
    let mut world = World::with_host();
    let [acme, other] = ["acme", "other"].map(|name| Organization::new(name).unwrap());
    let open = |world: &World| [&acme, &other].map(|one| world.backlog.deliveries_of(one));
    let held = webhook(1);
    let of_other = Webhook { organization: other.clone(), ..webhook(2) };
    world.network.hang("vendor");
    for webhook in [&held, &of_other] {
        world.put(webhook.clone()).await;
    }
    for id in 0..30 {
        world.post(event(&id.to_string())).await;
    }
    world.post(Event { organization: other.clone(), ..event("x") }).await;
    world.until_true("all are open", async || open(&world) == [30, 1]).await;
    assert_eq!((world.backlog.deliveries(), world.backlog.most_deliveries()), (31, 30));
    // Another lead counts for itself.
    world.kill().await;
    world.time.advance(seconds(100));
    world.start("two");
    world.until_true("all are known again", async || open(&world) == [30, 1]).await;
    // What is in flight when its webhook goes is open until it has ended.
    let in_flight = u64::from(CONCURRENCY_PER_WEBHOOK);
    world.until_sent(2 * (usize::from(CONCURRENCY_PER_WEBHOOK) + 1)).await;
    world.remove(&held).await;
    world.until_true("the others are closed", async || open(&world) == [in_flight, 1]).await;
    world.network.release();
    world.until_true("all have ended", async || open(&world) == [0, 0]).await;
    world.until_true("and none is left", async || world.backlog.deliveries() == 0).await;
}

#[tokio::test]
async fn i8_a_webhook_whose_state_is_busy_keeps_no_event_in_hand() {
    let world = World::with_host();
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let hold = std::sync::Mutex::new(hold);
    world.plugins.load_with(profile("slow"), 2, move |call, state| {
        let number = state.number("n") + 1;
        state.set_number("n", number);
        if call.event.id != "first" {
            // Ends when the test drops its side.
            let _ = hold.lock().unwrap().recv();
        }
        Ok(Outcome::Deliver(vec![echo_body(call)]))
    });
    world.put(webhook(1)).await;
    world.put(webhook_of(2, "slow")).await;
    let first = world.post(event("first")).await;
    world.until(world.key(first, &webhook(2)), Status::Delivered).await;
    let mut numbers = Vec::new();
    for id in 0..300 {
        numbers.push(world.post(event(&id.to_string())).await);
    }
    let arrived = |vendor: &str| {
        let sent = world.network.sent();
        sent.iter().filter(|(_, one)| one.endpoint.contains(vendor)).count()
    };
    // A turn is taken to last 2 ms until one shows otherwise, so 50 wait for theirs, and one has it.
    world.until_true("the others arrive", async || arrived("vendor1") >= 250).await;
    let last = numbers[299];
    world.until(world.key(last, &webhook(2)), Status::Blocked).await;
    let deliveries = world.deliveries(last).await;
    let blocked = deliveries.iter().find(|one| one.head.status == Status::Blocked).unwrap();
    let reason = blocked.made.reason().unwrap();
    assert!(reason.contains("busy with earlier events"), "{reason}");
    let by = blocked.made.plugin.as_ref().unwrap();
    assert_eq!((by.name.as_str(), by.digest.0), ("slow", [2; 32]));
    // Nobody waits longer than two seconds.
    world.time.advance(seconds(2));
    world.until_true("all others arrive", async || arrived("vendor1") >= 300).await;
    assert_eq!(arrived("vendor2"), 1);
    drop(release);
    let all_arrive = async || {
        world.time.advance(seconds(1));
        world.quiet().await;
        arrived("vendor2") == 301
    };
    world.until_true("the slow ones arrive too", all_arrive).await;
}
