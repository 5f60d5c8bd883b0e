//! The tests' own vocabulary.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use transload_tests::client::Client;

/// How long a test waits for something to become so.
const PATIENCE: Duration = Duration::from_secs(20);

/// A small event of this type.
pub(crate) fn event(id: &str, kind: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/tests", "type": kind,
        "datacontenttype": "application/json", "data": { "id": id },
    })
}

/// Posts an event and returns the id under which the host knows it.
pub(crate) async fn accepted(client: &Client, event: &Value) -> String {
    let answer = client.event(event).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json().unwrap()["events"][0]["id"].as_str().unwrap().to_owned()
}

/// Waits until all deliveries of an event have this status, and returns them whole.
pub(crate) async fn deliveries(client: &Client, event: &str, status: &str) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = client.get(&format!("/v1/events/{event}")).await.unwrap();
        let answer = answer.json().unwrap();
        let heads = answer["deliveries"].as_array().cloned().unwrap_or_default();
        if !heads.is_empty() && heads.iter().all(|delivery| delivery["status"] == status) {
            let mut whole = Vec::new();
            for head in heads {
                let id = head["id"].as_str().unwrap();
                let answer = client.get(&format!("/v1/deliveries/{id}")).await.unwrap();
                whole.push(answer.json().unwrap());
            }
            return whole;
        }
        assert!(Instant::now() < deadline, "not {status} in time: {answer:#}");
        sleep(Duration::from_millis(10)).await;
    }
}
