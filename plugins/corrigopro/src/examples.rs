//! Events to try the notifications with, one for each action: the vendor's WebHook Emulator sends any of them.

use std::collections::BTreeMap;

use transload_plugin::{
    profile::Hook,
    serde_json::{self, value::RawValue},
};

/// Data of events by event type.
const EXAMPLES: &str = include_str!("../examples.json");

/// Adds all examples to the hook.
pub(crate) fn add_to(hook: Hook) -> Hook {
    let examples: BTreeMap<&str, &RawValue> =
        serde_json::from_str(EXAMPLES).expect("the examples are part of this plugin and tested");
    examples.into_iter().fold(hook, |hook, (kind, data)| hook.example(kind, data.get()))
}
