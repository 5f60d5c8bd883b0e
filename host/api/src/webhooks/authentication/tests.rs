//! Every kind of authentication, in our spelling and in doo's; and no secret is told twice.

use serde_json::{Value, json};
use transload_domain::{Authentication, Organization, Sealed, Vault, WebhookId};
use transload_store::{LedgerExt, Shard};
use uuid::Uuid;

use crate::testing::{ACME, Answer, Host, get, post_json};

/// A webhook of a plugin's first hook type with that authentication; none where it is `null`.
fn of(plugin: &str, hook: &str, authentication: Value) -> Value {
    let mut definition = json!({
        "name": "x", "plugin": plugin,
        "hooks": [{"type": hook, "endpoint": "https://vendor.example/"}],
    });
    if !authentication.is_null() {
        definition["authentication"] = authentication;
    }
    definition
}

async fn create(host: &Host, plugin: &str, authentication: Value) -> Answer {
    let hook = if plugin == "doo" { "order_created" } else { "orders" };
    host.send(post_json("/v1/webhooks", &of(plugin, hook, authentication))).await
}

/// The authentication as it is stored.
async fn stored(host: &Host, made: &Answer) -> Authentication {
    assert_eq!(made.status, 201, "{}", made.text);
    let id = WebhookId(Uuid::parse_str(made.json["id"].as_str().unwrap()).unwrap());
    let acme = Organization::new(ACME).unwrap();
    host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap().1.authentication
}

fn open(sealed: &Sealed) -> String {
    assert!(!sealed.0.windows(6).any(|window| window == b"secret"), "it is stored as it is");
    String::from_utf8(Vault::new(&[7; 32]).open(sealed).unwrap()).unwrap()
}

#[tokio::test]
async fn client_credentials_are_taken_in_both_spellings() {
    let host = Host::new().await;
    let ours = json!({
        "type": "oauth2_client_credentials", "endpoint": "https://vendor.example/token",
        "client_id": "me", "client_secret": "the-secret", "scope": "read write",
        "client_authentication": "basic", "header": "X-Token", "header_value_format": "%ACCESS_TOKEN%",
    });
    let doos = json!({
        "grant_type": "client_credentials", "endpoint": "https://vendor.example/token",
        "credentials": {"client_id": "me", "client_secret": "the-secret"}, "scope": "read write",
        "client_authentication": "basic", "header_format": "X-Token",
        "header_value_format": "%ACCESS_TOKEN%",
    });
    let mut expected = ours.clone();
    expected.as_object_mut().unwrap().remove("client_secret");
    for definition in [ours, doos] {
        let made = create(&host, "doo", definition).await;
        assert_eq!(made.json["authentication"], expected, "{}", made.text);
        let Authentication::ClientCredentials(client) = stored(&host, &made).await else {
            panic!("another kind")
        };
        assert_eq!(open(&client.client_secret), "the-secret");
        assert_eq!(
            (client.client_id.as_str(), client.scope.as_deref()),
            ("me", Some("read write"))
        );
    }
    assert!(!host.send(get("/v1/webhooks")).await.text.contains("the-secret"));
}

#[tokio::test]
async fn basic_has_a_user_name_and_a_sealed_password() {
    let host = Host::new().await;
    let definition = json!({"type": "basic", "username": "me", "password": "the-secret"});
    let made = create(&host, "acme", definition).await;
    assert_eq!(made.json["authentication"], json!({"type": "basic", "username": "me"}));
    let Authentication::Basic { username, password } = stored(&host, &made).await else {
        panic!("another kind")
    };
    assert_eq!((username.as_str(), open(&password).as_str()), ("me", "the-secret"));
    assert!(!host.send(get("/v1/webhooks")).await.text.contains("the-secret"));
}

/// doo's document: without an authentication, or with an empty endpoint, the request goes without a token.
#[tokio::test]
async fn doos_authentication_may_be_left_out_or_empty() {
    let host = Host::new().await;
    let empty = json!({
        "grant_type": "client_credentials", "endpoint": "",
        "credentials": {"client_id": "", "client_secret": ""}, "header_format": "Authorization",
    });
    for definition in [Value::Null, empty, json!({"type": "none"})] {
        let made = create(&host, "doo", definition).await;
        assert_eq!(made.json["authentication"], json!({"type": "none"}), "{}", made.text);
    }
}

#[tokio::test]
async fn what_is_wrong_with_client_credentials_is_named() {
    let host = Host::new().await;
    let sound = json!({
        "grant_type": "client_credentials", "endpoint": "https://vendor.example/token",
        "credentials": {"client_id": "me", "client_secret": "the-secret"},
    });
    let with = |member: &str, value: Value| {
        let mut definition = sound.clone();
        definition[member] = value;
        definition
    };
    assert_eq!(create(&host, "doo", sound.clone()).await.status, 201);
    for (definition, pointer) in [
        (with("grant_type", json!("password")), "grant_type"),
        (with("type", json!("basic")), "type"),
        (with("endpoint", json!("")), "endpoint"),
        (with("endpoint", Value::Null), "endpoint"),
        (with("endpoint", json!("http://vendor.example/token")), "endpoint"),
        (with("endpoint", json!("https://10.0.0.1/token")), "endpoint"),
        (with("endpoint", json!("https://inside.example/token")), "endpoint"),
        (with("endpoint", json!("https://me:pw@vendor.example/token")), "endpoint"),
        (with("credentials", json!({"client_id": "me"})), "credentials/client_secret"),
        (with("credentials", json!({"client_secret": "s"})), "credentials/client_id"),
        (
            with("credentials", json!({"client_id": "me", "client_secret": "the-secret\n"})),
            "credentials/client_secret",
        ),
        (with("credentials", json!({"client": "me"})), "credentials/client"),
        (with("credentials", json!("the-secret")), "credentials"),
        (with("client_id", json!("twice")), "client_id"),
        (with("scope", json!("a  b")), "scope"),
        (with("scope", json!("a\"b")), "scope"),
        (with("client_authentication", json!("header")), "client_authentication"),
        (with("header_format", json!("Host")), "header_format"),
        (with("header_value_format", json!("Bearer %TOKEN%")), "header_value_format"),
        (with("token", json!("x")), "token"),
    ] {
        let answer = create(&host, "doo", definition).await;
        answer.is_problem(422, "invalid-webhook");
        answer.points_to(&[&format!("#/authentication/{pointer}")]);
        assert!(!answer.text.contains("the-secret"), "{}", answer.text);
    }
    // acme has no token endpoint.
    let answer = create(&host, "acme", sound).await;
    answer.points_to(&["#/authentication/grant_type"]).says("acme takes token or none or basic");
}
