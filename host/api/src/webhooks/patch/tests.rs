//! A patch changes what it names and nothing else, and never what somebody else changed meanwhile.

use serde_json::{Value, json};
use transload_domain::{Authentication, HookNo, Organization, Vault, Webhook, WebhookId};
use transload_store::{LedgerExt, Shard};
use uuid::Uuid;

use crate::testing::{ACME, Answer, Host, get, patch, post_json, webhook, with_header};

/// A host with one webhook of this definition; the answer to its creation, and its path.
async fn with(definition: &Value) -> (Host, Answer, String) {
    let host = Host::new().await;
    let made = host.send(post_json("/v1/webhooks", definition)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap());
    (host, made, path)
}

async fn stored(host: &Host, path: &str) -> Webhook {
    let id = Uuid::parse_str(path.rsplit('/').next().unwrap()).unwrap();
    let acme = Organization::new(ACME).unwrap();
    host.ledger.webhook(Shard(0), &acme, WebhookId(id)).await.unwrap().unwrap().1
}

fn token(webhook: &Webhook) -> Vec<u8> {
    let Authentication::Token { token, .. } = &webhook.authentication else { panic!() };
    Vault::new(&[7; 32]).open(token).unwrap()
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let mut definition = webhook();
    definition["description"] = json!("old");
    definition["filter"] = json!({"types": ["order.*"], "sources": ["/shop"]});
    definition["settings"] = json!({"currency": "USD", "deep": {"n": 1}});
    let (host, made, path) = with(&definition).await;
    let before = stored(&host, &path).await;
    let changes = json!({
        "name": "new", "description": null, "filter": {"sources": ["/till"]},
        "settings": {"currency": "EUR"}, "limits": {"concurrency": 2},
    });
    let answer = host.send(patch(&path, &changes)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut expected = made.json.clone();
    expected["name"] = json!("new");
    expected["description"] = json!(null);
    expected["filter"] = json!({"types": ["order.*"], "sources": ["/till"]});
    expected["settings"] = json!({"currency": "EUR", "deep": {"n": 1}});
    expected["limits"]["concurrency"] = json!(2);
    expected["authentication"].as_object_mut().unwrap().remove("token");
    assert_eq!(answer.json, expected);
    assert_eq!(host.send(get(&path)).await.json, expected);
    let after = stored(&host, &path).await;
    assert_eq!(token(&after), token(&before));
    // The plugin's method did not become the webhook's own.
    assert_eq!(after.hooks, before.hooks);
    assert_ne!(answer.headers["etag"], made.headers["etag"]);
}

#[tokio::test]
async fn digits_that_a_patch_leaves_alone_stay() {
    let text = r#"{"name":"x","plugin":"acme","hooks":[{"type":"orders","endpoint":"https://v.example/"}],
        "settings":{"deep":{"rate":1.50,"big":123456789012345678901}}}"#;
    let host = Host::new().await;
    let made = host.send(crate::testing::post("/v1/webhooks", "application/json", text)).await;
    let path = format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap());
    let answer = host.send(patch(&path, &json!({"settings": {"currency": "EUR"}}))).await;
    answer
        .says(r#""settings":{"deep":{"rate":1.50,"big":123456789012345678901},"currency":"EUR"}"#);
}

#[tokio::test]
async fn a_change_is_made_only_on_top_of_what_was_read() {
    let (host, made, path) = with(&webhook()).await;
    let first = made.headers["etag"].to_str().unwrap().to_owned();
    let read = host.send(get(&path)).await;
    assert_eq!(read.headers["etag"], first.as_str());
    let rename = |name: &str| patch(&path, &json!({"name": name}));
    let answer = host.send(with_header(rename("a"), "if-match", &first)).await;
    assert_eq!(answer.status, 200);
    let second = answer.headers["etag"].to_str().unwrap().to_owned();
    let late = host.send(with_header(rename("b"), "if-match", &first)).await;
    late.is_problem(412, "precondition-failed");
    assert_eq!(late.headers["etag"], second.as_str());
    host.send(with_header(rename("b"), "if-match", "7")).await.is_problem(400, "invalid-request");
    let delete = axum::http::Request::delete(&path).body(axum::body::Body::empty()).unwrap();
    host.send(with_header(delete, "if-match", &first)).await.is_problem(412, "precondition-failed");
    assert_eq!(host.send(get(&path)).await.json["name"], "a");
    for condition in [&second, "*"] {
        let answer = host.send(with_header(rename("c"), "if-match", condition)).await;
        assert_eq!((answer.status, &answer.json["name"]), (200, &json!("c")), "{condition}");
    }
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let (host, made, path) = with(&webhook()).await;
    host.ledger.break_disk();
    for nothing in [json!({}), json!({"name": "Orders to Acme"}), json!({"authentication": {}})] {
        let answer = host.send(patch(&path, &nothing)).await;
        assert_eq!((answer.status, &answer.headers["etag"]), (200, &made.headers["etag"]));
    }
    host.send(patch(&path, &json!({"name": "b"}))).await.is_problem(503, "store-unavailable");
}

#[tokio::test]
async fn hooks_keep_their_numbers_and_a_number_is_never_given_twice() {
    let hook = |kind: &str| json!({"type": kind, "endpoint": "https://vendor.example/"});
    let (host, _, path) = with(&webhook()).await;
    for (kinds, numbers) in [
        (&["shared", "orders"][..], [1, 0]),
        (&["orders"], [0, 0]),
        (&["orders", "shared"], [0, 2]),
    ] {
        let hooks: Vec<Value> = kinds.iter().map(|kind| hook(kind)).collect();
        let answer = host.send(patch(&path, &json!({"hooks": hooks}))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let stored = stored(&host, &path).await;
        let found: Vec<HookNo> = stored.hooks.iter().map(|hook| hook.no).collect();
        assert_eq!(found, numbers[..kinds.len()].iter().map(|no| HookNo(*no)).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn another_kind_of_authentication_takes_the_place_of_the_former() {
    let (host, _, path) = with(&webhook()).await;
    let basic = json!({"authentication": {"type": "basic", "username": "me", "password": "pw"}});
    let answer = host.send(patch(&path, &basic)).await;
    assert_eq!(answer.json["authentication"], json!({"type": "basic", "username": "me"}));
    // The password stays while it is not named.
    let renamed = json!({"authentication": {"username": "you"}});
    let answer = host.send(patch(&path, &renamed)).await;
    assert_eq!(answer.json["authentication"], json!({"type": "basic", "username": "you"}));
    let Authentication::Basic { password, .. } = stored(&host, &path).await.authentication else {
        panic!()
    };
    assert_eq!(Vault::new(&[7; 32]).open(&password).unwrap(), b"pw");
    // A token that is made is shown once.
    let answer = host.send(patch(&path, &json!({"authentication": {"type": "token"}}))).await;
    assert_eq!(answer.json["authentication"]["token"].as_str().unwrap().len(), 30);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn rules_are_patched_and_taken_back() {
    let (host, _, path) = with(&webhook()).await;
    let own = json!({
        "ordering": "key", "success": {"any": "2xx"}, "final_statuses": [422],
        "retry": {"max_attempts": 3}, "suspend": {"never": true},
    });
    assert_eq!(host.send(patch(&path, &own)).await.status, 200);
    let forms = json!({
        "success": {"statuses": [204]}, "suspend": {"more_than": 5}, "retry": {"schedule": ["1m"]},
    });
    let answer = host.send(patch(&path, &forms)).await;
    assert_eq!(answer.json["success"], json!({"statuses": [204]}), "{}", answer.text);
    assert_eq!(answer.json["suspend"], json!({"more_than": 5, "within": "6h"}));
    let retry = json!(
        {"schedule": ["1m"], "repeat_last": false, "max_attempts": 3, "jitter_percent": 10}
    );
    assert_eq!((&answer.json["retry"], &answer.json["ordering"]), (&retry, &json!("key")));
    let back = json!({
        "success": null, "suspend": null, "retry": null, "final_statuses": null, "ordering": null,
    });
    let answer = host.send(patch(&path, &back)).await;
    for member in ["success", "suspend", "retry", "final_statuses"] {
        assert_eq!(answer.json[member], json!(null), "{member}");
    }
    assert_eq!(answer.json["ordering"], "none");
}

#[tokio::test]
async fn what_cannot_be_changed_or_is_wrong_is_named() {
    let (host, _, path) = with(&webhook()).await;
    for (changes, pointer) in [
        (json!({"plugin": "signer"}), "#/plugin"),
        (json!({"plugin": null}), "#/plugin"),
        (json!({"organizationId": "other"}), "#/organizationId"),
        (json!({"name": null}), "#"),
        (json!({"suspended_at": null, "x": 1}), "#/x"),
        (json!({"hooks": []}), "#/hooks"),
        (
            json!({"hooks": [{"type": "orders", "endpoint": "https://10.0.0.1/"}]}),
            "#/hooks/0/endpoint",
        ),
        (
            json!({"hooks": [{"type": "orders", "endpoint": "https://inside.example/"}]}),
            "#/hooks/0/endpoint",
        ),
        (json!({"authentication": {"type": "signed_bearer"}}), "#/authentication/type"),
        (json!({"settings": {"currency": "USDX"}}), "#/settings/currency"),
        (json!([]), "#"),
        (json!("x"), "#"),
        (json!(null), "#"),
    ] {
        let answer = host.send(patch(&path, &changes)).await;
        answer.is_problem(422, "invalid-webhook").points_to(&[pointer]);
    }
    for body in ["", "{", "{} {}"] {
        let request = axum::http::Request::patch(&path)
            .header("content-type", "application/merge-patch+json")
            .body(body.to_owned().into())
            .unwrap();
        host.send(request).await.is_problem(400, "invalid-request");
    }
    let request = axum::http::Request::patch(&path)
        .header("content-type", "application/json-patch+json")
        .body("[]".into())
        .unwrap();
    host.send(request).await.is_problem(415, "unsupported-media-type");
    let long = json!({"description": "x".repeat(1 << 20)});
    host.send(patch(&path, &long)).await.is_problem(413, "too-large");
}

#[tokio::test]
async fn only_its_own_organization_changes_a_webhook() {
    let (host, _, path) = with(&webhook()).await;
    let other = host.key_of("other").await;
    let answer = host.send_with(&other, patch(&path, &json!({"name": "mine"}))).await;
    answer.is_problem(404, "not-found");
    let nobody = "/v1/webhooks/00000000-0000-4000-8000-000000000000";
    host.send(patch(nobody, &json!({"name": "x"}))).await.is_problem(404, "not-found");
    assert_eq!(host.send(get(&path)).await.json["name"], "Orders to Acme");
}

#[tokio::test]
async fn changes_that_meet_lose_none() {
    let (host, _, path) = with(&webhook()).await;
    host.ledger.let_changes_meet(5);
    let send = |changes: Value| host.send(patch(&path, &changes));
    let answers = tokio::join!(
        send(json!({"name": "new"})),
        send(json!({"description": "new"})),
        send(json!({"limits": {"concurrency": 5}})),
        send(json!({"filter": {"sources": ["/new"]}})),
        host.send(crate::testing::post_nothing(&format!("{path}/suspend"))),
    );
    let statuses =
        [&answers.0, &answers.1, &answers.2, &answers.3, &answers.4].map(|answer| answer.status);
    assert_eq!(statuses, [200; 5]);
    let shown = host.send(get(&path)).await.json;
    assert_eq!((&shown["name"], &shown["description"]), (&json!("new"), &json!("new")));
    assert_eq!(shown["limits"]["concurrency"], 5);
    assert_eq!(shown["filter"]["sources"], json!(["/new"]));
    assert_ne!(shown["suspended_at"], json!(null));
}
