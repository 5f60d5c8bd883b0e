//! The plugin's profile and its cases.

use transload_plugin::{
    glue,
    serde_json::{self, Value, json},
    testing,
};
use transload_plugin_relocity::Relocity;

#[test]
fn the_profile_is_sound_and_every_example_becomes_a_notification() {
    testing::check_profile::<Relocity>();
}

#[test]
fn every_case_comes_out_as_it_says() {
    testing::check_cases::<Relocity>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

/// Relocity's document: each request has a bearer token, fetched by client credentials.
#[test]
fn the_profile_has_the_vendors_rules() {
    let profile: Value = serde_json::from_str(&glue::describe::<Relocity>()).unwrap();
    let authentication = json!({
        "kinds": ["oauth2_client_credentials"],
        "header": "Authorization", "template": "Bearer %ACCESS_TOKEN%",
    });
    assert_eq!(profile["authentication"], authentication);
    assert_eq!(profile["success"], json!({"any": "2xx"}));
    assert_eq!((profile.get("retry"), profile.get("suspend")), (None, None));
    assert_eq!(profile["hooks"][0]["method"], "POST");
}
