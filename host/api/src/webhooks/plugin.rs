//! Which plugin a webhook is for.

use std::sync::Arc;

use transload_domain::{Catalog, HookType, LoadedPlugin, PluginName, Webhook};

/// The plugin of that name, or, where none is named, the one loaded plugin that knows all these hook types. A webhook
/// keeps the plugin that it has: its plugin state would mean nothing to another.
///
/// # Errors
/// What to write instead, in words.
pub(super) fn choose<'a>(
    catalog: &'a Catalog,
    named: Option<&str>,
    hooks: &[HookType],
    former: Option<&Webhook>,
) -> Result<&'a Arc<LoadedPlugin>, String> {
    if let Some(former) = former {
        let kept = former.plugin.as_str();
        if named != Some(kept) {
            return Err(format!("a webhook keeps its plugin, {kept}; make a new webhook"));
        }
    }
    if let Some(name) = named {
        let found = PluginName::new(name).ok().and_then(|name| catalog.get(&name));
        return found.ok_or_else(|| format!("no plugin {name:?} is loaded; {}", loaded(catalog)));
    }
    let knows_all =
        |plugin: &&Arc<LoadedPlugin>| hooks.iter().all(|kind| plugin.profile.hook(kind).is_some());
    let mut able = catalog.running.values().filter(knows_all);
    match (able.next(), able.next()) {
        (Some(only), None) => Ok(only),
        (Some(first), Some(second)) => Err(format!(
            "several plugins know these hook types ({} and {}, if not more); name one in plugin",
            first.reference.name, second.reference.name
        )),
        (None, _) => {
            Err(format!("no loaded plugin knows all these hook types; {}", loaded(catalog)))
        }
    }
}

/// Which plugins are loaded and which hook types each knows, in words.
fn loaded(catalog: &Catalog) -> String {
    /// Plugins that are told; a caller that has more looks at the list.
    const TOLD_MAX: usize = 20;
    if catalog.running.is_empty() {
        return "no plugin is loaded".to_owned();
    }
    let told = catalog.running.values().take(TOLD_MAX).map(|plugin| {
        let kinds = plugin.profile.hooks.iter().map(|hook| hook.kind.as_str());
        format!("{} ({})", plugin.reference.name, kinds.collect::<Vec<_>>().join(", "))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let more = catalog.running.len().saturating_sub(TOLD_MAX);
    if more == 0 {
        format!("loaded: {told}")
    } else {
        format!("loaded: {told} and {more} more (GET /v1/plugins)")
    }
}
