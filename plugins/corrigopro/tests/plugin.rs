//! The plugin's profile and its cases.

use transload_plugin::{Outcome, testing};
use transload_plugin_corrigopro::CorrigoPro;

#[test]
fn the_profile_is_sound_and_every_example_becomes_a_notification() {
    testing::check_profile::<CorrigoPro>();
}

#[test]
fn every_case_comes_out_as_it_says() {
    testing::check_cases::<CorrigoPro>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

#[test]
fn an_amount_is_a_number_with_the_digits_that_it_came_with() {
    let data = transload_plugin::serde_json::json!({
        "work_order_id": 42, "branch_id": 7, "actor": {"name": "Jon Snow"},
        "nte": {"amount": "1234567890123456789.10", "currency": "USD"},
    });
    let event = testing::event("work_order.nte_changed", &data);
    let mut state = testing::MemoryState::default().state();
    let outcome = testing::run::<CorrigoPro>(event, testing::hook("notifications"), &mut state);
    let Ok(Outcome::Deliver(requests)) = outcome else { panic!("{outcome:?}") };
    let body = String::from_utf8_lossy(requests[0].body());
    assert!(body.ends_with(r#","Amount":1234567890123456789.10}"#), "{body}");
}
