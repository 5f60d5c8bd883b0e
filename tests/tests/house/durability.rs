//! What was promised holds across a restart.

use serde_json::Value;
use transload_tests::{house::House, vendor::Vendor};

use crate::support::{accepted, deliveries, event};

#[tokio::test]
async fn i1_what_was_acknowledged_is_there_after_a_restart() {
    let house = House::start(&["moody"]).await.unwrap();
    let client = house.client("acme").await.unwrap();
    let unheard = accepted(&client, &event("1", "mood.calm")).await;

    let house = house.restart().await.unwrap();
    let client = client.at(&house.url());
    let found = client.get(&format!("/v1/events/{unheard}")).await.unwrap().json().unwrap();
    assert_eq!(found["event"]["type"], "mood.calm", "{found:#}");
    house.stop().await.unwrap();
}

#[tokio::test]
async fn i2_an_event_that_is_posted_again_changes_nothing_even_after_a_restart() {
    let house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    client.webhook("moody", "moods", &vendor.url()).await.unwrap();
    let first = accepted(&client, &event("1", "mood.calm")).await;
    vendor.next().await.unwrap();
    deliveries(&client, &first, "delivered").await;

    let house = house.restart().await.unwrap();
    let client = client.at(&house.url());
    let again = client.event(&event("1", "mood.calm")).await.unwrap();
    assert_eq!(again.status, 202);
    let again = again.json().unwrap();
    assert_eq!(again["events"][0]["duplicate"], true);
    assert_eq!(again["events"][0]["id"], first);
    assert_eq!(client.event(&event("1", "mood.other")).await.unwrap().status, 409);

    let next = accepted(&client, &event("2", "mood.next")).await;
    assert_eq!(vendor.next().await.unwrap().json(), "mood.next");
    deliveries(&client, &next, "delivered").await;
    assert!(vendor.waiting().is_none(), "the repeated event was sent again");
    house.stop().await.unwrap();
}

#[tokio::test]
async fn i6_a_failed_delivery_waits_for_its_time_across_a_restart_and_a_delivered_one_is_done() {
    let house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    client.webhook("moody", "moods", &vendor.url()).await.unwrap();
    let done = accepted(&client, &event("1", "mood.calm")).await;
    vendor.next().await.unwrap();
    deliveries(&client, &done, "delivered").await;
    vendor.answer_next([503]);
    let failed = accepted(&client, &event("2", "mood.calm")).await;
    let first = vendor.next().await.unwrap();
    let attempts = |delivery: &Value| delivery["attempts"].as_array().map_or(0, Vec::len);
    let before = loop {
        let delivery = deliveries(&client, &failed, "scheduled").await.remove(0);
        if attempts(&delivery) == 1 {
            break delivery;
        }
    };

    let house = house.restart().await.unwrap();
    let client = client.at(&house.url());
    // The standard schedule's first wait is five seconds: the second attempt comes by itself, with the same bytes.
    let second = vendor.next().await.unwrap();
    assert_eq!(second.body, first.body);
    let after = deliveries(&client, &failed, "delivered").await.remove(0);
    assert_eq!((&after["id"], attempts(&after)), (&before["id"], 2));
    assert_eq!(attempts(&deliveries(&client, &done, "delivered").await[0]), 1);
    assert!(vendor.waiting().is_none());
    house.stop().await.unwrap();
}
