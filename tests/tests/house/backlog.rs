//! Who is refused when too much waits.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use transload_tests::{
    client::{Answer, Client},
    house::House,
    vendor::Vendor,
};

use crate::support::{accepted, deliveries, event};

/// How long a test waits for an answer with a status.
const PATIENCE: Duration = Duration::from_secs(20);

/// A webhook whose vendor takes everything; its id.
async fn webhook(client: &Client, vendor: &Vendor) -> String {
    let definition = json!({
        "name": "moods", "plugin": "moody", "hooks": [{ "type": "moods", "endpoint": vendor.url() }],
    });
    let answer = client.post("/v1/webhooks", "application/json", definition.to_string()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json().unwrap()["id"].as_str().unwrap().to_owned()
}

/// Posts an event that is there already, which changes nothing, until the answer has this status.
async fn posted_again(client: &Client, event: &Value, status: u16) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = client.event(event).await.unwrap();
        if answer.status == status {
            return answer;
        }
        assert!(Instant::now() < deadline, "no {status} in time: {}", answer.text());
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn i8_an_organization_whose_vendor_takes_nothing_is_refused_and_no_other() {
    let house =
        House::start_with(&["moody"], |config| config.backlog_deliveries = 6).await.unwrap();
    let vendor = Vendor::start().await.unwrap();
    let (acme, other) = (house.client("acme").await.unwrap(), house.client("other").await.unwrap());
    let webhook_of_acme = webhook(&acme, &vendor).await;
    webhook(&other, &vendor).await;
    let turn = async |what: &str| {
        let path = format!("/v1/webhooks/{webhook_of_acme}/{what}");
        assert_eq!(acme.post(&path, "application/json", "{}").await.unwrap().status, 200);
    };

    turn("suspend").await;
    for id in ["1", "2", "3"] {
        let id = accepted(&acme, &event(id, "mood.calm")).await;
        deliveries(&acme, &id, "held").await;
    }
    let refused = posted_again(&acme, &event("1", "mood.calm"), 429).await;
    assert_eq!(refused.headers["retry-after"], "30");
    let detail = refused.json().unwrap()["detail"].to_string();
    assert!(detail.contains("3 deliveries of this organization are open"), "{detail}");
    assert_eq!(acme.event(&event("new", "mood.calm")).await.unwrap().status, 429);
    let delivered = accepted(&other, &event("1", "mood.calm")).await;
    deliveries(&other, &delivered, "delivered").await;

    // A host that starts again knows it again.
    let house = house.restart().await.unwrap();
    let (acme, other) = (acme.at(&house.url()), other.at(&house.url()));
    posted_again(&acme, &event("1", "mood.calm"), 429).await;
    accepted(&other, &event("2", "mood.calm")).await;
    let metrics = acme.get("/metrics").await.unwrap().text();
    let refusals = "transload_backlog_refusals_total{limit=\"organization_deliveries\"}";
    assert!(metrics.contains(refusals), "{metrics}");

    let path = format!("/v1/webhooks/{webhook_of_acme}/resume");
    assert_eq!(acme.post(&path, "application/json", "{}").await.unwrap().status, 200);
    posted_again(&acme, &event("1", "mood.calm"), 202).await;
    accepted(&acme, &event("new", "mood.calm")).await;
    house.stop().await.unwrap();
}
