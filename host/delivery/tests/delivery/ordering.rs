//! Webhooks that want their deliveries in order.

use std::{collections::HashMap, sync::Arc, time::Duration};

use transload_domain::{Event, EventNo, Ordering, Status, Webhook, limits::TRANSFORM_TIME_MAX};
use transload_store::{Faults, Faulty, Ledger, Memory, Shard};

use crate::support::{Luck, Shop, Time, World, answered, event, seconds, webhook};

fn ordered(n: u8) -> Webhook {
    Webhook { ordering: Ordering::Key, ..webhook(n) }
}

fn about(subject: &str, id: &str) -> Event {
    Event { subject: Some(subject.into()), ..event(id) }
}

#[tokio::test]
async fn a_failing_delivery_holds_those_behind_it_with_the_same_key_and_no_others() {
    let world = World::with_host();
    world.network.answers(|exchange| {
        let first_of_red = exchange.request.body == br#"{"order":"red 1"}"#;
        answered(if first_of_red && exchange.attempt < 3 { 500 } else { 200 })
    });
    world.put(ordered(1)).await;
    let mut numbers = Vec::new();
    for id in ["red 1", "red 2", "blue 1", "red 3", "blue 2"] {
        let (subject, _) = id.split_once(' ').unwrap();
        numbers.push(world.post(about(subject, id)).await);
    }
    let sent = || {
        let body = |exchange: &transload_delivery::Exchange| {
            let text = String::from_utf8(exchange.request.body.clone()).unwrap();
            text.trim_matches(&['{', '}'][..]).trim_start_matches("\"order\":").replace('"', "")
        };
        world.network.sent().iter().map(|(_, one)| body(one)).collect::<Vec<_>>()
    };
    for blue in [2, 4] {
        world.until(world.key(numbers[blue], &webhook(1)), Status::Delivered).await;
    }
    world.quiet().await;
    let red = |sent: Vec<String>| sent.into_iter().filter(|id| id.starts_with("red")).collect();
    let so_far: Vec<String> = red(sent());
    assert_eq!(so_far, ["red 1"]);
    for _ in 0..30 {
        world.time.advance(seconds(1));
        world.quiet().await;
    }
    world.until(world.key(numbers[3], &webhook(1)), Status::Delivered).await;
    let all: Vec<String> = red(sent());
    assert_eq!(all, ["red 1", "red 1", "red 1", "red 2", "red 3"]);
}

#[tokio::test]
async fn a_webhook_without_an_order_is_not_held_up() {
    let world = World::with_host();
    world.network.answers(|exchange| {
        answered(if exchange.request.body == br#"{"order":"1"}"# { 500 } else { 200 })
    });
    world.put(webhook(1)).await;
    world.post(about("red", "1")).await;
    let later = world.post(about("red", "2")).await;
    world.until(world.key(later, &webhook(1)), Status::Delivered).await;
}

const SUBJECTS: [&str; 4] = ["red", "green", "blue", "grey"];
const EVENTS: u64 = 120;
const CRASHES: u64 = 6;

/// Transforms take from no time to their limit, vendors refuse, the ledger fails, and the host crashes: whatever was
/// sent of a key, nothing that was accepted before it is sent afterwards.
#[tokio::test]
async fn order_is_kept_whatever_takes_long_fails_and_crashes() {
    for seed in 1..=6 {
        let time = Time::new();
        let memory = Memory::new(Arc::new(time.clone()));
        let ledger = Arc::new(Faulty::new(memory, seed, Faults::default()));
        let mut world = World::over(time, Arc::clone(&ledger) as _);
        let takes = |id: &str, odd: u64| {
            let luck = Luck(id.bytes().map(u64::from).sum::<u64>() + odd).below(100);
            if luck < 4 { TRANSFORM_TIME_MAX } else { Duration::from_millis(luck / 4) }
        };
        world.transformer = Arc::new(Shop::new(&world.time, &world.plugins, 2, move |call| {
            takes(&call.event.id, seed)
        }));
        world.network.answers(move |exchange| {
            let luck = Luck(exchange.delivery.event.0 * 31 + u64::from(exchange.attempt) + seed);
            answered(if { luck }.below(100) < 25 { 500 } else { 200 })
        });
        world.put(ordered(1)).await;
        world.put(webhook(2)).await;
        ledger.set(Faults { before_per_mille: 10, after_per_mille: 10 });
        let mut luck = Luck(seed);
        let mut subjects = HashMap::new();
        for term in 0..CRASHES {
            world.start("one");
            for n in 0..EVENTS / CRASHES {
                let subject = SUBJECTS[usize::try_from(luck.below(4)).unwrap()];
                let event = about(subject, &format!("{term}-{n}"));
                let receipts = loop {
                    let accepted = world.ledger.accept(Shard::default(), vec![event.clone()]).await;
                    if let Ok(receipts) = accepted {
                        break receipts;
                    }
                };
                subjects.insert(receipts[0].no, subject);
                world.time.advance(Duration::from_millis(luck.below(20)));
                world.turns(luck.below(80)).await;
            }
            for _ in 0..luck.below(20) {
                world.time.advance(Duration::from_millis(luck.below(8_000)));
                world.turns(luck.below(200)).await;
            }
            world.kill().await;
        }
        ledger.set(Faults::default());
        world.start("one");
        let all_closed = async || {
            world.time.advance(Duration::from_millis(500));
            world.quiet().await;
            for no in subjects.keys() {
                let status = world.status(world.key(*no, &webhook(1))).await;
                if status.is_none_or(Status::is_open) {
                    return false;
                }
            }
            true
        };
        world.until_true("all are closed", all_closed).await;
        let mut latest: HashMap<&str, EventNo> = HashMap::new();
        let mut sent = 0;
        for (_, exchange) in world.network.sent() {
            if exchange.delivery.webhook != webhook(1).id {
                continue;
            }
            sent += 1;
            let subject = subjects[&exchange.delivery.event];
            let before = latest.insert(subject, exchange.delivery.event);
            assert!(
                before <= Some(exchange.delivery.event),
                "seed {seed}: {:?} of {subject} was sent after {before:?}",
                exchange.delivery.event
            );
        }
        assert!(sent > EVENTS, "seed {seed}: only {sent} exchanges");
    }
}
