//! A signing key is exchanged without a gap, or at once.

use serde_json::{Value, json};
use transload_delivery::auth::standard_webhooks::{parse_secret, public_key_text};
use transload_domain::{Organization, Signing, Vault, WebhookId};
use transload_store::{LedgerExt, Shard};
use uuid::Uuid;

use crate::testing::{ACME, Answer, Host, get, patch, post_json, post_nothing, webhook};

/// A host with one webhook that is signed so; its id.
async fn signed(signing: Value) -> (Host, Answer, String) {
    let host = Host::new().await;
    let mut definition = webhook();
    definition["signing"] = signing;
    let made = host.send(post_json("/v1/webhooks", &definition)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap());
    (host, made, path)
}

async fn stored(host: &Host, path: &str) -> Signing {
    let id = WebhookId(Uuid::parse_str(path.rsplit('/').next().unwrap()).unwrap());
    let acme = Organization::new(ACME).unwrap();
    host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap().1.signing.unwrap()
}

/// The secrets' bytes, the current one first.
async fn secrets(host: &Host, path: &str) -> Vec<Vec<u8>> {
    let vault = Vault::new(&[7; 32]);
    let keys = stored(host, path).await.keys;
    keys.iter().map(|key| vault.open(&key.secret).unwrap()).collect()
}

fn bytes(text: &Value) -> Vec<u8> {
    parse_secret(text.as_str().unwrap()).unwrap().1
}

#[tokio::test]
async fn a_secret_is_made_sealed_and_shown_once() {
    for (signing, prefix) in [
        (json!({"type": "standard_webhooks"}), "whsec_"),
        (json!({"type": "standard_webhooks", "scheme": "v1a"}), "whsk_"),
    ] {
        let (host, made, path) = signed(signing).await;
        let secret = made.json["signing"]["secret"].clone();
        assert!(secret.as_str().unwrap().starts_with(prefix), "{secret}");
        assert_eq!(made.headers["cache-control"], "no-store");
        assert_eq!(secrets(&host, &path).await, [bytes(&secret)]);
        let later = host.send(get(&path)).await;
        assert!(later.json["signing"].get("secret").is_none(), "{}", later.text);
        // The public key is no secret.
        let public = (prefix == "whsk_").then(|| public_key_text(&bytes(&secret)).unwrap());
        assert_eq!(later.json["signing"]["public_key"].as_str(), public.as_deref());
    }
}

#[tokio::test]
async fn the_former_key_signs_on_for_the_overlap() {
    let (host, made, path) = signed(json!({"type": "standard_webhooks"})).await;
    let first = bytes(&made.json["signing"]["secret"]);
    let rotate = format!("{path}/rotate-secret");
    let answer = host.send(post_nothing(&rotate)).await;
    assert_eq!(
        (answer.status, &answer.headers["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let second = bytes(&answer.json["signing"]["secret"]);
    assert_eq!(secrets(&host, &path).await, [second.clone(), first.clone()]);
    let expected = json!([
        {"scheme": "v1", "until": null},
        {"scheme": "v1", "until": "2026-01-03T03:04:05.000006Z"},
    ]);
    assert_eq!(answer.json["signing"]["keys"], expected);
    // A shorter overlap ends the older ones earlier; a longer one does not lengthen theirs.
    let given = json!({"secret": format!("whsec_{}", "A".repeat(32)), "overlap": "48h"});
    let answer = host.send(post_json(&rotate, &given)).await;
    let untils: Vec<_> = answer.json["signing"]["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["until"])
        .collect();
    let (two, one) = (json!("2026-01-04T03:04:05.000006Z"), json!("2026-01-03T03:04:05.000006Z"));
    assert_eq!(untils, [&json!(null), &two, &one]);
    let answer = host.send(post_json(&rotate, &json!({"scheme": "v1a", "overlap": "0s"}))).await;
    assert_eq!(answer.json["signing"]["keys"].as_array().unwrap().len(), 1);
    assert_eq!(answer.json["signing"]["scheme"], "v1a");
    assert_eq!(secrets(&host, &path).await.len(), 1);
}

#[tokio::test]
async fn keys_are_bounded_and_an_emergency_has_a_way_out() {
    let (host, _, path) = signed(json!({"type": "standard_webhooks"})).await;
    let rotate = format!("{path}/rotate-secret");
    for _ in 0..3 {
        assert_eq!(host.send(post_nothing(&rotate)).await.status, 200);
    }
    let answer = host.send(post_nothing(&rotate)).await;
    answer.is_problem(409, "conflict").says("at most 4 keys").says("\\\"overlap\\\": \\\"0s\\\"");
    assert_eq!(host.send(post_json(&rotate, &json!({"overlap": "0s"}))).await.status, 200);
    assert_eq!(stored(&host, &path).await.keys.len(), 1);
}

#[tokio::test]
async fn a_patch_leaves_the_keys_alone_unless_it_names_another() {
    let (host, _, path) = signed(json!({"type": "standard_webhooks"})).await;
    let before = secrets(&host, &path).await;
    for unchanged in [
        json!({"name": "n"}),
        json!({"signing": {}}),
        json!({"signing": {"type": "standard_webhooks", "scheme": "v1"}}),
    ] {
        let answer = host.send(patch(&path, &unchanged)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.json["signing"].get("secret").is_none());
        assert_eq!(secrets(&host, &path).await, before);
    }
    let answer = host.send(patch(&path, &json!({"signing": {"scheme": "v1a"}}))).await;
    assert_eq!(secrets(&host, &path).await, [bytes(&answer.json["signing"]["secret"])]);
    let answer = host.send(patch(&path, &json!({"signing": null}))).await;
    assert_eq!(answer.json["signing"], json!(null));
    let answer = host.send(post_nothing(&format!("{path}/rotate-secret"))).await;
    answer.is_problem(409, "conflict").says("PATCH signing first");
}

#[tokio::test]
async fn what_is_wrong_with_a_rotation_is_named_and_strangers_find_nothing() {
    let (host, _, path) = signed(json!({"type": "standard_webhooks"})).await;
    let rotate = format!("{path}/rotate-secret");
    for (body, pointer) in [
        (json!({"secret": "s3cret"}), "#/secret"),
        (json!({"secret": "whpk_AAAA"}), "#/secret"),
        (json!({"secret": "x".repeat(1_000)}), "#/secret"),
        (json!({"scheme": "v9"}), "#/scheme"),
        (json!({"scheme": "v1a", "secret": format!("whsec_{}", "A".repeat(32))}), "#/scheme"),
        (json!({"overlap": "forever"}), "#/overlap"),
        (json!({"overlap": "31d"}), "#/overlap"),
        (json!({"key": 1}), "#/key"),
    ] {
        let answer = host.send(post_json(&rotate, &body)).await;
        answer.is_problem(400, "invalid-request").points_to(&[pointer]);
        assert!(!answer.text.contains("s3cret"), "{}", answer.text);
    }
    let other = host.key_of("other").await;
    host.send_with(&other, post_nothing(&rotate)).await.is_problem(404, "not-found");
}
