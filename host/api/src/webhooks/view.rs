//! How answers show a webhook: as it was posted, with what was filled in, and never with a secret but once.

mod authentication;
mod signing;

use serde::Serialize;
use serde_json::value::RawValue;
use transload_delivery::Trouble;
use transload_domain::Webhook;

use self::{authentication::AuthenticationView, signing::SigningView};
use super::resolve::News;
use crate::{
    Api,
    rules::{RetryView, SuccessView, SuspendView},
    time::Rfc3339,
};

/// A webhook.
#[derive(Serialize)]
pub(super) struct WebhookView<'a> {
    id: String,
    #[serde(flatten)]
    definition: DefinitionView<'a>,
    suspended_at: Option<Rfc3339>,
    /// Why, in words.
    suspended_because: Option<&'a str>,
    /// What keeps its deliveries from going out, though it is not suspended.
    trouble: Option<TroubleView>,
    created_at: Rfc3339,
    updated_at: Rfc3339,
    /// What its maker should know, right after it was made or changed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
}

/// What its maker said of it: the members of a definition.
#[derive(Serialize)]
pub(super) struct DefinitionView<'a> {
    name: &'a str,
    description: Option<&'a str>,
    #[serde(rename = "organizationId")]
    organization_id: &'a str,
    plugin: &'a str,
    hooks: Vec<HookView<'a>>,
    authentication: AuthenticationView<'a>,
    signing: Option<SigningView<'a>>,
    settings: Option<Box<RawValue>>,
    filter: FilterView<'a>,
    limits: LimitsView,
    ordering: &'static str,
    /// Here and below: `null` where it is as the profile says.
    success: Option<SuccessView<'a>>,
    final_statuses: Option<&'a [u16]>,
    retry: Option<RetryView>,
    suspend: Option<SuspendView>,
}

/// `kind` is `credentials` (somebody has to put them right), `failing`, or `paused` (the vendor asked for it).
#[derive(Serialize)]
struct TroubleView {
    kind: &'static str,
    since: Rfc3339,
    detail: String,
    /// When one delivery is tried next, at the earliest.
    next_try: Rfc3339,
}

#[derive(Serialize)]
struct HookView<'a> {
    r#type: &'a str,
    /// The webhook's own method, or the plugin's; `null` while the plugin is missing.
    method: Option<&'static str>,
    endpoint: &'a str,
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
    /// Shows a webhook. `secrets` is for the answer to the request that made them, and for no other.
    pub(super) fn new(api: &Api, webhook: &'a Webhook, news: &'a News) -> Self {
        let trouble = api.troubles.of(webhook.id, api.clock.now()).filter(|_| !news.ends_trouble);
        Self {
            id: webhook.id.to_string(),
            definition: DefinitionView::new(Some(api), webhook, news),
            suspended_at: webhook.suspended_at.map(Rfc3339),
            suspended_because: webhook.suspended_because.as_deref(),
            trouble: trouble.map(TroubleView::of),
            created_at: Rfc3339(webhook.created_at),
            updated_at: Rfc3339(webhook.updated_at),
            warnings: &news.warnings,
        }
    }
}

impl TroubleView {
    fn of(trouble: Trouble) -> Self {
        Self {
            kind: trouble.kind.as_str(),
            since: Rfc3339(trouble.since),
            detail: trouble.detail,
            next_try: Rfc3339(trouble.next_try),
        }
    }
}

impl<'a> DefinitionView<'a> {
    /// With what `api` knows beside it; without, only what its maker said.
    pub(super) fn new(api: Option<&Api>, webhook: &'a Webhook, news: &'a News) -> Self {
        let plugin = api.and_then(|api| api.catalog().get(&webhook.plugin).cloned());
        let signing = webhook.signing.as_ref();
        let hooks = webhook.hooks.iter().map(|hook| HookView {
            r#type: hook.kind.as_str(),
            method: hook
                .method
                .or_else(|| plugin.as_ref()?.profile.hook(&hook.kind).map(|known| known.method))
                .map(|method| method.as_str()),
            endpoint: &hook.endpoint,
        });
        let overrides = &webhook.overrides;
        Self {
            name: &webhook.name,
            description: webhook.description.as_deref(),
            organization_id: webhook.organization.as_str(),
            plugin: webhook.plugin.as_str(),
            hooks: hooks.collect(),
            authentication: AuthenticationView::new(&webhook.authentication, news),
            signing: signing.and_then(|signing| SigningView::new(api, signing, news)),
            // Settings are stored only after they were read as JSON.
            settings: serde_json::from_str(&webhook.settings).ok(),
            filter: FilterView {
                types: webhook.filter.types.iter().map(|pattern| pattern.as_str()).collect(),
                sources: &webhook.filter.sources,
            },
            limits: LimitsView { concurrency: webhook.limits.concurrency },
            ordering: webhook.ordering.as_str(),
            success: overrides.success.as_ref().map(SuccessView::of),
            final_statuses: overrides.final_statuses.as_deref(),
            retry: overrides.retry.as_ref().map(RetryView::of),
            suspend: overrides.suspend.map(SuspendView::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use transload_delivery::TroubleKind;
    use transload_domain::Timestamp;

    use super::*;

    #[test]
    fn a_trouble_says_since_when_and_what_comes_next() {
        for (kind, name) in [
            (TroubleKind::Credentials, "credentials"),
            (TroubleKind::Failing, "failing"),
            (TroubleKind::Paused, "paused"),
        ] {
            let view = TroubleView::of(Trouble {
                kind,
                since: Timestamp::EPOCH,
                detail: "invalid_client".into(),
                next_try: Timestamp::from_micros(1),
            });
            let expected = json!({
                "kind": name, "since": "1970-01-01T00:00:00.000000Z", "detail": "invalid_client",
                "next_try": "1970-01-01T00:00:00.000001Z",
            });
            assert_eq!(serde_json::to_value(view).unwrap(), expected);
        }
    }
}
