//! Which of a plugin's examples is sent on trial.

use transload_domain::{Example, LoadedPlugin, ProfileHook, Webhook};

use super::emulate::{EmulateRequest, invalid};
use crate::{
    pointer::Pointer,
    problem::{Kind, Problem},
};

/// The first example of the webhook's hooks, of the hook and the event type that were asked for.
///
/// # Errors
/// In words that say what there is instead.
pub(super) fn choose<'a>(
    asked: &EmulateRequest,
    webhook: &Webhook,
    plugin: Option<&'a LoadedPlugin>,
) -> Result<&'a Example, Problem> {
    let name = &webhook.plugin;
    let Some(plugin) = plugin else {
        let detail = format!("plugin {name} is not loaded, so it has no examples; send an event");
        return Err(Problem::new(Kind::Conflict, detail));
    };
    if let Some(hook) = &asked.hook
        && !webhook.hooks.iter().any(|known| known.kind.as_str() == hook)
    {
        let known: Vec<&str> = webhook.hooks.iter().map(|hook| hook.kind.as_str()).collect();
        let detail = format!("this webhook has the hooks {}", known.join(", "));
        return Err(invalid(Pointer::root().member("hook"), detail));
    }
    let wanted = |hook: &&ProfileHook| {
        asked.hook.as_deref().is_none_or(|wanted| wanted == hook.kind.as_str())
    };
    let hooks = webhook.hooks.iter().filter_map(|hook| plugin.profile.hook(&hook.kind));
    let examples: Vec<&Example> = hooks.filter(wanted).flat_map(|hook| &hook.examples).collect();
    let Some(first) = examples.first() else {
        let detail = format!("plugin {name} has no example for this; send an event");
        return Err(invalid(Pointer::root().member("hook"), detail));
    };
    let Some(event_type) = &asked.event_type else { return Ok(first) };
    examples.iter().find(|example| example.event_type == *event_type).copied().ok_or_else(|| {
        let known: Vec<&str> = examples.iter().map(|known| known.event_type.as_str()).collect();
        let detail = format!("there are examples of {}; or send an event", known.join(", "));
        invalid(Pointer::root().member("event_type"), detail)
    })
}
