//! An example or a given event goes out for real, to one webhook, and is marked.

use serde_json::{Value, json};
use transload_delivery::BACKLOG_DELIVERIES_MAX;
use transload_domain::{Event, EventId, WebhookId};
use transload_store::{LedgerExt, Shard};
use uuid::Uuid;

use crate::testing::{
    Answer, Host, order, post_json, post_nothing, structured, subscribe, webhook,
};

async fn emulate(host: &Host, id: WebhookId, body: &Value) -> Answer {
    host.send(post_json(&format!("/v1/webhooks/{id}/emulate"), body)).await
}

/// The event that was accepted.
async fn accepted(host: &Host, answer: &Answer) -> Event {
    assert_eq!(answer.status, 202, "{}", answer.text);
    let id = answer.json["event"]["id"].as_str().unwrap();
    assert_eq!(answer.headers["location"], format!("/v1/events/{id}"));
    let no = EventId(Uuid::parse_str(id).unwrap()).no();
    host.ledger.event(Shard(0), no).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_example_of_the_plugin_is_accepted_for_this_webhook_alone() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let first = host.send(post_nothing(&format!("/v1/webhooks/{id}/emulate"))).await;
    assert_eq!(first.json["hooks"], json!(["orders"]), "{}", first.text);
    let event = accepted(&host, &first).await;
    assert_eq!(event.emulated_for, Some(id));
    assert_eq!(
        (event.kind.as_str(), event.data.as_str()),
        ("order.created", r#"{"number": 1.50}"#)
    );
    // Each time it is another event.
    let again = accepted(&host, &emulate(&host, id, &json!({"hook": "orders"})).await).await;
    assert_ne!(again.id, event.id);
    let asked = json!({"hook": "orders", "event_type": "order.cancelled"});
    let other = accepted(&host, &emulate(&host, id, &asked).await).await;
    assert_eq!((other.kind.as_str(), other.data.as_str()), ("order.cancelled", "{}"));
}

#[tokio::test]
async fn a_given_event_is_accepted_once() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let bare = json!({"event": {"type": "order.updated", "subject": "7", "data": {"n": 1}}});
    let event = accepted(&host, &emulate(&host, id, &bare).await).await;
    assert_eq!(
        (event.source.as_str(), event.subject.as_deref()),
        ("/transload/emulator", Some("7"))
    );
    let whole = json!({"event": order("77")});
    let event = accepted(&host, &emulate(&host, id, &whole).await).await;
    assert_eq!((event.source.as_str(), event.id.as_str()), ("/shop", "77"));
    emulate(&host, id, &whole).await.is_problem(409, "event-differs").says("leave id out");
    // Nor is an event of the traffic sent on trial by mistake.
    host.send(structured(&order("78"))).await;
    emulate(&host, id, &json!({"event": order("78")})).await.is_problem(409, "event-differs");
}

#[tokio::test]
async fn what_nothing_would_come_of_is_refused_in_words() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let shared = subscribe(
        &host,
        &json!({
            "name": "x", "plugin": "acme",
            "hooks": [{"type": "shared", "endpoint": "https://vendor.example/"}],
        }),
    )
    .await;
    let request = "invalid-request";
    for (id, body, status, slug, pointer) in [
        (id, json!({"hook": "shared"}), 400, request, "#/hook"),
        (shared, json!({}), 400, request, "#/hook"),
        (id, json!({"event_type": "order.lost"}), 400, request, "#/event_type"),
        (id, json!({"event": {"type": "contact.updated"}}), 400, request, "#/event/type"),
        (id, json!({"event": order("1"), "hook": "orders"}), 400, request, "#/event"),
        (id, json!({"evnt": {}}), 400, request, "#/evnt"),
        (id, json!({"event": {"data": {}}}), 400, "invalid-event", "#/event/type"),
        (id, json!({"event": {"type": "Order"}}), 400, "invalid-event", "#/event/type"),
        (id, json!({"event": []}), 400, "invalid-event", "#/event"),
    ] {
        let answer = emulate(&host, id, &body).await;
        answer.is_problem(status, slug).points_to(&[pointer]);
    }
    let long = json!({"event": {"type": "order.created", "data": "x".repeat(2 << 20)}});
    emulate(&host, id, &long).await.is_problem(413, "too-large");
    host.send(post_nothing(&format!("/v1/webhooks/{id}/suspend"))).await;
    emulate(&host, id, &json!({})).await.is_problem(409, "conflict").says("resume it first");
}

#[tokio::test]
async fn nobody_emulates_for_another_and_nothing_beyond_the_backlog() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let path = format!("/v1/webhooks/{id}/emulate");
    let other = host.key_of("other").await;
    host.send_with(&other, post_nothing(&path)).await.is_problem(404, "not-found");
    host.backlog.open(usize::try_from(BACKLOG_DELIVERIES_MAX).unwrap());
    let answer = host.send(post_nothing(&path)).await;
    answer.is_problem(429, "backlog-full");
    assert_eq!(answer.headers["retry-after"], "30");
}
