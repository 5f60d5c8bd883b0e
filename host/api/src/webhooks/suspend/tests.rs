//! A suspension holds, says why, and is told as an event.

use serde_json::json;
use transload_domain::{Clock, suspended_event};
use transload_store::{LedgerExt, Shard};

use crate::testing::{ACME, Host, get, post_json, post_nothing, subscribe, webhook, with_header};

#[tokio::test]
async fn a_suspension_says_since_when_and_why_and_is_told_as_an_event() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let path = format!("/v1/webhooks/{id}/suspend");
    let answer = host.send(post_json(&path, &json!({"reason": "they move house"}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["suspended_at"], "2026-01-02T03:04:05.000006Z");
    assert_eq!(answer.json["suspended_because"], "they move house");
    assert_eq!(host.send(get(&format!("/v1/webhooks/{id}"))).await.json, answer.json);
    let acme = transload_domain::Organization::new(ACME).unwrap();
    let (_, stored) = host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap();
    let told = suspended_event(&stored, host.clock.now(), "they move house");
    let no = host.ledger.event_by(Shard(0), told.identity()).await.unwrap().unwrap();
    assert_eq!(host.ledger.event(Shard(0), no).await.unwrap(), Some(told));
    // Once more: it stays as it is, and nothing more is told.
    let again = host.send(post_json(&path, &json!({"reason": "other"}))).await;
    assert_eq!((again.status, &again.json), (200, &answer.json));
    assert_eq!(again.headers["etag"], answer.headers["etag"]);
}

#[tokio::test]
async fn a_reason_may_be_left_out_and_is_bounded() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let path = format!("/v1/webhooks/{id}/suspend");
    for (body, pointer) in [
        (json!({"reason": ""}), "#/reason"),
        (json!({"reason": "x".repeat(3_000)}), "#/reason"),
        (json!({"reason": 7}), "#/reason"),
        (json!({"why": "x"}), "#/why"),
    ] {
        let answer = host.send(post_json(&path, &body)).await;
        answer.is_problem(400, "invalid-request").points_to(&[pointer]);
    }
    let stale = with_header(post_nothing(&path), "if-match", "\"1000000\"");
    host.send(stale).await.is_problem(412, "precondition-failed");
    let answer = host.send(post_nothing(&path)).await;
    assert_eq!(answer.json["suspended_because"], "suspended by hand", "{}", answer.text);
}

#[tokio::test]
async fn nobody_suspends_what_is_not_theirs_and_a_disk_that_refuses_suspends_nothing() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let path = format!("/v1/webhooks/{id}/suspend");
    let other = host.key_of("other").await;
    host.send_with(&other, post_nothing(&path)).await.is_problem(404, "not-found");
    host.ledger.break_disk();
    host.send(post_nothing(&path)).await.is_problem(503, "store-unavailable");
    let shown = host.send(get(&format!("/v1/webhooks/{id}"))).await;
    assert_eq!(shown.json["suspended_at"], json!(null));
}
