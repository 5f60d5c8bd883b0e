//! What an operator can promise: counts without holes, order, word of a suspension, replays that end.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use transload_tests::{client::Client, house::House, vendor::Vendor};

use crate::support::{accepted, deliveries, event};

/// How long a replay may take to end.
const REPLAY_TIME_MAX: Duration = Duration::from_secs(20);

/// A webhook of this plugin with more in its definition than name, plugin and hook.
async fn webhook(client: &Client, plugin: &str, hook: &str, to: &Vendor, more: Value) -> Value {
    let mut definition = json!({
        "name": format!("{plugin} {hook}"),
        "plugin": plugin,
        "hooks": [{ "type": hook, "endpoint": to.url() }],
    });
    let all = definition.as_object_mut().unwrap();
    all.extend(more.as_object().cloned().unwrap_or_default());
    let answer = client.post("/v1/webhooks", "application/json", definition.to_string()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json().unwrap()
}

/// Tried again after a tenth of a second, so often in all.
fn soon(max_attempts: u32) -> Value {
    json!({ "schedule": ["100ms"], "repeat_last": true, "max_attempts": max_attempts })
}

#[tokio::test]
async fn i4_a_counter_counts_every_event_once_across_restarts() {
    const EVENTS: u64 = 120;
    let mut house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let mut client = house.client("acme").await.unwrap();
    webhook(&client, "moody", "moods", &vendor, json!({ "retry": soon(100) })).await;
    vendor.answer_next([503, 200, 503, 500]);
    for number in 1..=EVENTS {
        accepted(&client, &event(&number.to_string(), "mood.counting")).await;
        if number % 50 == 0 {
            house = house.restart().await.unwrap();
            client = client.at(&house.url());
        }
    }
    // What was refused, or under way when the host stopped, comes again: with the same number.
    let mut numbers = BTreeSet::new();
    while numbers.len() < usize::try_from(EVENTS).unwrap() {
        numbers.insert(vendor.next().await.unwrap().json().as_u64().unwrap());
    }
    assert_eq!(numbers, (1..=EVENTS).collect());
    let last = accepted(&client, &event("last", "mood.counting")).await;
    deliveries(&client, &last, "delivered").await;
    while let Some(arrived) = vendor.waiting() {
        numbers.insert(arrived.json().as_u64().unwrap());
    }
    assert_eq!(numbers.last(), Some(&(EVENTS + 1)));
    house.stop().await.unwrap();
}

#[tokio::test]
async fn a_suspension_is_told_to_another_webhook_and_what_is_held_goes_out_after_it() {
    let house = House::start(&["moody", "readycloud"]).await.unwrap();
    let (mut failing, mut told) = (Vendor::start().await.unwrap(), Vendor::start().await.unwrap());
    let client = house.client("acme").await.unwrap();
    let rules = json!({ "retry": soon(50), "suspend": { "more_than": 1, "within": "1h" } });
    let suspended = webhook(&client, "moody", "moods", &failing, rules).await;
    webhook(&client, "readycloud", "webhook", &told, json!({})).await;
    failing.answer_next([500, 500]);
    let held = accepted(&client, &event("1", "mood.calm")).await;
    for _ in 0..2 {
        failing.next().await.unwrap();
    }

    let id = suspended["id"].as_str().unwrap();
    let word = told.next().await.unwrap();
    assert!(String::from_utf8_lossy(&word.body).contains(id), "{:?}", word.body);
    deliveries(&client, &held, "held").await;
    let found = client.get(&format!("/v1/webhooks/{id}")).await.unwrap().json().unwrap();
    assert!(found["suspended_because"].as_str().unwrap().contains("2 failures"), "{found:#}");
    assert!(failing.waiting().is_none(), "something was sent to a suspended webhook");

    let path = format!("/v1/webhooks/{id}/resume");
    assert_eq!(client.post(&path, "application/json", "{}").await.unwrap().status, 200);
    failing.next().await.unwrap();
    deliveries(&client, &held, "delivered").await;
    house.stop().await.unwrap();
}

#[tokio::test]
async fn deliveries_of_one_subject_go_out_in_order_and_a_failing_one_holds_only_its_own() {
    let house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    let rules = json!({ "retry": soon(50), "ordering": "key" });
    webhook(&client, "moody", "moods", &vendor, rules).await;
    let of = |subject: &str, number: u32| {
        let mut one = event(&format!("{subject}-{number}"), &format!("mood.{subject}{number}"));
        one["subject"] = subject.into();
        one
    };
    vendor.answer_next([503]);
    accepted(&client, &of("a", 1)).await;
    let mut arrived = vec![vendor.next().await.unwrap().json()];
    let mut last = String::new();
    for (subject, number) in [("a", 2), ("b", 1), ("a", 3), ("b", 2)] {
        last = accepted(&client, &of(subject, number)).await;
    }
    for _ in 0..5 {
        arrived.push(vendor.next().await.unwrap().json());
    }
    deliveries(&client, &last, "delivered").await;
    let texts: Vec<&str> = arrived.iter().filter_map(Value::as_str).collect();
    let of_subject = |letter: &str| -> Vec<&str> {
        let prefix = format!("mood.{letter}");
        texts.iter().filter(|text| text.starts_with(&prefix)).copied().collect()
    };
    assert_eq!(of_subject("a"), ["mood.a1", "mood.a1", "mood.a2", "mood.a3"]);
    assert_eq!(of_subject("b"), ["mood.b1", "mood.b2"]);
    house.stop().await.unwrap();
}

#[tokio::test]
async fn a_replay_goes_on_after_a_restart_and_sends_each_once() {
    const EVENTS: usize = 150;
    let house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    let rules = json!({ "retry": soon(1), "suspend": { "never": true } });
    webhook(&client, "moody", "moods", &vendor, rules).await;
    vendor.answer_next([400; EVENTS]);
    let mut ids = Vec::new();
    for number in 0..EVENTS {
        ids.push(accepted(&client, &event(&number.to_string(), &format!("mood.n{number}"))).await);
    }
    for id in &ids {
        deliveries(&client, id, "dead").await;
    }
    for _ in 0..EVENTS {
        vendor.next().await.unwrap();
    }

    let asked = client.post("/v1/replays", "application/json", "{}").await.unwrap();
    assert_eq!(asked.status, 202, "{}", asked.text());
    let place = asked.headers["location"].to_str().unwrap().to_owned();
    let house = house.restart().await.unwrap();
    let client = client.at(&house.url());
    let mut arrived = BTreeSet::new();
    while arrived.len() < EVENTS {
        let text = vendor.next().await.unwrap().json();
        arrived.insert(text.as_str().unwrap().to_owned());
    }
    let deadline = Instant::now() + REPLAY_TIME_MAX;
    let replay = loop {
        let replay = client.get(&place).await.unwrap().json().unwrap();
        if replay["state"] != "running" {
            break replay;
        }
        assert!(Instant::now() < deadline, "the replay does not end: {replay:#}");
        sleep(Duration::from_millis(10)).await;
    };
    assert_eq!((&replay["state"], &replay["moved"]), (&json!("finished"), &json!(EVENTS)));
    for id in &ids {
        let delivery = &deliveries(&client, id, "delivered").await[0];
        assert_eq!(delivery["attempts"].as_array().unwrap().len(), 2, "{delivery:#}");
    }
    assert!(vendor.waiting().is_none(), "something was sent twice");
    house.stop().await.unwrap();
}
