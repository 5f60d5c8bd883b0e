//! The plugin's profile and its cases.

use transload_plugin::{
    glue,
    serde_json::{self, Value, json},
    testing,
};
use transload_plugin_doo::{Doo, HookType};

#[test]
fn the_profile_is_sound_and_every_example_becomes_a_notification() {
    testing::check_profile::<Doo>();
}

#[test]
fn every_case_comes_out_as_it_says() {
    testing::check_cases::<Doo>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

/// doo's pages: exactly 200; dead after 10 failures; a token by client credentials in a header that the configuration
/// names, or none.
#[test]
fn the_profile_has_the_vendors_rules() {
    let profile: Value = serde_json::from_str(&glue::describe::<Doo>()).unwrap();
    assert_eq!(profile["success"], json!({"statuses": [200]}));
    assert_eq!(profile["retry"]["max_attempts"], 10);
    assert_eq!(profile["retry"]["schedule"].as_array().map(Vec::len), Some(9));
    assert_eq!(profile["retry"]["repeat_last"], false);
    let authentication = json!({
        "kinds": ["oauth2_client_credentials", "none"],
        "header": "Authorization", "template": "Bearer %ACCESS_TOKEN%",
    });
    assert_eq!(profile["authentication"], authentication);
    assert_eq!(profile.get("suspend"), None);
    let hooks = profile["hooks"].as_array().unwrap();
    let names: Vec<&str> = hooks.iter().map(|hook| hook["type"].as_str().unwrap()).collect();
    assert_eq!(names, HookType::ALL.map(HookType::name));
    assert!(hooks.iter().all(|hook| hook["method"] == "POST"));
}

#[test]
fn the_settings_name_no_hook_type_that_is_not_there() {
    let profile: Value = serde_json::from_str(&glue::describe::<Doo>()).unwrap();
    let names = &profile["settings"]["properties"]["bodies"]["propertyNames"]["enum"];
    assert_eq!(*names, json!(HookType::ALL.map(HookType::name)));
}
