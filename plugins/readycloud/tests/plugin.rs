//! The plugin's profile and its cases.

use transload_plugin::testing;
use transload_plugin_readycloud::ReadyCloud;

#[test]
fn the_profile_is_sound() {
    testing::check_profile::<ReadyCloud>();
}

#[test]
fn every_case_comes_out_as_it_says() {
    testing::check_cases::<ReadyCloud>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}
