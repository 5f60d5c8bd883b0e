//! The plugin's profile and its cases.

use transload_plugin::testing;
use transload_plugin_corrigopro::CorrigoPro;

#[test]
fn the_profile_is_sound_and_every_example_becomes_a_notification() {
    testing::check_profile::<CorrigoPro>();
}

#[test]
fn every_case_comes_out_as_it_says() {
    testing::check_cases::<CorrigoPro>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}
