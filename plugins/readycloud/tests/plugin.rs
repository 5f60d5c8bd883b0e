//! The plugin's profile and its cases.

use transload_plugin::{
    glue,
    serde_json::{self, Value, json},
    testing,
};
use transload_plugin_readycloud::ReadyCloud;

#[test]
fn the_profile_is_sound() {
    testing::check_profile::<ReadyCloud>();
}

#[test]
fn every_case_comes_out_as_it_says() {
    testing::check_cases::<ReadyCloud>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

/// ReadyCloud's document: exactly 200, and a webhook is suspended after more than 3 other answers within 6 hours.
#[test]
fn the_profile_has_the_vendors_rules() {
    let profile: Value = serde_json::from_str(&glue::describe::<ReadyCloud>()).unwrap();
    assert_eq!(profile["success"], json!({"statuses": [200]}));
    assert_eq!(profile["suspend"], json!({"more_than": 3, "within": "6h"}));
    let authentication =
        json!({"kinds": ["token"], "header": "Auth", "template": "%ACCESS_TOKEN%"});
    assert_eq!(profile["authentication"], authentication);
    assert!(profile["hooks"].as_array().unwrap().iter().all(|hook| hook["method"] == "PUT"));
}

/// The README's promise about our own schedule: no six hours hold more than 3 failures of one delivery. The spread of
/// a wait only lengthens it.
#[test]
fn one_failing_delivery_alone_does_not_suspend_its_webhook() {
    let profile: Value = serde_json::from_str(&glue::describe::<ReadyCloud>()).unwrap();
    let mut attempts = vec![0.0];
    for wait in profile["retry"]["schedule"].as_array().unwrap() {
        attempts.push(attempts.last().unwrap() + hours(wait.as_str().unwrap()));
    }
    for (no, from) in attempts.iter().enumerate() {
        let within = attempts[no..].iter().filter(|at| **at - from <= 6.0).count();
        assert!(within <= 3, "{within} attempts within 6 hours of {from} h: {attempts:?}");
    }
}

fn hours(text: &str) -> f64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: f64 = number.parse().expect("a wait is a whole number and a unit");
    match unit {
        "m" => number / 60.0,
        "h" => number,
        "d" => number * 24.0,
        _ => panic!("{text}"),
    }
}
