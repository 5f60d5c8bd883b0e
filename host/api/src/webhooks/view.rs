//! How answers show a webhook: as it was posted, with what was filled in, and never with a secret.

use serde::Serialize;
use serde_json::value::RawValue;
use transload_domain::{Authentication, Catalog, Webhook};

use crate::time::Rfc3339;

#[derive(Serialize)]
pub(super) struct WebhookView<'a> {
    id: String,
    name: &'a str,
    description: Option<&'a str>,
    #[serde(rename = "organizationId")]
    organization_id: &'a str,
    plugin: &'a str,
    hooks: Vec<HookView<'a>>,
    authentication: AuthenticationView<'a>,
    settings: Option<Box<RawValue>>,
    filter: FilterView<'a>,
    limits: LimitsView,
    suspended_at: Option<Rfc3339>,
    created_at: Rfc3339,
    updated_at: Rfc3339,
}

#[derive(Serialize)]
struct HookView<'a> {
    r#type: &'a str,
    /// The webhook's own method, or the plugin's; `null` while the plugin is missing.
    method: Option<&'static str>,
    endpoint: &'a str,
}

#[derive(Serialize)]
struct AuthenticationView<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_value_format: Option<&'a str>,
    /// Only in the answer to the request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
}

#[derive(Serialize)]
struct FilterView<'a> {
    types: Vec<&'a str>,
    sources: &'a [String],
}

#[derive(Serialize)]
struct LimitsView {
    concurrency: Option<u16>,
}

impl<'a> WebhookView<'a> {
    /// Shows a webhook. `token` is for the answer to its creation, and for no other.
    pub(super) fn new(webhook: &'a Webhook, catalog: &Catalog, token: Option<&'a str>) -> Self {
        let plugin = catalog.get(&webhook.plugin);
        let hooks = webhook.hooks.iter().map(|hook| HookView {
            r#type: hook.kind.as_str(),
            method: hook
                .method
                .or_else(|| plugin?.profile.hook(&hook.kind).map(|known| known.method))
                .map(|method| method.as_str()),
            endpoint: &hook.endpoint,
        });
        Self {
            id: webhook.id.to_string(),
            name: &webhook.name,
            description: webhook.description.as_deref(),
            organization_id: webhook.organization.as_str(),
            plugin: webhook.plugin.as_str(),
            hooks: hooks.collect(),
            authentication: AuthenticationView::new(&webhook.authentication, token),
            // Settings are stored only after they were read as JSON.
            settings: serde_json::from_str(&webhook.settings).ok(),
            filter: FilterView {
                types: webhook.filter.types.iter().map(|pattern| pattern.as_str()).collect(),
                sources: &webhook.filter.sources,
            },
            limits: LimitsView { concurrency: webhook.limits.concurrency },
            suspended_at: webhook.suspended_at.map(Rfc3339),
            created_at: Rfc3339(webhook.created_at),
            updated_at: Rfc3339(webhook.updated_at),
        }
    }
}

impl<'a> AuthenticationView<'a> {
    fn new(authentication: &'a Authentication, token: Option<&'a str>) -> Self {
        let (mut header, mut header_value_format, mut audience) = (None, None, None);
        match authentication {
            Authentication::None => {}
            Authentication::Token { header: name, template, token: _ } => {
                (header, header_value_format) = (Some(name.as_str()), Some(template.as_str()));
            }
            Authentication::Basic { .. } => {}
            Authentication::ClientCredentials(client) => {
                header = Some(client.header.as_str());
                header_value_format = Some(client.template.as_str());
            }
            Authentication::SignedBearer { audience: wanted } => audience = wanted.as_deref(),
        }
        let r#type = authentication.kind().as_str();
        Self { r#type, header, header_value_format, token, audience }
    }
}
