//! From a definition to a webhook.

use std::collections::BTreeSet;

use transload_domain::{
    Filter, Hook, HookNo, HookType, LoadedPlugin, Method, Organization, Pattern, Timestamp,
    Webhook, WebhookId, WebhookLimits,
    limits::{CONCURRENCY_PER_WEBHOOK_MAX, ENDPOINT_BYTES_MAX, HOOKS_MAX},
};

use super::{
    authentication,
    definition::{Definition, FilterDefinition, HookDefinition, LimitsDefinition},
    plugin,
    settings::{self, BadSchema},
};
use crate::{
    Api,
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
};

/// Bytes of a webhook's name.
const NAME_BYTES_MAX: usize = 256;
/// Bytes of a webhook's description.
const DESCRIPTION_BYTES_MAX: usize = 4_096;
/// Types, and sources, of one filter.
const FILTER_ITEMS_MAX: usize = 100;
/// Bytes of one of them.
const FILTER_ITEM_BYTES_MAX: usize = 1_024;

/// A webhook that is not stored yet, and the token that its maker is to see once.
#[derive(Debug)]
pub(super) struct NewWebhook {
    pub(super) webhook: Webhook,
    pub(super) token: Option<String>,
}

/// Why a definition makes no webhook.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("the definition is not valid")]
    Invalid(Vec<InputError>),
    #[error(transparent)]
    BadSchema(#[from] BadSchema),
}

impl From<ResolveError> for Problem {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Invalid(faults) => Self::of_input(Kind::InvalidWebhook, faults),
            ResolveError::BadSchema(error) => Self::internal(error),
        }
    }
}

/// The webhook that is meant, with fresh id and token; or all that is wrong.
///
/// # Errors
/// Each fault with its place; or that the plugin's settings schema is unusable.
pub(super) fn resolve(
    api: &Api,
    organization: &Organization,
    definition: &Definition,
) -> Result<NewWebhook, ResolveError> {
    let mut faults = Faults(Vec::new());
    faults.text("name", &definition.name, 1, NAME_BYTES_MAX);
    if let Some(description) = &definition.description {
        faults.text("description", description, 0, DESCRIPTION_BYTES_MAX);
    }
    // The same words whether or not there is such an organization: who asks learns nothing about others.
    if definition.organization_id.as_ref().is_some_and(|id| id != organization.as_str()) {
        let at = Pointer::root().member("organizationId");
        faults.add(at, "this API key belongs to another organization; leave organizationId out");
    }
    let kinds = hook_types(&definition.hooks, &mut faults);
    let filter = filter(definition.filter.as_ref(), &mut faults);
    let limits = limits(definition.limits.as_ref(), &mut faults);
    let catalog = api.catalog();
    let chosen = plugin::choose(&catalog, definition.plugin.as_deref(), &kinds);
    let hooks = hooks(api, &definition.hooks, chosen.as_ref().ok().copied(), &mut faults);
    let plugin = match chosen {
        Ok(plugin) => plugin,
        Err(detail) => {
            faults.add(Pointer::root().member("plugin"), detail);
            return Err(ResolveError::Invalid(faults.0));
        }
    };
    let settings = definition.settings.as_ref().map_or("{}", |text| text.get());
    faults.0.extend(settings::faults(&plugin.profile, settings)?);
    let resolved = authentication::resolve(
        definition.authentication.as_ref(),
        &plugin.profile,
        &api.vault,
        api.random.as_ref(),
    );
    match resolved {
        Ok(resolved) if faults.0.is_empty() => {
            let mut id = [0; 16];
            api.random.fill(&mut id);
            let now: Timestamp = api.clock.now();
            let webhook = Webhook {
                id: WebhookId::from_random(id),
                organization: organization.clone(),
                name: definition.name.clone(),
                description: definition.description.clone(),
                plugin: plugin.reference.name.clone(),
                hooks_made: u16::try_from(hooks.len()).unwrap_or(u16::MAX),
                hooks,
                authentication: resolved.authentication,
                settings: settings.to_owned(),
                filter,
                limits,
                signing: None,
                ordering: transload_domain::Ordering::None,
                overrides: transload_domain::Overrides::default(),
                suspended_at: None,
                suspended_because: None,
                resumed_at: None,
                created_at: now,
                updated_at: now,
            };
            Ok(NewWebhook { webhook, token: resolved.token })
        }
        resolved => {
            faults.0.extend(resolved.err().unwrap_or_default());
            Err(ResolveError::Invalid(faults.0))
        }
    }
}

/// The hook types, as far as they are ones.
fn hook_types(definitions: &[HookDefinition], faults: &mut Faults) -> Vec<HookType> {
    let at = Pointer::root().member("hooks");
    if definitions.is_empty() || definitions.len() > HOOKS_MAX {
        faults.add(at, format!("a webhook has 1 to {HOOKS_MAX} hooks"));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut kinds = Vec::new();
    for (index, definition) in definitions.iter().enumerate() {
        let at = at.item(index).member("type");
        match HookType::new(&definition.r#type) {
            Ok(kind) if seen.insert(kind.clone()) => kinds.push(kind),
            Ok(kind) => faults.add(at, format!("there is a hook of type {kind} already")),
            Err(error) => faults.add(at, error.to_string()),
        }
    }
    kinds
}

/// The hooks, as far as they are sound; `plugin` says which types there are, where it is known.
fn hooks(
    api: &Api,
    definitions: &[HookDefinition],
    plugin: Option<&std::sync::Arc<LoadedPlugin>>,
    faults: &mut Faults,
) -> Vec<Hook> {
    let mut hooks = Vec::new();
    if definitions.len() > HOOKS_MAX {
        // Said once already.
        return hooks;
    }
    for (index, definition) in definitions.iter().enumerate() {
        let at = Pointer::root().member("hooks").item(index);
        let kind = HookType::new(&definition.r#type).ok();
        if let (Some(kind), Some(plugin)) = (&kind, plugin)
            && plugin.profile.hook(kind).is_none()
        {
            let known = plugin.profile.hooks.iter().map(|hook| hook.kind.as_str());
            let known = known.collect::<Vec<_>>().join(", ");
            let detail = format!("plugin {} has the hook types {known}", plugin.reference.name);
            faults.add(at.member("type"), detail);
        }
        let method = definition.method.as_deref().map(Method::parse);
        if method == Some(None) {
            let known = Method::ALL.map(Method::as_str).join(", ");
            faults.add(at.member("method"), format!("method must be one of {known}"));
        }
        let endpoint = &definition.endpoint;
        if endpoint.len() > ENDPOINT_BYTES_MAX {
            let detail = format!("endpoint has at most {ENDPOINT_BYTES_MAX} bytes");
            faults.add(at.member("endpoint"), detail);
        } else if let Err(error) = api.egress.check_endpoint(endpoint) {
            faults.add(at.member("endpoint"), error.to_string());
        }
        if let (Some(kind), Ok(no)) = (kind, u8::try_from(index)) {
            let method = method.flatten();
            hooks.push(Hook { no: HookNo(no), kind, method, endpoint: endpoint.clone() });
        }
    }
    hooks
}

fn filter(definition: Option<&FilterDefinition>, faults: &mut Faults) -> Filter {
    let Some(definition) = definition else { return Filter::default() };
    let at = Pointer::root().member("filter");
    for (member, items) in [("types", &definition.types), ("sources", &definition.sources)] {
        let too_long = items.iter().any(|item| item.len() > FILTER_ITEM_BYTES_MAX);
        if items.len() > FILTER_ITEMS_MAX || too_long {
            let detail = format!(
                "at most {FILTER_ITEMS_MAX} {member} of at most {FILTER_ITEM_BYTES_MAX} bytes each"
            );
            faults.add(at.member(member), detail);
            return Filter::default();
        }
    }
    let mut types = Vec::new();
    for (index, text) in definition.types.iter().enumerate() {
        match Pattern::new(text) {
            Ok(pattern) => types.push(pattern),
            Err(error) => faults.add(at.member("types").item(index), error.to_string()),
        }
    }
    Filter { types, sources: definition.sources.clone() }
}

fn limits(definition: Option<&LimitsDefinition>, faults: &mut Faults) -> WebhookLimits {
    let Some(asked) = definition.and_then(|limits| limits.concurrency) else {
        return WebhookLimits::default();
    };
    let granted = u16::try_from(asked).ok();
    let granted = granted.filter(|n| (1..=CONCURRENCY_PER_WEBHOOK_MAX).contains(n));
    if granted.is_none() {
        let at = Pointer::root().member("limits").member("concurrency");
        faults.add(at, format!("concurrency is 1 to {CONCURRENCY_PER_WEBHOOK_MAX}"));
    }
    WebhookLimits { concurrency: granted }
}

struct Faults(Vec<InputError>);

impl Faults {
    fn add(&mut self, at: Pointer, detail: impl Into<String>) {
        self.0.push(InputError::new(at, detail));
    }

    fn text(&mut self, member: &str, text: &str, min: usize, max: usize) {
        if text.len() < min || text.len() > max || text.chars().any(|c| c == '\0') {
            let at = Pointer::root().member(member);
            self.add(at, format!("{member} has {min} to {max} bytes, and no zero bytes"));
        }
    }
}
