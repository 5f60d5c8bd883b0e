//! Webhooks are made of doo's definition and what we add to it.

use serde_json::{Value, json};

use crate::testing::{ACME, Answer, DOO_HOOKS, Host, get, post, post_json, webhook};

async fn create(host: &Host, definition: &Value) -> Answer {
    host.send(post_json("/v1/webhooks", definition)).await
}

fn with(member: &str, value: Value) -> Value {
    let mut definition = webhook();
    definition[member] = value;
    definition
}

/// The example of doo's page, as it stands there (seed 001).
fn doo() -> Value {
    let hooks = DOO_HOOKS
        .map(|kind| json!({"type": kind, "method": "POST", "endpoint": "https://requestb.in/123"}));
    json!({
        "name": "My Test Webhook",
        "description": "Webhook for testing all the hook types",
        "hooks": hooks,
        "authentication": {
            "grant_type": "client_credentials",
            "endpoint": "https://requestb.in/123",
            "credentials": {"client_id": "doo", "client_secret": "super-strong-pawwsord"},
            "header_format": "Authorization",
            "header_value_format": "Bearer %ACCESS_TOKEN%",
        },
    })
}

#[tokio::test]
async fn a_webhook_is_made_with_everything_filled_in() {
    let host = Host::new().await;
    let made = create(&host, &webhook()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["id"].as_str().unwrap();
    assert_eq!(made.headers["location"], format!("/v1/webhooks/{id}"));
    assert_eq!(made.headers["cache-control"], "no-store");
    let token = made.json["authentication"]["token"].as_str().unwrap();
    assert_eq!(token.len(), 30);
    assert!(token.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{token}");
    let expected = json!({
        "id": id,
        "name": "Orders to Acme",
        "description": null,
        "organizationId": ACME,
        "plugin": "acme",
        "hooks": [{"type": "orders", "method": "PUT", "endpoint": "https://vendor.example/orders"}],
        "authentication":
            {"type": "token", "header": "Auth", "header_value_format": "%ACCESS_TOKEN%", "token": token},
        "signing": null,
        "settings": {},
        "filter": {"types": [], "sources": []},
        "limits": {"concurrency": null},
        "ordering": "none",
        "success": null,
        "final_statuses": null,
        "retry": null,
        "suspend": null,
        "suspended_at": null,
        "suspended_because": null,
        "trouble": null,
        "created_at": "2026-01-02T03:04:05.000006Z",
        "updated_at": "2026-01-02T03:04:05.000006Z",
    });
    assert_eq!(made.json, expected);
}

#[tokio::test]
async fn everything_that_can_be_said_is_kept() {
    let host = Host::new().await;
    let definition = json!({
        "name": "All", "description": "of it", "organizationId": ACME, "plugin": "acme",
        "hooks": [
            {"type": "orders", "method": "POST", "endpoint": "https://vendor.example/a?b=c"},
            {"type": "shared", "endpoint": "https://93.184.216.34/"},
        ],
        "authentication": {
            "type": "token", "token": "given-<---->-token", "header": "X-Key",
            "header_value_format": "Key %ACCESS_TOKEN%",
        },
        "settings": {"currency": "USD"},
        "filter": {"types": ["order.created", "a.*"], "sources": ["/shop"]},
        "limits": {"concurrency": 3},
        "ordering": "key",
        "success": {"statuses": [200, 202]},
        "final_statuses": [410, 422],
        "retry": {
            "schedule": ["5s", "5m", "1h"], "repeat_last": true, "max_attempts": 20, "jitter_percent": 5,
        },
        "suspend": {"more_than": 9, "within": "2d"},
    });
    let made = create(&host, &definition).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let mut expected = definition.clone();
    expected["hooks"][1]["method"] = json!("POST");
    for member in definition.as_object().unwrap().keys() {
        assert_eq!(made.json[member], expected[member], "{member}");
    }
}

#[tokio::test]
async fn no_secret_is_in_any_later_answer() {
    let host = Host::new().await;
    let given = with("authentication", json!({"type": "token", "token": "my-own-secret"}));
    let mut secrets = vec!["my-own-secret".to_owned()];
    let mut paths = vec!["/v1/webhooks".to_owned()];
    for definition in [webhook(), given] {
        let made = create(&host, &definition).await;
        secrets.push(made.json["authentication"]["token"].as_str().unwrap().to_owned());
        paths.push(format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap()));
    }
    for path in paths {
        let answer = host.send(get(&path)).await;
        assert_eq!(answer.status, 200);
        for secret in &secrets {
            assert!(!answer.text.contains(secret.as_str()), "{path} tells {secret}");
        }
        assert!(!answer.text.contains("\"token\":\""), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_token_is_stored_sealed() {
    use transload_domain::{Authentication, Organization, Vault};
    use transload_store::{Ledger, Query, Record, Shard};

    let host = Host::new().await;
    let definition = with("authentication", json!({"type": "token", "token": "my-own-secret"}));
    create(&host, &definition).await;
    let query = Query::Webhooks(Organization::new(ACME).unwrap());
    let page = host.ledger.page(Shard(0), query, None, 10).await.unwrap();
    let [Record::Webhook(_, webhook)] = page.records.as_slice() else { panic!("{page:?}") };
    let Authentication::Token { token, .. } = &webhook.authentication else {
        panic!("{webhook:?}")
    };
    assert!(!token.0.windows(6).any(|window| window == b"secret"));
    assert_eq!(Vault::new(&[7; 32]).open(token).unwrap(), b"my-own-secret");
}

#[tokio::test]
async fn without_a_plugin_the_one_that_knows_all_hook_types_is_taken() {
    let host = Host::new().await;
    let hooks = |kinds: &[&str]| {
        let hooks: Vec<Value> = kinds
            .iter()
            .map(|kind| json!({"type": kind, "endpoint": "https://vendor.example/"}))
            .collect();
        json!({"name": "x", "hooks": hooks})
    };
    for (kinds, plugin) in [
        (&["orders"][..], "acme"),
        (&["work_orders"], "signer"),
        (&["shared", "work_orders"], "signer"),
    ] {
        let made = create(&host, &hooks(kinds)).await;
        assert_eq!((made.status, &made.json["plugin"]), (201, &json!(plugin)), "{}", made.text);
    }
    for (kinds, words) in [
        (&["shared"][..], "several plugins know these hook types (acme and signer"),
        (&["orders", "work_orders"], "loaded: acme (orders, shared), doo (event_created,"),
        (&["unknown"], "loaded: acme (orders, shared), doo (event_created,"),
    ] {
        let answer = create(&host, &hooks(kinds)).await;
        answer.is_problem(422, "invalid-webhook").points_to(&["#/plugin"]).says(words);
    }
}

#[tokio::test]
async fn doos_own_example_makes_a_webhook() {
    let host = Host::new().await;
    let definition = doo();
    let made = create(&host, &definition).await;
    assert_eq!((made.status, &made.json["plugin"]), (201, &json!("doo")), "{}", made.text);
    for member in ["name", "description", "hooks"] {
        assert_eq!(made.json[member], definition[member], "{member}");
    }
    let expected = json!({
        "type": "oauth2_client_credentials", "endpoint": "https://requestb.in/123",
        "client_id": "doo", "client_authentication": "body",
        "header": "Authorization", "header_value_format": "Bearer %ACCESS_TOKEN%",
    });
    assert_eq!(made.json["authentication"], expected);
    assert!(!made.text.contains("super-strong"), "{}", made.text);
}

#[tokio::test]
async fn a_plugin_that_is_not_there_is_told_and_no_secret() {
    let host = Host::new().await;
    let mut definition = doo();
    definition["plugin"] = json!("dooo");
    let answer = create(&host, &definition).await;
    answer.points_to(&["#/plugin"]).says("no plugin \\\"dooo\\\" is loaded; loaded: acme (");
    assert!(!answer.text.contains("super-strong"), "{}", answer.text);
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_member() {
    let host = Host::new().await;
    let hook = |hook: Value| with("hooks", json!([hook]));
    let to = |endpoint: &str| hook(json!({"type": "orders", "endpoint": endpoint}));
    let many: Vec<Value> = (0..65)
        .map(|n| json!({"type": format!("t{n}"), "endpoint": "https://vendor.example/"}))
        .collect();
    for (definition, pointer) in [
        (with("plugin", json!("nobody")), "#/plugin"),
        (with("plugin", json!("Not A Name")), "#/plugin"),
        (with("plgin", json!("acme")), "#/plgin"),
        (with("name", json!("")), "#/name"),
        (with("name", json!(7)), "#/name"),
        (with("organizationId", json!("other")), "#/organizationId"),
        (with("hooks", json!([])), "#/hooks"),
        (with("hooks", json!(many)), "#/hooks"),
        (with("hooks", json!({})), "#/hooks"),
        (
            hook(json!({"type": "invoices", "endpoint": "https://vendor.example/"})),
            "#/hooks/0/type",
        ),
        (hook(json!({"type": "a b", "endpoint": "https://vendor.example/"})), "#/hooks/0/type"),
        (hook(json!({"type": "orders", "endpoint": "https://v.example/", "x": 1})), "#/hooks/0/x"),
        (
            hook(json!({"type": "orders", "endpoint": "https://v.example/", "method": "GET"})),
            "#/hooks/0/method",
        ),
        (to("/orders"), "#/hooks/0/endpoint"),
        (to("http://vendor.example/orders"), "#/hooks/0/endpoint"),
        (to("ftp://vendor.example/orders"), "#/hooks/0/endpoint"),
        (to("https://127.0.0.1/orders"), "#/hooks/0/endpoint"),
        (to("https://0x7f.1/orders"), "#/hooks/0/endpoint"),
        (to("https://[::ffff:10.0.0.1]/orders"), "#/hooks/0/endpoint"),
        (to("https://169.254.169.254/latest/meta-data"), "#/hooks/0/endpoint"),
        (to("https://user:hunter2@vendor.example/"), "#/hooks/0/endpoint"),
        (to(&format!("https://vendor.example/{}", "x".repeat(3_000))), "#/hooks/0/endpoint"),
        (with("authentication", json!({"type": "magic"})), "#/authentication/type"),
        (with("authentication", json!({"type": "signed_bearer"})), "#/authentication/type"),
        (with("authentication", json!({"typ": "none"})), "#/authentication/typ"),
        (with("authentication", json!({"token": "a\nb"})), "#/authentication/token"),
        (with("authentication", json!({"token": ""})), "#/authentication/token"),
        (with("authentication", json!({"header": "Host"})), "#/authentication/header"),
        (with("authentication", json!({"header": "a b"})), "#/authentication/header"),
        (
            with("authentication", json!({"header_value_format": "Bearer"})),
            "#/authentication/header_value_format",
        ),
        (with("authentication", json!({"type": "none", "token": "x"})), "#/authentication/token"),
        (with("authentication", json!({"header": "Webhook-Signature"})), "#/authentication/header"),
        (with("authentication", json!({"header_format": "X"})), "#/authentication/header_format"),
        (
            with("authentication", json!({"type": "basic", "username": "me"})),
            "#/authentication/password",
        ),
        (
            with("authentication", json!({"type": "basic", "username": "a:b", "password": ""})),
            "#/authentication/username",
        ),
        (
            with(
                "authentication",
                json!({"type": "basic", "username": "me", "password": "hunter2\n"}),
            ),
            "#/authentication/password",
        ),
        (with("authentication", json!({"audience": "x"})), "#/authentication/audience"),
        (with("settings", json!({"currency": "USDX"})), "#/settings/currency"),
        (with("settings", json!({"currency": 1})), "#/settings/currency"),
        (with("settings", json!({"unknown": 1})), "#/settings"),
        (with("settings", json!([])), "#/settings"),
        (with("filter", json!({"types": ["order.created", "or*"]})), "#/filter/types/1"),
        (with("filter", json!({"types": vec!["a"; 101]})), "#/filter/types"),
        (with("filter", json!({"kinds": []})), "#/filter/kinds"),
        (with("ordering", json!("subject")), "#/ordering"),
        (with("success", json!({})), "#/success"),
        (with("success", json!({"any": "3xx"})), "#/success"),
        (with("success", json!({"any": "2xx", "statuses": [200]})), "#/success"),
        (with("success", json!({"statuses": []})), "#/success/statuses"),
        (with("success", json!({"statuses": [200, 100]})), "#/success/statuses/1"),
        (with("final_statuses", json!([422, 200])), "#/final_statuses/1"),
        (with("final_statuses", json!([99])), "#/final_statuses/0"),
        (with("final_statuses", json!(vec![422; 101])), "#/final_statuses"),
        (with("retry", json!({"schedule": ["5s", "5"]})), "#/retry/schedule/1"),
        (with("retry", json!({"schedule": ["0s"]})), "#/retry/schedule/0"),
        (with("retry", json!({"schedule": ["31d"]})), "#/retry/schedule/0"),
        (with("retry", json!({"schedule": []})), "#/retry/schedule"),
        (with("retry", json!({"schedule": vec!["5s"; 101]})), "#/retry/schedule"),
        (with("retry", json!({"max_attempts": 0})), "#/retry/max_attempts"),
        (with("retry", json!({"max_attempts": 1_001})), "#/retry/max_attempts"),
        (with("retry", json!({"jitter_percent": 101})), "#/retry/jitter_percent"),
        (with("retry", json!({"jitter": 1})), "#/retry/jitter"),
        (with("suspend", json!({"never": true, "more_than": 3})), "#/suspend"),
        (with("suspend", json!({"more_than": 1_000})), "#/suspend/more_than"),
        (with("suspend", json!({"within": "0s"})), "#/suspend/within"),
        (with("suspend", json!({"within": "6 hours"})), "#/suspend/within"),
        (with("signing", json!({"type": "jwt"})), "#/signing/type"),
        (with("signing", json!({"scheme": "v2"})), "#/signing/scheme"),
        (with("signing", json!({"secret": "s3cret"})), "#/signing/secret"),
        (with("signing", json!({"secret": "whsec_AAAA"})), "#/signing/secret"),
        (
            with(
                "signing",
                json!({"scheme": "v1a", "secret": format!("whsec_{}", "A".repeat(32))}),
            ),
            "#/signing/scheme",
        ),
        (to("https://inside.example/orders"), "#/hooks/0/endpoint"),
        (with("limits", json!({"concurrency": 0})), "#/limits/concurrency"),
        (with("limits", json!({"concurrency": 257})), "#/limits/concurrency"),
        (with("limits", json!({"concurrency": -1})), "#/limits/concurrency"),
    ] {
        let answer = create(&host, &definition).await;
        answer.is_problem(422, "invalid-webhook").points_to(&[pointer]);
        assert!(
            !["USDX", "hunter2", "s3cret"].iter().any(|secret| answer.text.contains(secret)),
            "{}",
            answer.text
        );
    }
    assert_eq!(host.send(get("/v1/webhooks")).await.json["webhooks"], json!([]));
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let host = Host::new().await;
    let answer = create(
        &host,
        &json!({
            "name": "", "plugin": "acme", "settings": {"currency": 5},
            "hooks": [
                {"type": "orders", "endpoint": "https://10.0.0.1/"},
                {"type": "orders", "endpoint": "https://vendor.example/"},
            ],
            "authentication": {"type": "none", "audience": "x"},
        }),
    )
    .await;
    answer.is_problem(422, "invalid-webhook").points_to(&[
        "#/name",
        "#/hooks/1/type",
        "#/hooks/0/endpoint",
        "#/settings/currency",
        "#/authentication/audience",
    ]);
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_long_has_its_own_answer() {
    let host = Host::new().await;
    let trailing = format!("{}{{}}", webhook());
    for body in ["", "{", &trailing, &"{\"settings\":".repeat(10_000)] {
        let request = post("/v1/webhooks", "application/json", body.to_owned());
        host.send(request).await.is_problem(400, "invalid-request");
    }
    let deep = "{\"a\":".repeat(1_000) + "1" + &"}".repeat(1_000);
    let body = format!(
        r#"{{"name":"x","plugin":"acme","hooks":[{{"type":"orders","endpoint":"https://v.example/"}}],"settings":{deep}}}"#
    );
    let answer = host.send(post("/v1/webhooks", "application/json", body)).await;
    answer.is_problem(422, "invalid-webhook").points_to(&["#/settings"]);
    create(&host, &json!([])).await.is_problem(422, "invalid-webhook").says("a JSON object");
    let long = with("description", json!("x".repeat(1 << 20)));
    create(&host, &long).await.is_problem(413, "too-large");
    let text = post("/v1/webhooks", "text/plain", webhook().to_string());
    host.send(text).await.is_problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn a_disk_that_refuses_writes_makes_no_webhook() {
    let host = Host::new().await;
    host.ledger.break_disk();
    create(&host, &webhook()).await.is_problem(503, "store-unavailable");
}

#[tokio::test]
async fn a_signed_bearer_has_an_audience_and_no_token() {
    let host = Host::new().await;
    let definition = json!({
        "name": "x", "plugin": "signer",
        "hooks": [{"type": "work_orders", "endpoint": "https://vendor.example/"}],
        "authentication": {"type": "signed_bearer", "audience": "vendor"},
    });
    let made = create(&host, &definition).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let expected = json!({"type": "signed_bearer", "audience": "vendor"});
    assert_eq!(made.json["authentication"], expected);
}

#[tokio::test]
async fn what_a_rule_leaves_out_is_the_vendors() {
    let host = Host::new().await;
    let mut definition = with("retry", json!({"max_attempts": 2}));
    definition["suspend"] = json!({"more_than": 8});
    let made = create(&host, &definition).await;
    let expected = json!({
        "schedule": ["5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "1d"],
        "repeat_last": false, "max_attempts": 2, "jitter_percent": 10,
    });
    assert_eq!(made.json["retry"], expected);
    assert_eq!(made.json["suspend"], json!({"more_than": 8, "within": "6h"}));
    let never = with("suspend", json!({"never": true}));
    assert_eq!(create(&host, &never).await.json["suspend"], json!({"never": true}));
}

#[tokio::test]
async fn a_name_that_leads_nowhere_yet_is_taken_with_a_warning() {
    let host = Host::new().await;
    let to = |name: &str| {
        with("hooks", json!([{"type": "orders", "endpoint": format!("https://{name}/")}]))
    };
    let made = create(&host, &to("nowhere.example")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let warning = made.json["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("#/hooks/0/endpoint: "), "{warning}");
    assert!(warning.contains("nowhere.example"), "{warning}");
    let path = format!("/v1/webhooks/{}", made.json["id"].as_str().unwrap());
    assert!(host.send(get(&path)).await.json.get("warnings").is_none());
    assert!(create(&host, &to("vendor.example")).await.json.get("warnings").is_none());
}
