//! From a definition to a webhook.

use transload_domain::{Organization, Webhook, WebhookId};

use super::{
    authentication,
    definition::Definition,
    faults::Faults,
    filter, hooks, plugin, rules,
    settings::{self, BadSchema},
    signing,
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

/// A webhook that is not stored yet, and what its maker is to see once.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) webhook: Webhook,
    pub(super) news: News,
}

/// What one answer says and no later one.
#[derive(Default)]
pub(super) struct News {
    /// The authentication's token, where it was made or given just now.
    pub(super) token: Option<String>,
    /// The signing's secret, where it was made or given just now.
    pub(super) signing: Option<String>,
    /// What the maker should know though it is no fault.
    pub(super) warnings: Vec<String>,
    /// Whether what keeps its deliveries back is over by this change. The loop forgets it right after.
    pub(super) ends_trouble: bool,
}

impl News {
    /// Whether nobody else may see this answer.
    pub(super) fn has_secret(&self) -> bool {
        self.token.is_some() || self.signing.is_some()
    }
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

/// The webhook that is meant, or all that is wrong. `former` is the webhook that it changes: it keeps its id, the
/// numbers of its hooks, and the secrets that the definition leaves out.
///
/// # Errors
/// Each fault with its place; or that the plugin's settings schema is unusable.
pub(super) fn resolve(
    api: &Api,
    organization: &Organization,
    definition: &Definition,
    former: Option<&Webhook>,
) -> Result<Resolved, ResolveError> {
    let mut faults = Faults::at(Pointer::root());
    faults.text("name", &definition.name, 1, NAME_BYTES_MAX);
    if let Some(description) = &definition.description {
        faults.text("description", description, 0, DESCRIPTION_BYTES_MAX);
    }
    // The same words whether or not there is such an organization: who asks learns nothing about others.
    if definition.organization_id.as_ref().is_some_and(|id| id != organization.as_str()) {
        let detail = "this API key belongs to another organization; leave organizationId out";
        faults.member("organizationId", detail);
    }
    let kinds = hooks::types(&definition.hooks, &mut faults);
    let filter = filter::filter(definition.filter.as_ref(), &mut faults);
    let limits = filter::limits(definition.limits.as_ref(), &mut faults);
    let ordering = filter::ordering(definition.ordering.as_deref(), &mut faults);
    let catalog = api.catalog();
    let chosen = plugin::choose(&catalog, definition.plugin.as_deref(), &kinds, former);
    let known = chosen.as_ref().ok().map(|plugin| plugin.as_ref());
    let (hooks, hooks_made) = hooks::resolve(api, &definition.hooks, known, former, &mut faults);
    let plugin = match chosen {
        Ok(plugin) => plugin,
        Err(detail) => {
            faults.member("plugin", detail);
            return Err(ResolveError::Invalid(faults.into_vec()));
        }
    };
    let profile = &plugin.profile;
    let settings = definition.settings.as_ref().map_or("{}", |text| text.get());
    faults.extend(settings::faults(profile, settings)?);
    let overrides = rules::resolve(definition, profile, &mut faults);
    let signed = former.and_then(|former| former.signing.as_ref());
    let (signing, secret) = signing::resolve(api, definition.signing.as_ref(), signed, &mut faults);
    let authentication = authentication::resolve(
        api,
        definition.authentication.as_ref(),
        profile,
        former.map(|former| &former.authentication),
    );
    let resolved = match authentication {
        Ok(resolved) if faults.is_empty() => resolved,
        other => {
            faults.extend(other.err().unwrap_or_default());
            return Err(ResolveError::Invalid(faults.into_vec()));
        }
    };
    let now = api.clock.now();
    let webhook = Webhook {
        id: former.map_or_else(|| fresh_id(api), |former| former.id),
        organization: organization.clone(),
        name: definition.name.clone(),
        description: definition.description.clone(),
        plugin: plugin.reference.name.clone(),
        hooks,
        hooks_made,
        authentication: resolved.authentication,
        signing,
        settings: settings.to_owned(),
        filter,
        limits,
        ordering,
        overrides,
        suspended_at: former.and_then(|former| former.suspended_at),
        suspended_because: former.and_then(|former| former.suspended_because.clone()),
        resumed_at: former.and_then(|former| former.resumed_at),
        created_at: former.map_or(now, |former| former.created_at),
        updated_at: now,
    };
    Ok(Resolved {
        webhook,
        news: News { token: resolved.token, signing: secret, ..News::default() },
    })
}

fn fresh_id(api: &Api) -> WebhookId {
    let mut id = [0; 16];
    api.random.fill(&mut id);
    WebhookId::from_random(id)
}

impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("News(..)")
    }
}
