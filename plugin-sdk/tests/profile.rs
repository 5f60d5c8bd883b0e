//! The profile's JSON, which the host reads strictly.

use std::time::Duration;

use transload_plugin::{glue, prelude::*, testing};

struct Everything;

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "transload_plugin::serde")]
#[schemars(crate = "transload_plugin::schemars")]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Settings {
    /// Which branch.
    branch: u8,
}

impl Plugin for Everything {
    type Data = Json;
    type Settings = Settings;

    fn profile() -> Profile {
        Profile::new("everything", "1.2.3")
            .title("Everything")
            .homepage("https://example.com/")
            .hook(
                Hook::new("orders")
                    .on("order.*")
                    .on("note.created")
                    .put()
                    .example("order.created", r#"{"id": 1.10}"#),
            )
            .hook(Hook::new("contacts").on("contact.*"))
            .authentication(
                Authentication::token("Auth", "%ACCESS_TOKEN%").or(Authentication::none()),
            )
            .success(Success::statuses([200, 202]))
            .final_statuses([400])
            .retry(
                Retry::after([
                    Duration::from_millis(1_500),
                    Duration::from_secs(90),
                    Duration::from_mins(5),
                    Duration::from_hours(2),
                    Duration::from_hours(48),
                ])
                .repeat_last(7)
                .jitter_percent(0),
            )
            .suspend_after(3, Duration::from_hours(6))
            .suppress_echo()
            .expect_continue()
            .limits(
                Limits::default()
                    .concurrency(2)
                    .transform_time(Duration::from_millis(100))
                    .memory_bytes(1 << 20),
            )
    }

    fn transform(_: Event<Json>, _: Hook<Settings>, _: &mut State) -> Result<Outcome, Fault> {
        Ok(skip("only its profile is looked at"))
    }
}

struct Least;

impl Plugin for Least {
    type Data = Json;
    type Settings = NoSettings;

    fn profile() -> Profile {
        Profile::new("least", "0.1.0").hook(Hook::new("all").on("*"))
    }

    fn transform(_: Event<Json>, _: Hook<NoSettings>, _: &mut State) -> Result<Outcome, Fault> {
        Ok(skip("only its profile is looked at"))
    }
}

/// The profile without its settings' schema, and the schema.
fn described<P: Plugin>() -> (serde_json::Value, serde_json::Value) {
    let mut profile: serde_json::Value =
        serde_json::from_str(&glue::describe::<P>()).expect("a profile is JSON");
    let settings = profile.as_object_mut().and_then(|profile| profile.remove("settings"));
    (profile, settings.expect("a profile has a schema of its settings"))
}

#[test]
fn everything_that_can_be_said_is_written_as_the_host_reads_it() {
    let (profile, settings) = described::<Everything>();
    let expected = serde_json::json!({
        "name": "everything", "version": "1.2.3", "title": "Everything",
        "homepage": "https://example.com/",
        "hooks": [
            {"type": "orders", "events": ["order.*", "note.created"], "method": "PUT",
             "examples": [{"event_type": "order.created", "data": {"id": 1.10}}]},
            {"type": "contacts", "events": ["contact.*"], "method": "POST"},
        ],
        "authentication": {"kinds": ["token", "none"], "header": "Auth", "template": "%ACCESS_TOKEN%"},
        "success": {"statuses": [200, 202]},
        "final_statuses": [400],
        "retry": {"schedule": ["1500ms", "90s", "5m", "2h", "2d"], "repeat_last": true,
                  "max_attempts": 7, "jitter_percent": 0},
        "suspend": {"more_than": 3, "within": "6h"},
        "suppress_echo": true, "expect_continue": true,
        "limits": {"concurrency": 2, "transform": "100ms", "memory": 1_048_576},
    });
    assert_eq!(profile, expected);
    assert_eq!(settings["properties"]["branch"]["description"], "Which branch.");
    assert_eq!(settings["required"], serde_json::json!(["branch"]));
}

#[test]
fn the_least_that_can_be_said_leaves_the_rest_to_the_host() {
    let (profile, settings) = described::<Least>();
    let expected = serde_json::json!({
        "name": "least", "version": "0.1.0", "title": "least",
        "hooks": [{"type": "all", "events": ["*"], "method": "POST"}],
        "authentication": {"kinds": ["none"]},
        "success": {"any": "2xx"},
        "suppress_echo": false, "expect_continue": false,
    });
    assert_eq!(profile, expected);
    assert_eq!(settings["additionalProperties"], false);
}

/// Its `authentication` is what the test is about.
fn written(authentication: Authentication) -> serde_json::Value {
    let profile = Profile::new("acme", "1.0.0").authentication(authentication);
    serde_json::to_value(profile).expect("a profile is JSON")["authentication"].take()
}

#[test]
fn every_kind_of_authentication_is_written_as_the_host_reads_it() {
    let oauth = || Authentication::client_credentials("Authorization", "Bearer %ACCESS_TOKEN%");
    let in_header = |kinds: &[&str]| {
        serde_json::json!({
            "kinds": kinds, "header": "Authorization", "template": "Bearer %ACCESS_TOKEN%",
        })
    };
    for (authentication, expected) in [
        (Authentication::none(), serde_json::json!({"kinds": ["none"]})),
        (Authentication::basic(), serde_json::json!({"kinds": ["basic"]})),
        (Authentication::signed_bearer(), serde_json::json!({"kinds": ["signed_bearer"]})),
        (oauth(), in_header(&["oauth2_client_credentials"])),
        (oauth().or(Authentication::none()), in_header(&["oauth2_client_credentials", "none"])),
        (Authentication::basic().or(oauth()), in_header(&["basic", "oauth2_client_credentials"])),
    ] {
        assert_eq!(written(authentication), expected);
    }
}

#[test]
fn a_sound_profile_passes_the_check() {
    testing::check_profile::<Least>();
}

#[test]
#[should_panic(expected = "ends in a fault: internal: the webhook's settings do not fit")]
fn an_example_that_ends_in_a_fault_does_not() {
    testing::check_profile::<Everything>();
}
