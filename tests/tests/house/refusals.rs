//! Bad input gets a clear error and loses nothing.

use serde_json::{Value, json};
use transload_tests::{client::Client, house::House};

use crate::support::{accepted, event};

#[tokio::test]
async fn whoever_has_no_key_gets_nothing() {
    let house = House::start(&["moody"]).await.unwrap();
    for key in ["", "tl_nobody_0000", "x"] {
        let client = Client::new(&house.url(), key);
        for path in ["/v1/events/0", "/v1/webhooks", "/v1/deliveries", "/v1/plugins"] {
            let answer = client.get(path).await.unwrap();
            assert_eq!(answer.status, 401, "{path} with {key:?}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        assert_eq!(client.event(&event("1", "mood.calm")).await.unwrap().status, 401);
        for path in ["/health/live", "/health/ready", "/.well-known/jwks.json"] {
            assert_eq!(client.get(path).await.unwrap().status, 200, "{path}");
        }
    }
    house.stop().await.unwrap();
}

#[tokio::test]
async fn a_bad_event_of_a_batch_keeps_the_others_out() {
    let house = House::start(&["moody"]).await.unwrap();
    let client = house.client("acme").await.unwrap();
    let mut bad = event("3", "mood.calm");
    bad["specversion"] = "0.3".into();
    let batch = json!([event("1", "mood.calm"), event("2", "mood.calm"), bad]).to_string();
    let kind = "application/cloudevents-batch+json";
    let answer = client.post("/v1/events", kind, batch).await.unwrap();
    assert_eq!(answer.status, 400);
    let problem: Value = answer.json().unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "#/2/specversion", "{problem:#}");
    // Nothing of it is there: the same ids are new.
    let answer = client.event(&event("1", "mood.calm")).await.unwrap().json().unwrap();
    assert_eq!(answer["events"][0]["duplicate"], false);
    house.stop().await.unwrap();
}

#[tokio::test]
async fn a_webhook_into_a_refused_network_is_refused_by_name() {
    let house = House::start(&["moody"]).await.unwrap();
    let client = house.client("acme").await.unwrap();
    for endpoint in ["https://10.0.0.1/", "https://[::ffff:169.254.169.254]/", "/x"] {
        let definition = json!({
            "name": "x", "plugin": "moody", "hooks": [{ "type": "moods", "endpoint": endpoint }],
        });
        let kind = "application/json";
        let answer = client.post("/v1/webhooks", kind, definition.to_string()).await.unwrap();
        assert_eq!(answer.status, 422, "{endpoint}: {}", answer.text());
        let problem = answer.json().unwrap();
        assert_eq!(problem["errors"][0]["pointer"], "#/hooks/0/endpoint", "{problem:#}");
    }
    house.stop().await.unwrap();
}

#[tokio::test]
async fn a_module_that_does_not_load_is_told_and_stops_nobody() {
    let house = House::start(&["moody"]).await.unwrap();
    std::fs::write(house.folder().join("modules/broken.wasm"), b"not wasm").unwrap();
    let house = house.restart().await.unwrap();
    let client = house.client("acme").await.unwrap();
    let plugins = client.get("/v1/plugins").await.unwrap().text();
    assert!(plugins.contains("broken.wasm") && plugins.contains("moody"), "{plugins}");
    accepted(&client, &event("1", "mood.calm")).await;
    house.stop().await.unwrap();
}
