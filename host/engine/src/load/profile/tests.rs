use serde_json::{Value, json};

use super::*;

fn minimal() -> Value {
    json!({
        "name": "acme", "version": "1.2.3", "title": "Acme",
        "hooks": [{"type": "orders", "events": ["order.*"], "method": "PUT"}],
    })
}

fn full() -> Value {
    json!({
        "name": "acme", "version": "1.2.3-rc.1", "title": "Acme", "homepage": "https://acme.example",
        "hooks": [
            {"type": "orders", "events": ["order.*", "order.created"], "method": "PUT",
             "examples": [{"event_type": "order.created", "data": {"b": 1.10, "a": [null]}}]},
            {"type": "contact", "events": ["*"], "method": "POST", "examples": []},
        ],
        "authentication": {"kinds": ["token", "none"], "header": "Auth", "template": "%ACCESS_TOKEN%"},
        "success": {"statuses": [200]},
        "final_statuses": [410],
        "retry": {"schedule": ["500ms", "5s", "5m", "2h", "1d"], "repeat_last": true,
                  "max_attempts": 200, "jitter_percent": 5},
        "suspend": {"more_than": 3, "within": "6h"},
        "suppress_echo": true,
        "expect_continue": true,
        "settings": {"type": "object"},
        "limits": {"concurrency": 4, "transform": "100ms", "memory": 1_048_576},
    })
}

/// The full profile with one member set; `at` is a JSON pointer.
fn with(at: &str, value: Value) -> Value {
    let mut profile = full();
    let (parent, member) = at.rsplit_once('/').unwrap();
    match profile.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[member.parse::<usize>().unwrap()] = value,
        object => object[member] = value,
    }
    profile
}

#[test]
fn what_is_not_said_is_the_default() {
    let profile = parse(&minimal().to_string()).unwrap();
    assert_eq!(profile.authentication, [AuthenticationKind::None]);
    let header =
        TokenHeader { name: "Authorization".into(), template: "Bearer %ACCESS_TOKEN%".into() };
    assert_eq!(profile.token_header, header);
    assert_eq!(profile.success, Success::Any2xx);
    assert_eq!(profile.retry, RetryPolicy::standard());
    assert_eq!(profile.limits, AskedLimits::default());
    assert_eq!((profile.suspend, profile.settings_schema), (None, None));
    assert!(!profile.suppress_echo && !profile.expect_continue);
}

#[test]
fn what_is_said_is_taken() {
    let profile = parse(&full().to_string()).unwrap();
    let waits = [500, 5_000, 300_000, 7_200_000, 86_400_000].map(Duration::from_millis);
    assert_eq!(profile.retry.schedule, waits);
    assert_eq!((profile.retry.max_attempts, profile.retry.jitter_percent), (200, 5));
    let suspend = SuspendRule { more_than: 3, within: Duration::from_secs(6 * 3_600) };
    assert_eq!(profile.suspend, Some(suspend));
    assert_eq!(profile.success, Success::Exactly(vec![200]));
    assert_eq!(profile.limits.transform_time, Some(Duration::from_millis(100)));
    assert_eq!(profile.settings_schema.as_deref(), Some(r#"{"type":"object"}"#));
    assert!(profile.suppress_echo && profile.expect_continue);
}

#[test]
fn every_kind_of_authentication_is_known() {
    let names = ["none", "token", "basic", "oauth2_client_credentials", "signed_bearer"];
    let profile = parse(&with("/authentication/kinds", json!(names)).to_string()).unwrap();
    assert_eq!(profile.authentication, AuthenticationKind::ALL);
    let header = TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() };
    assert_eq!(profile.token_header, header);
}

#[test]
fn an_examples_data_stays_as_it_was_written() {
    let text = minimal().to_string().replace(
        r#""method":"PUT""#,
        r#""method":"PUT","examples":[{"event_type":"order.x","data":{"b": 1.10, "a": 1e2}}]"#,
    );
    let profile = parse(&text).unwrap();
    assert_eq!(profile.hooks[0].examples[0].data, r#"{"b": 1.10, "a": 1e2}"#);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let long_schedule: Vec<_> = (0..101).map(|_| "5s").collect();
    for (profile, place, words) in [
        (with("/colour", json!("red")), "colour", "unknown field `colour`"),
        (with("/hooks/0/colour", json!("red")), "hooks[0].colour", "unknown field"),
        (with("/name", json!("Acme")), "name", "lower-case letters"),
        (with("/name", json!(7)), "name", "invalid type: integer `7`, expected a string"),
        (with("/version", json!("1.2")), "version", "no semantic version"),
        (with("/title", json!(" ")), "title", "missing"),
        (with("/title", json!("x".repeat(1_025))), "title", "1025 bytes"),
        (with("/hooks", json!([])), "hooks", "1 to 64"),
        (with("/hooks/1/type", json!("orders")), "hooks[1].type", "orders is there twice"),
        (with("/hooks/1/type", json!("a b")), "hooks[1].type", "a hook type must be"),
        (with("/hooks/0/events", json!([])), "hooks[0].events", "1 to 64"),
        (with("/hooks/0/events/1", json!("*.x")), "hooks[0].events[1]", "is not an event type"),
        (with("/hooks/0/method", json!("GET")), "hooks[0].method", "none of POST, PUT"),
        (
            with("/hooks/0/examples/0/event_type", json!("shipment.x")),
            "hooks[0].examples[0].event_type",
            "does not accept \"shipment.x\"",
        ),
        (with("/authentication/kinds", json!([])), "authentication.kinds", "at least one"),
        (
            with("/authentication/kinds/1", json!("digest")),
            "authentication.kinds[1]",
            "possible are none, token, basic, oauth2_client_credentials, signed_bearer",
        ),
        (with("/authentication/kinds/1", json!("token")), "authentication.kinds[1]", "twice"),
        (with("/authentication/header", json!("A B")), "authentication.header", "no header name"),
        (with("/authentication/template", json!("x")), "authentication.template", "once"),
        (
            with("/authentication/template", json!("%ACCESS_TOKEN%\r\n")),
            "authentication.template",
            "visible ASCII",
        ),
        (with("/success", json!({})), "success", "it must be"),
        (with("/success", json!({"any": "3xx"})), "success", "it must be"),
        (with("/success", json!({"statuses": []})), "success", "it must be"),
        (with("/success/statuses/0", json!(99)), "success.statuses[0]", "no final HTTP status"),
        (with("/success/statuses/0", json!(-1)), "success.statuses[0]", "invalid value"),
        (with("/final_statuses/0", json!(200)), "final_statuses[0]", "is a success"),
        (with("/retry/schedule", json!([])), "retry.schedule", "1 to 100"),
        (with("/retry/schedule", json!(long_schedule)), "retry.schedule", "1 to 100"),
        (with("/retry/schedule/2", json!("5 m")), "retry.schedule[2]", "a whole number and ms"),
        (with("/retry/schedule/2", json!("0s")), "retry.schedule[2]", "a whole number and ms"),
        (with("/retry/schedule/2", json!("31d")), "retry.schedule[2]", "at most 30d"),
        (
            with("/retry/schedule/2", json!("99999999999999999999d")),
            "retry.schedule[2]",
            "at most 30d",
        ),
        (with("/retry/max_attempts", json!(0)), "retry.max_attempts", "1 to 1000"),
        (with("/retry/max_attempts", json!(1_001)), "retry.max_attempts", "1 to 1000"),
        (with("/retry/jitter_percent", json!(101)), "retry.jitter_percent", "0 to 100"),
        (with("/suspend/within", json!("soon")), "suspend.within", "is no time"),
        (with("/settings", json!([])), "settings", "JSON Schema object"),
        (with("/settings", json!({"type": 7})), "settings", "no usable JSON Schema"),
        (with("/limits/concurrency", json!(0)), "limits.concurrency", "at least 1"),
        (with("/limits/memory", json!(0)), "limits.memory", "at least 1"),
        (with("/limits/transform", json!("fast")), "limits.transform", "is no time"),
    ] {
        let error = parse(&profile.to_string()).unwrap_err();
        assert_eq!(error.path, place, "{error}");
        assert!(error.problem.contains(words), "{error} should say {words:?}");
    }
}

#[test]
fn what_is_no_profile_at_all_is_refused() {
    for (text, words) in [
        (String::new(), "EOF"),
        ("[]".into(), "expected struct Profile"),
        (format!("{} {{}}", minimal()), "trailing characters"),
        (" ".repeat(limits::PROFILE_BYTES_MAX + 1), "262145 bytes; 262144 are allowed"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.problem.contains(words), "{error} should say {words:?}");
    }
}
