//! What was suspended goes on when somebody says so.

use std::sync::Arc;

use serde_json::json;
use transload_delivery::{Trouble, TroubleKind, Troubles};
use transload_domain::{Clock, Organization, Timestamp, WebhookId};
use transload_store::{Change, Ledger, LedgerExt, Shard};
use uuid::Uuid;

use crate::testing::{ACME, Host, get, patch, post_json, post_nothing, webhook};

#[tokio::test]
async fn one_that_is_not_suspended_is_resumed_too_so_that_what_waits_is_tried_now() {
    let host = Host::new().await;
    let id = crate::testing::subscribe(&host, &webhook()).await;
    let answer = host.send(post_nothing(&format!("/v1/webhooks/{id}/resume"))).await;
    assert_eq!((answer.status, &answer.json["suspended_at"]), (200, &json!(null)));
    let acme = Organization::new(ACME).unwrap();
    let (_, stored) = host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap();
    assert_eq!(stored.resumed_at, Some(host.clock.now()));
}

#[tokio::test]
async fn what_ends_a_trouble_does_not_tell_of_it_any_more() {
    let troubles = Arc::<Troubles>::default();
    let host = Host::with(|parts| parts.troubles = Arc::clone(&troubles)).await;
    let id = crate::testing::subscribe(&host, &webhook()).await;
    let trouble = Trouble {
        kind: TroubleKind::Credentials,
        since: host.clock.now(),
        detail: "invalid_client".into(),
        next_try: Timestamp::MAX,
    };
    troubles.put(id, trouble);
    let path = format!("/v1/webhooks/{id}");
    let hooks = json!([{ "type": "orders", "endpoint": "https://vendor.example/mended" }]);
    // The loop, which learns of each change right after, forgets what was before; there is none here.
    for (what, request, is_told) in [
        ("a name", patch(&path, &json!({ "name": "x" })), true),
        ("an endpoint", patch(&path, &json!({ "hooks": hooks })), false),
        ("another token", post_nothing(&format!("{path}/rotate-token")), false),
        ("a resumption", post_nothing(&format!("{path}/resume")), false),
    ] {
        let answer = host.send(request).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
        assert_eq!(answer.json["trouble"].is_object(), is_told, "{what}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_webhook_is_resumed_only_by_its_own_organization() {
    let host = Host::new().await;
    let made = host.send(post_json("/v1/webhooks", &webhook())).await;
    let path = format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap());
    let resume = || post_nothing(&format!("{path}/resume"));
    let id = WebhookId(Uuid::parse_str(made.json["id"].as_str().unwrap()).unwrap());
    let acme = Organization::new(ACME).unwrap();
    let (revision, mut stored) = host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap();
    stored.suspended_at = Some(Timestamp::EPOCH);
    stored.suspended_because = Some("it failed".into());
    host.ledger.configure(Shard(0), Change::Webhook(stored), Some(revision)).await.unwrap();
    let shown = host.send(get(&path)).await.json;
    assert_eq!(shown["suspended_at"], "1970-01-01T00:00:00.000000Z");
    assert_eq!(shown["suspended_because"], "it failed");
    let other = host.key_of("other").await;
    let refused = host.send_with(&other, post_nothing(&format!("{path}/resume"))).await;
    refused.is_problem(404, "not-found");
    let answer = host.send(resume()).await;
    assert_eq!(answer.json["suspended_at"], json!(null), "{}", answer.text);
    assert_eq!(answer.json["suspended_because"], json!(null));
    let (_, stored) = host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap();
    assert_eq!(stored.resumed_at, Some(host.clock.now()));
}
