//! From the contract's texts to typed values and back; the same for the module and for native tests.

use crate::{Event, EventData, Fault, Hook, Json, Outcome, Plugin, State, profile};

/// The profile's JSON text, with the schema of the plugin's settings.
pub fn describe<P: Plugin>() -> String {
    profile::to_json::<P::Settings>(P::profile())
}

/// One run of a plugin.
///
/// # Errors
/// The plugin's own fault, or the one that its input or outcome deserves.
pub fn transform<P: Plugin>(
    event: Event<Json>,
    hook: Hook<Json>,
    state: &mut State,
) -> Result<Outcome, Fault> {
    let settings = hook.settings.parse("settings").map_err(|reason| {
        Fault::Internal(format!(
            "the webhook's settings do not fit this plugin: {reason}; correct them and retry"
        ))
    })?;
    let hook = hook.with(settings);
    let (event, data) = event.split();
    let event = event.with(P::Data::from_json(data)?);
    match P::transform(event, hook, state)? {
        Outcome::Deliver(requests) if requests.is_empty() => Err(Fault::Internal(
            "the plugin delivers no request at all; a plugin with nothing to send skips".into(),
        )),
        outcome => Ok(outcome),
    }
}
