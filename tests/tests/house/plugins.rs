//! What a plugin does badly is seen on the delivery, and harms nobody else.

use transload_tests::{house::House, vendor::Vendor};

use crate::support::{accepted, deliveries, event};

#[tokio::test]
async fn i10_what_a_plugin_does_wrong_is_on_the_delivery_in_plain_words() {
    let house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    client.webhook("moody", "moods", &vendor.url()).await.unwrap();

    for (kind, status, words) in [
        ("mood.panicking", "dead", "no more of this"),
        ("mood.panicking", "dead", "src/lib.rs:"),
        ("mood.endless", "dead", "did not end within 250 ms"),
        ("mood.refusing", "dead", "I do not like it"),
        ("mood.lazy", "skipped", "not today"),
        ("mood.waiting", "blocked", "not yet"),
    ] {
        let id = accepted(&client, &event(&format!("{kind} {words}"), kind)).await;
        let delivery = &deliveries(&client, &id, status).await[0];
        let reason = delivery["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{kind}: {reason}");
        assert_eq!(delivery["plugin"]["name"], "moody", "{delivery:#}");
        assert_eq!(delivery["plugin"]["version"], "1.2.3");
        assert_eq!(delivery["plugin"]["digest"].as_str().unwrap().len(), 64);
    }
    assert!(vendor.waiting().is_none());

    accepted(&client, &event("last", "mood.calm")).await;
    assert_eq!(vendor.next().await.unwrap().json(), "mood.calm");
    house.stop().await.unwrap();
}

#[tokio::test]
async fn an_event_does_not_go_back_to_where_it_came_from() {
    let house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    client.webhook("moody", "moods", &vendor.url()).await.unwrap();

    let mut echo = event("1", "mood.calm");
    echo["origin"] = "moody".into();
    let id = accepted(&client, &echo).await;
    let delivery = &deliveries(&client, &id, "skipped").await[0];
    assert!(delivery["reason"].as_str().unwrap().contains("origin"), "{delivery:#}");
    assert!(vendor.waiting().is_none());
    house.stop().await.unwrap();
}

#[tokio::test]
async fn a_counter_in_plugin_state_counts_every_event_once() {
    let house = House::start(&["moody"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    client.webhook("moody", "moods", &vendor.url()).await.unwrap();

    for number in 1..=50 {
        accepted(&client, &event(&number.to_string(), "mood.counting")).await;
    }
    let mut counts = Vec::new();
    for _ in 1..=50 {
        counts.push(vendor.next().await.unwrap().json().as_u64().unwrap());
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=50).collect::<Vec<_>>());
    house.stop().await.unwrap();
}
