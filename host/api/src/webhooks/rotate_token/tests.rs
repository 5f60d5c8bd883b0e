//! A token is exchanged, and shown once.

use serde_json::json;
use transload_domain::{Authentication, Organization, Vault, WebhookId};
use transload_store::{LedgerExt, Shard};
use uuid::Uuid;

use crate::testing::{ACME, Host, get, post_json, post_nothing, webhook, with_header};

async fn stored_token(host: &Host, id: &str) -> Vec<u8> {
    let id = WebhookId(Uuid::parse_str(id).unwrap());
    let acme = Organization::new(ACME).unwrap();
    let stored = host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap().1;
    let Authentication::Token { token, .. } = &stored.authentication else { panic!("{stored:?}") };
    Vault::new(&[7; 32]).open(token).unwrap()
}

#[tokio::test]
async fn a_token_is_rotated_and_shown_once() {
    let host = Host::new().await;
    let made = host.send(post_json("/v1/webhooks", &webhook())).await;
    let id = made.json["id"].as_str().unwrap();
    let path = format!("/v1/webhooks/{id}/rotate-token");
    let answer = host.send(post_nothing(&path)).await;
    assert_eq!(
        (answer.status, &answer.headers["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let token = answer.json["authentication"]["token"].as_str().unwrap();
    assert_ne!(json!(token), made.json["authentication"]["token"]);
    assert_eq!(stored_token(&host, id).await, token.as_bytes());
    let given = host.send(post_json(&path, &json!({"token": "my-own-secret"}))).await;
    assert_eq!(given.json["authentication"]["token"], "my-own-secret");
    assert_eq!(stored_token(&host, id).await, b"my-own-secret");
    assert!(!host.send(get(&format!("/v1/webhooks/{id}"))).await.text.contains("my-own-secret"));
    // Nor is anything else of it changed.
    for member in ["header", "header_value_format"] {
        assert_eq!(given.json["authentication"][member], made.json["authentication"][member]);
    }
}

#[tokio::test]
async fn what_cannot_be_rotated_is_told() {
    let host = Host::new().await;
    let made = host.send(post_json("/v1/webhooks", &webhook())).await;
    let path = format!("/v1/webhooks/{}/rotate-token", made.json["id"].as_str().unwrap());
    for (body, pointer) in [
        (json!({"token": ""}), "#/token"),
        (json!({"token": "a\nb"}), "#/token"),
        (json!({"token": "x".repeat(5_000)}), "#/token"),
        (json!({"tokn": "x"}), "#/tokn"),
    ] {
        let answer = host.send(post_json(&path, &body)).await;
        answer.is_problem(400, "invalid-request").points_to(&[pointer]);
    }
    let stale = with_header(post_nothing(&path), "if-match", "\"1000000\"");
    host.send(stale).await.is_problem(412, "precondition-failed");
    let other = host.key_of("other").await;
    host.send_with(&other, post_nothing(&path)).await.is_problem(404, "not-found");
    let mut open = webhook();
    open["authentication"] = json!({"type": "none"});
    let made = host.send(post_json("/v1/webhooks", &open)).await;
    let path = format!("/v1/webhooks/{}/rotate-token", made.json["id"].as_str().unwrap());
    host.send(post_nothing(&path)).await.is_problem(409, "conflict").says("authentication none");
}
