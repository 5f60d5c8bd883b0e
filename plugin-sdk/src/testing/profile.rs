//! Whether a profile is sound.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{MemoryState, event, hook, run};
use crate::{Json, Plugin, glue};

/// What the test kit needs of a profile.
#[derive(Deserialize)]
pub(super) struct Profile {
    name: String,
    version: String,
    hooks: Vec<ProfileHook>,
}

#[derive(Deserialize)]
struct ProfileHook {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<String>,
    method: String,
    #[serde(default)]
    examples: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    event_type: String,
    data: Box<RawValue>,
}

/// Checks what the host would refuse when it loads the plugin, and that every example of the profile becomes
/// something without a fault, with settings `{}`.
///
/// # Panics
/// When something is wrong, in words.
pub fn check_profile<P: Plugin>() {
    let profile = read::<P>();
    let name_fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = &profile.name;
    assert!(!name.is_empty() && name.chars().all(name_fits), "the name {name:?}: a-z, 0-9 and '-'");
    let parts: Vec<_> = profile.version.splitn(3, '.').collect();
    assert!(parts.len() == 3, "the version {:?} is not semantic (1.2.3)", profile.version);
    assert!(!profile.hooks.is_empty(), "there is no hook");
    for (no, hook) in profile.hooks.iter().enumerate() {
        let kind = &hook.kind;
        assert!(!hook.events.is_empty(), "hook {kind:?} accepts no event: use .on(...)");
        assert!(
            profile.hooks[..no].iter().all(|earlier| earlier.kind != *kind),
            "hook {kind:?} is there twice"
        );
        hook.examples.iter().for_each(|example| check_example::<P>(hook, example));
    }
}

/// The profile as the host gets it.
pub(super) fn read<P: Plugin>() -> Profile {
    let text = glue::describe::<P>();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("the profile: {error} in {text}"))
}

impl Profile {
    /// The hook's method, where there is such a hook and it accepts such events.
    pub(super) fn method_for(&self, kind: &str, event_type: &str) -> Option<&str> {
        let hook = self.hooks.iter().find(|hook| hook.kind == kind)?;
        hook.accepts(event_type).then_some(&*hook.method)
    }
}

impl ProfileHook {
    fn accepts(&self, event_type: &str) -> bool {
        self.events.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => event_type.len() > prefix.len() && event_type.starts_with(prefix),
            None => pattern == event_type,
        })
    }
}

fn check_example<P: Plugin>(of: &ProfileHook, example: &Example) {
    let (kind, event_type) = (&of.kind, &example.event_type);
    assert!(
        of.accepts(event_type),
        "hook {kind:?} has an example of {event_type:?}, which it does not accept"
    );
    let mut event = event(event_type, &serde_json::Value::Null);
    event.data = Json::new(example.data.get());
    let outcome = run::<P>(event, hook(kind), &mut MemoryState::default().state());
    if let Err(fault) = outcome {
        panic!("the example of {event_type:?} for hook {kind:?} ends in a fault: {fault}");
    }
}
