//! From due deliveries to their end.

use std::time::Duration;

use transload_delivery::run::{CLOSINGS_MAX, Options};
use transload_domain::{
    AttemptOutcome, Clock, SendFailureKind, Status, Timestamp, Verdict, Webhook, WebhookLimits,
};

use crate::support::{Fault, World, answered, asked_to_wait, event, failed, seconds, webhook};

#[tokio::test]
async fn an_answered_delivery_is_settled_with_its_attempt() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    let no = world.post(event("1")).await;
    let key = world.key(no, &webhook(1));
    world.until(key, Status::Delivered).await;
    let attempts = world.attempts(key).await;
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].number, &attempts[0].verdict), (1, &Verdict::Delivered));
    assert_eq!(attempts[0].outcome, answered(200));
    assert_eq!(world.problems(), []);
}

/// How long after the first attempt each one was, while the clock moves second by second.
async fn schedule(world: &World, seconds_in_all: u64) -> Vec<u64> {
    for _ in 0..seconds_in_all {
        world.quiet().await;
        world.time.advance(seconds(1));
    }
    world.quiet().await;
    let times: Vec<Timestamp> = world.network.sent().iter().map(|(at, _)| *at).collect();
    times.iter().map(|at| at.since(times[0]).as_secs()).collect()
}

#[tokio::test]
async fn i9_a_failing_delivery_is_tried_by_the_schedule_and_then_dead() {
    let world = World::with_host();
    world.network.answers(|_| failed(SendFailureKind::Connect));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    assert_eq!(schedule(&world, 60).await, [0, 10, 30, 50]);
    assert_eq!(world.status(key).await, Some(Status::Dead));
    let attempts = world.attempts(key).await;
    assert_eq!(attempts.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let Verdict::Dead { reason } = &attempts[3].verdict else { panic!("{:?}", attempts[3]) };
    assert_eq!(reason, "given up after 4 attempts: scripted connect");
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let world = World::with_host();
    world.network.answers(|exchange| match exchange.attempt {
        1 => asked_to_wait(429, 25),
        2 => asked_to_wait(503, 1),
        _ => answered(200),
    });
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    world.until_sent(1).await;
    assert_eq!(schedule(&world, 60).await, [0, 25, 45]);
}

#[tokio::test]
async fn i5_retries_send_the_same_bytes_under_the_same_id() {
    let mut world = World::with_host();
    world.network.answers(|exchange| answered(if exchange.attempt == 4 { 200 } else { 500 }));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    // Another version of the plugin would make other bytes; a restart forgets what was in memory.
    world.plugins.load_with(crate::support::profile("acme"), 9, |_, _| panic!("runs only once"));
    for attempt in 2..=4 {
        world.quiet().await;
        if attempt == 3 {
            world.kill().await;
            world.start("one");
        }
        world.quiet().await;
        world.time.advance(seconds(20));
        world.until_sent(attempt).await;
    }
    world.until(key, Status::Delivered).await;
    let sent = world.network.sent();
    for (_, exchange) in &sent {
        assert_eq!(exchange.request, sent[0].1.request);
        assert_eq!(exchange.delivery.id(), sent[0].1.delivery.id());
    }
}

#[tokio::test]
async fn i6_a_recorded_success_is_never_sent_again() {
    let mut world = World::with_host();
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Delivered).await;
    world.kill().await;
    world.start("one");
    let later = world.key(world.post(event("2")).await, &webhook(1));
    world.until(later, Status::Delivered).await;
    for _ in 0..10 {
        world.time.advance(seconds(60));
        world.quiet().await;
    }
    let ids: Vec<_> = world.network.sent().iter().map(|(_, one)| one.delivery).collect();
    assert_eq!(ids, [key, later]);
}

#[tokio::test]
async fn i6_an_unrecorded_success_is_sent_again() {
    for (fault, sends) in [(Fault::SettleBefore, 2), (Fault::SettleAfter, 1)] {
        let world = World::with_host();
        world.put(webhook(1)).await;
        world.ledger.fail(fault);
        let key = world.key(world.post(event("1")).await, &webhook(1));
        world.until_true("the settlement fails", async || !world.ledger.is_armed()).await;
        world.time.advance(seconds(1));
        world.until(key, Status::Delivered).await;
        world.quiet().await;
        assert_eq!(world.network.count(), sends, "{fault:?}");
        assert_eq!(world.attempts(key).await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn i6_an_exchange_that_a_crash_cut_is_made_again() {
    let mut world = World::with_host();
    world.network.hang("vendor1");
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    world.kill().await;
    world.network.release();
    world.start("one");
    world.until(key, Status::Delivered).await;
    assert_eq!(world.network.count(), 2);
    assert_eq!(world.attempts(key).await.len(), 1);
}

#[tokio::test]
async fn i8_a_webhook_has_no_more_exchanges_than_it_may() {
    let world = World::with_host();
    let mut narrow = webhook(1);
    narrow.limits = WebhookLimits { concurrency: Some(3) };
    world.put(narrow).await;
    world.network.hang("vendor1");
    for id in 0..20 {
        world.post(event(&id.to_string())).await;
    }
    world.until_sent(3).await;
    world.quiet().await;
    assert_eq!(world.network.count(), 3);
    world.network.release();
    world.until_sent(20).await;
    assert_eq!(world.network.most_open(), 3);
}

#[tokio::test]
async fn i8_an_endpoint_that_hangs_does_not_stop_others() {
    let world = World::with_host();
    for n in 1..=2 {
        world.put(webhook(n)).await;
    }
    world.network.hang("vendor1");
    let mut numbers = Vec::new();
    for id in 0..40 {
        numbers.push(world.post(event(&id.to_string())).await);
    }
    for no in numbers {
        world.until(world.key(no, &webhook(2)), Status::Delivered).await;
    }
    let stuck =
        world.network.sent().iter().filter(|(_, one)| one.endpoint.contains("vendor1")).count();
    assert_eq!(stuck, 16, "the usual limit of a webhook");
}

#[tokio::test]
async fn i8_beside_an_endpoint_that_hangs_nobody_waits() {
    const HEALTHY: u8 = 20;
    const A_SECOND: usize = 3;
    let mut world = World::new();
    for n in 0..=HEALTHY {
        world.put(webhook(n)).await;
    }
    world.network.hang("vendor0.");
    world
        .network
        .answers(|exchange| answered(if exchange.endpoint.contains("r0.") { 503 } else { 200 }));
    // The one that hangs could fill all places twice before its first exchange ends.
    world.start_as(Options { exchanges: 40, ..Options::new("one") });
    for second in 1..=45 {
        if second == 30 {
            world.network.release();
            world.quiet().await;
            world.network.hang("vendor0.");
        }
        for id in 0..A_SECOND {
            world.post(event(&format!("{second}-{id}"))).await;
        }
        let arrived = || {
            let sent = world.network.sent();
            sent.iter().filter(|(_, one)| !one.endpoint.contains("vendor0.")).count()
        };
        let wanted = usize::from(HEALTHY) * A_SECOND * second;
        world.until_true("all healthy ones got theirs at once", async || arrived() == wanted).await;
        world.time.advance(seconds(1));
    }
}

#[tokio::test]
async fn a_removed_webhooks_open_deliveries_are_dead() {
    let world = World::with_host();
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    let waiting = world.key(world.post(event("1")).await, &webhook(1));
    world.until_true("it waits", async || world.attempts(waiting).await.len() == 1).await;
    world.network.hang("vendor1");
    let under_way = world.key(world.post(event("2")).await, &webhook(1));
    world.until_sent(2).await;
    world.remove(&webhook(1)).await;
    world.until(waiting, Status::Dead).await;
    assert_eq!(world.status(under_way).await, Some(Status::Scheduled));
    world.network.release();
    world.until(under_way, Status::Dead).await;
    for key in [waiting, under_way] {
        let attempts = world.attempts(key).await;
        let last = attempts.last().unwrap();
        assert_eq!(last.verdict, Verdict::Dead { reason: "webhook removed".into() });
        assert!(matches!(last.outcome, AttemptOutcome::Failed(_)));
    }
    assert_eq!(world.network.count(), 2);
}

#[tokio::test]
async fn a_removed_webhook_with_much_waiting_holds_up_no_other() {
    let world = World::with_host();
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    let mut numbers = Vec::new();
    for id in 0..2 * CLOSINGS_MAX {
        numbers.push(world.post(event(&id.to_string())).await);
    }
    for no in &numbers {
        world.until(world.key(*no, &webhook(1)), Status::Scheduled).await;
    }
    world.put(webhook(2)).await;
    let other = world.key(world.post(event("other")).await, &webhook(2));
    world.until_true("it waits", async || world.attempts(other).await.len() == 1).await;
    world.ledger.fail(Fault::ClosingsWait(webhook(1).id));
    world.remove(&webhook(1)).await;
    world.quiet().await;
    // What is due for a hook that is gone is closed in its turn.
    world.put(Webhook { hooks: Vec::new(), ..webhook(2) }).await;
    world
        .until_true("the other is closed", async || {
            world.time.advance(seconds(60));
            world.status(other).await == Some(Status::Dead)
        })
        .await;
    world.ledger.mend();
    for no in numbers {
        world.until(world.key(no, &webhook(1)), Status::Dead).await;
    }
}

#[tokio::test]
async fn what_was_open_when_its_webhook_went_is_closed_after_a_restart() {
    let mut world = World::with_host();
    world.network.answers(|_| answered(500));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_true("it waits", async || world.attempts(key).await.len() == 1).await;
    world.kill().await;
    world.remove(&webhook(1)).await;
    world.start("one");
    world.until(key, Status::Dead).await;
}

#[tokio::test]
async fn a_suspended_webhooks_deliveries_are_held_and_go_out_after_its_resumption() {
    let world = World::with_host();
    let mut suspended = webhook(1);
    suspended.suspended_at = Some(world.time.now());
    world.put(suspended).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Scheduled).await;
    world.time.advance(seconds(3_600));
    world.quiet().await;
    assert_eq!(world.network.count(), 0);
    world.put(webhook(1)).await;
    world.until(key, Status::Delivered).await;
}

#[tokio::test]
async fn a_stop_finishes_what_is_in_flight_and_begins_nothing() {
    let mut world = World::with_host();
    let mut narrow = webhook(1);
    narrow.limits = WebhookLimits { concurrency: Some(1) };
    world.put(narrow).await;
    world.network.hang("vendor1");
    let first = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    let second = world.key(world.post(event("2")).await, &webhook(1));
    world.until(second, Status::Scheduled).await;
    world.ask_to_stop();
    world.quiet().await;
    assert_eq!(world.hosts(), 1);
    world.network.release();
    world.ended().await.unwrap();
    assert_eq!(world.status(first).await, Some(Status::Delivered));
    assert_eq!(world.status(second).await, Some(Status::Scheduled));
    assert_eq!(world.network.count(), 1);
}

#[tokio::test]
async fn a_stop_has_a_deadline() {
    let mut world = World::with_host();
    world.put(webhook(1)).await;
    world.network.hang("vendor1");
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    world.ask_to_stop();
    world.quiet().await;
    world.time.advance(Duration::from_secs(36));
    world.ended().await.unwrap();
    assert_eq!(world.status(key).await, Some(Status::Scheduled));
}
