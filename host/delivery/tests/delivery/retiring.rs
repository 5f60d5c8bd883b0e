//! Forgetting what is over, giving up what could not go, and telling of what is damaged.

use std::time::Duration;

use transload_delivery::run::{Options, Retention};
use transload_domain::{
    Clock, Content, Event, EventNo, Outcome, Status, Verdict, Webhook, WebhookLimits,
};
use transload_store::{Key, Ledger, Shard};

use crate::support::{
    Fault, World, answered, echo_body, event, profile, seconds, webhook, webhook_of,
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn world_with(retention: Retention) -> World {
    let mut world = World::new();
    let mut options = Options::new("one");
    options.retention = retention;
    world.start_as(options);
    world
}

async fn post(world: &World, event: Event) -> EventNo {
    world.post(Event { accepted_at: world.time.now(), ..event }).await
}

async fn is_there(world: &World, no: EventNo) -> bool {
    world.ledger.read(Shard::default(), Key::Event(no)).await.unwrap().is_some()
}

#[tokio::test]
async fn closed_events_are_forgotten_at_their_age_and_open_ones_are_not() {
    let world = world_with(Retention { age: 2 * DAY, ..Retention::default() });
    world.put(webhook(1)).await;
    world.network.answers(|exchange| {
        answered(if exchange.request.body.ends_with(b"\"open\"}") { 410 } else { 200 })
    });
    let closed = post(&world, event("closed")).await;
    world.until(world.key(closed, &webhook(1)), Status::Delivered).await;
    let open = post(&world, event("open")).await;
    world.until_suspended(&webhook(1)).await;
    world.pass(HOUR, 47).await;
    let young = post(&world, event("young")).await;
    world.until(world.key(young, &webhook(1)), Status::Scheduled).await;
    assert!(is_there(&world, closed).await);
    world.pass(seconds(61), 65).await;
    assert!(!is_there(&world, closed).await, "closed and old");
    assert!(is_there(&world, open).await, "open, however old");
    assert!(is_there(&world, young).await, "young");
}

#[tokio::test]
async fn a_late_dead_letter_is_kept_as_long_as_an_early_one() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    world.network.answers(|_| answered(410));
    let no = post(&world, event("1")).await;
    world.until_suspended(&webhook(1)).await;
    world.pass(HOUR, 30 * 24 + 3).await;
    assert_eq!(world.status(world.key(no, &webhook(1))).await, Some(Status::Dead));
    world.pass(HOUR, 29 * 24).await;
    assert!(is_there(&world, no).await, "it died less than 30 days ago");
    world.pass(HOUR, 26).await;
    assert!(!is_there(&world, no).await);
}

#[tokio::test]
async fn what_could_not_go_for_a_month_is_dead_with_the_reason() {
    let world = world_with(Retention { age: 365 * DAY, ..Retention::default() });
    world.put(webhook(1)).await;
    world.network.answers(|_| answered(410));
    let held = world.key(post(&world, event("1")).await, &webhook(1));
    world.until_suspended(&webhook(1)).await;
    world.plugins.unload("acme");
    let blocked = world.key(post(&world, event("2")).await, &webhook(1));
    world.until(blocked, Status::Blocked).await;
    world.put(webhook(2)).await;
    let missing = world.key(post(&world, event("3")).await, &webhook(2));
    world.until(missing, Status::Blocked).await;
    world.pass(HOUR, 29 * 24).await;
    for key in [held, blocked, missing] {
        assert!(world.status(key).await.unwrap().is_open());
    }
    world.pass(HOUR, 26).await;
    for key in [held, blocked, missing] {
        assert_eq!(world.status(key).await, Some(Status::Dead));
    }
    let attempts = world.attempts(held).await;
    let Verdict::Dead { reason } = &attempts.last().unwrap().verdict else { panic!() };
    assert!(reason.starts_with("given up: due for more than 30 days"), "{reason}");
    assert!(reason.contains("its webhook is suspended (the vendor answered 410"), "{reason}");
    let Some(Content::Blocked(reason)) = world.content(missing).await else { panic!() };
    assert!(reason.ends_with("its plugin acme is not loaded"), "{reason}");
    assert_eq!(world.network.count(), 1);
}

#[tokio::test]
async fn a_long_queue_is_not_given_up_however_long_the_host_was_off() {
    let mut world = World::with_host();
    let limits = WebhookLimits { concurrency: Some(1) };
    world.put(Webhook { limits, ..webhook(1) }).await;
    world.network.hang("vendor1");
    let mut keys = Vec::new();
    for id in ["1", "2", "3"] {
        keys.push(world.key(post(&world, event(id)).await, &webhook(1)));
    }
    world.until(keys[2], Status::Scheduled).await;
    world.kill().await;
    world.time.advance(31 * DAY);
    world.start("one");
    world.until_true("one is tried", async || world.network.count() == 2).await;
    world.pass(HOUR, 30).await;
    for key in &keys {
        assert_eq!(world.status(*key).await, Some(Status::Scheduled));
    }
    world.network.release();
    world.until(keys[2], Status::Delivered).await;
}

#[tokio::test]
async fn what_is_held_when_a_host_was_off_for_long_may_be_mended_within_a_day() {
    let mut world = World::with_host();
    world.network.answers(|_| answered(410));
    for n in [1, 2] {
        world.put(webhook(n)).await;
    }
    let no = post(&world, event("1")).await;
    for n in [1, 2] {
        world.until_suspended(&webhook(n)).await;
    }
    world.quiet().await;
    world.kill().await;
    world.time.advance(31 * DAY);
    world.start("one");
    world.network.answers(|_| answered(200));
    world.pass(HOUR, 22).await;
    world.resume(&webhook(1)).await;
    world.until(world.key(no, &webhook(1)), Status::Delivered).await;
    assert_eq!(world.status(world.key(no, &webhook(2))).await, Some(Status::Scheduled));
    world.pass(HOUR, 5).await;
    assert_eq!(world.status(world.key(no, &webhook(2))).await, Some(Status::Dead));
}

#[tokio::test]
async fn whoever_resumes_a_webhook_gets_the_time_anew() {
    let world = world_with(Retention { age: 365 * DAY, ..Retention::default() });
    world.put(webhook(1)).await;
    world.plugins.unload("acme");
    let blocked = world.key(post(&world, event("1")).await, &webhook(1));
    world.until(blocked, Status::Blocked).await;
    world.pass(HOUR, 29 * 24).await;
    world.resume(&webhook(1)).await;
    world.pass(HOUR, 29 * 24).await;
    assert_eq!(world.status(blocked).await, Some(Status::Blocked));
    world.pass(HOUR, 27).await;
    assert_eq!(world.status(blocked).await, Some(Status::Dead));
}

#[tokio::test]
async fn what_its_plugin_has_no_time_for_is_given_up_too() {
    let world = world_with(Retention { age: 365 * DAY, ..Retention::default() });
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let hold = std::sync::Mutex::new(hold);
    world.plugins.load_with(profile("slow"), 2, move |call, _| {
        // Ends when the test drops its side.
        let _ = hold.lock().unwrap().recv();
        Ok(Outcome::Deliver(vec![echo_body(call)]))
    });
    world.put(webhook_of(1, "slow")).await;
    let mut last = EventNo(0);
    for id in 0..40 {
        last = post(&world, event(&id.to_string())).await;
    }
    let key = world.key(last, &webhook(1));
    world
        .until_true("it is put off", async || {
            world.time.advance(seconds(1));
            world.quiet().await;
            world.status(key).await == Some(Status::Blocked)
        })
        .await;
    world.pass(HOUR, 29 * 24).await;
    assert_eq!(world.status(key).await, Some(Status::Blocked));
    world.pass(HOUR, 30).await;
    assert_eq!(world.status(key).await, Some(Status::Dead));
    let Some(Content::Blocked(reason)) = world.content(key).await else { panic!() };
    assert!(reason.ends_with("its plugin slow had no time for it"), "{reason}");
    drop(release);
}

#[tokio::test]
async fn a_store_that_is_too_large_forgets_the_oldest_but_nothing_of_the_last_hour() {
    const LIMIT: u64 = 600_000;
    let world = world_with(Retention { size: Some(LIMIT), ..Retention::default() });
    world.put(webhook(1)).await;
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(1_000));
    let mut numbers = Vec::new();
    for id in 0..600 {
        let no = post(&world, Event { data: body.clone(), ..event(&id.to_string()) }).await;
        world.until(world.key(no, &webhook(1)), Status::Delivered).await;
        numbers.push(no);
        // The second half is posted an hour after the first.
        world.time.advance(if id == 299 { HOUR } else { seconds(0) });
    }
    let size = async || world.ledger.size(Shard::default()).await.unwrap();
    let full = size().await;
    assert!(full > 2 * LIMIT, "{full} bytes");
    world.pass(seconds(61), 2).await;
    assert!(!is_there(&world, numbers[0]).await);
    for no in &numbers[300..] {
        assert!(is_there(&world, *no).await, "{no:?} was accepted within the hour");
    }
    world.pass(seconds(61), 62).await;
    let after = size().await;
    assert!(after <= LIMIT, "{after} bytes");
    let kept = {
        let mut kept = 0;
        for no in &numbers {
            kept += u32::from(is_there(&world, *no).await);
        }
        kept
    };
    assert!(is_there(&world, numbers[599]).await && kept > 0, "{kept} are kept");
}

#[tokio::test]
async fn what_cannot_be_written_is_told_and_holds_up_nobody() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    world.ledger.fail(Fault::SettleCorrupt);
    let damaged = world.key(world.post(event("1")).await, &webhook(1));
    world.until_true("it is told", async || world.health.damages().count == 1).await;
    let told = world.health.damages().latest.unwrap();
    assert!(told.contains(&damaged.id().to_string()), "{told}");
    let other = world.key(world.post(event("2")).await, &webhook(1));
    world.until(other, Status::Delivered).await;
    assert_eq!((world.problems(), world.status(damaged).await), (vec![], Some(Status::Scheduled)));
}

#[tokio::test]
async fn an_old_event_that_cannot_be_forgotten_is_told() {
    let world = World::with_host();
    world.ledger.fail(Fault::OldEventDamaged);
    world.pass(seconds(61), 2).await;
    let damages = world.health.damages();
    let told = damages.latest.unwrap();
    assert!(damages.count == 1 && told.starts_with("old events cannot be forgotten (1)"), "{told}");
    assert_eq!(world.problems(), vec![]);
}
