//! The plugin's profile and its cases.

use transload_plugin::{
    Hook, Json, Outcome, glue,
    serde_json::{self, Value, json},
    testing,
};
use transload_plugin_corrigopro::CorrigoPro;

#[test]
fn the_profile_is_sound_and_every_example_becomes_a_notification() {
    testing::check_profile::<CorrigoPro>();
}

#[test]
fn every_case_comes_out_as_it_says() {
    testing::check_cases::<CorrigoPro>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

/// CorrigoPro's pages: again after 5, 10, 20, 40, 60, 60, ... minutes, 200 attempts in all; nothing is sent back to
/// where it came from; nobody is suspended.
#[test]
fn the_profile_has_the_vendors_rules() {
    let profile: Value = serde_json::from_str(&glue::describe::<CorrigoPro>()).unwrap();
    let retry = &profile["retry"];
    assert_eq!(retry["schedule"], json!(["5m", "10m", "20m", "40m", "1h"]));
    assert_eq!((&retry["repeat_last"], &retry["max_attempts"]), (&json!(true), &json!(200)));
    assert_eq!(profile["authentication"], json!({"kinds": ["signed_bearer"]}));
    assert_eq!(profile["suppress_echo"], true);
    assert_eq!(profile["expect_continue"], true);
    assert_eq!(profile.get("suspend"), None);
    assert_eq!(profile["hooks"][0]["method"], "POST");
}

#[test]
fn i5_every_run_gives_the_same_bytes_with_the_deliverys_id_as_message_id() {
    let run = |delivery_id: &str| {
        let mut hook = testing::hook("notifications");
        hook.delivery_id = delivery_id.into();
        body(
            "work_order.recalled",
            &json!({"work_order_id": 42, "branch_id": 7, "actor": {"name": "Jon Snow"}}),
            hook,
        )
    };
    let first = run("00000000-0001-8000-8000-000000000001");
    assert!(first.contains(r#""MessageId":"00000000-0001-8000-8000-000000000001""#), "{first}");
    assert_eq!(first, run("00000000-0001-8000-8000-000000000001"));
    assert_ne!(first, run("00000000-0001-8000-8000-000000000002"));
}

#[test]
fn an_amount_is_a_number_with_the_digits_that_it_came_with() {
    let data = json!({
        "work_order_id": 42, "branch_id": 7, "actor": {"name": "Jon Snow"},
        "nte": {"amount": "1234567890123456789.10", "currency": "USD"},
    });
    let body = body("work_order.nte_changed", &data, testing::hook("notifications"));
    assert!(body.ends_with(r#","Amount":1234567890123456789.10}"#), "{body}");
}

/// The body of the one request that an event becomes.
fn body(kind: &str, data: &serde_json::Value, hook: Hook<Json>) -> String {
    let mut state = testing::MemoryState::default().state();
    let outcome = testing::run::<CorrigoPro>(testing::event(kind, data), hook, &mut state);
    let Ok(Outcome::Deliver(requests)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(requests.len(), 1);
    String::from_utf8_lossy(requests[0].body()).into_owned()
}
