//! The webhooks, the plugins, and what they want.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use transload_domain::{
    Catalog, DeliveryKey, Digest, Event, EventNo, Hook, HookContext, Lane, Organization, Part,
    PluginName, PluginRef, Profile, Webhook, WebhookId, limits,
};

use super::action::Target;

/// The configuration as the ledger and the plugin folder have told it.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) catalog: Arc<Catalog>,
    webhooks: BTreeMap<WebhookId, Arc<Webhook>>,
    by_organization: HashMap<Organization, BTreeSet<WebhookId>>,
    profiles: BTreeMap<Digest, Arc<Profile>>,
    /// Of each plugin, the latest version among `profiles`.
    latest: HashMap<PluginName, Digest>,
}

/// What a hook is to do with an event.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Nothing.
    No,
    /// Nothing, and that is worth a record.
    Skip { plugin: PluginRef, reason: String },
    /// Its plugin is not there.
    Missing(PluginName),
    /// Run the transform.
    Run(Box<Target>),
}

impl Rules {
    /// Takes in a new or changed webhook.
    pub(super) fn put(&mut self, webhook: Arc<Webhook>) {
        self.by_organization.entry(webhook.organization.clone()).or_default().insert(webhook.id);
        self.webhooks.insert(webhook.id, webhook);
    }

    pub(super) fn remove(&mut self, id: WebhookId) {
        let Some(webhook) = self.webhooks.remove(&id) else { return };
        if let Some(ids) = self.by_organization.get_mut(&webhook.organization) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_organization.remove(&webhook.organization);
            }
        }
    }

    pub(super) fn webhook(&self, id: WebhookId) -> Option<&Arc<Webhook>> {
        self.webhooks.get(&id)
    }

    pub(super) fn webhooks(&self) -> impl Iterator<Item = &Arc<Webhook>> {
        self.webhooks.values()
    }

    pub(super) fn store_profile(&mut self, digest: Digest, profile: Arc<Profile>) {
        let known = self.latest(&profile.name);
        // Of the same version, the one that is told later.
        if known.is_none_or(|known| precedence(&known.version) <= precedence(&profile.version)) {
            self.latest.insert(profile.name.clone(), digest);
        }
        self.profiles.insert(digest, profile);
    }

    /// The rules of a plugin's latest version that is in the ledger.
    fn latest(&self, plugin: &PluginName) -> Option<&Arc<Profile>> {
        self.profiles.get(self.latest.get(plugin)?)
    }

    /// The rules of a plugin version that is in the ledger.
    pub(super) fn profile(&self, digest: &Digest) -> Option<&Arc<Profile>> {
        self.profiles.get(digest)
    }

    /// The rules of the webhook's plugin: of the version that runs, or else of the latest that ran.
    pub(super) fn profile_of(&self, webhook: &Webhook) -> Option<&Profile> {
        let runs = self.catalog.get(&webhook.plugin).map(|plugin| &plugin.profile);
        runs.or_else(|| self.latest(&webhook.plugin).map(Arc::as_ref))
    }

    /// An organization's webhooks, in the order of their ids.
    pub(super) fn webhooks_of(&self, organization: &Organization) -> Vec<WebhookId> {
        self.by_organization.get(organization).into_iter().flatten().copied().collect()
    }

    /// What the webhook may take: its own limit, or what the profile asks for, or the usual; never more than the host
    /// grants.
    pub(super) fn lane(&self, webhook: &Webhook) -> Lane {
        let asked =
            self.catalog.get(&webhook.plugin).and_then(|plugin| plugin.profile.limits.concurrency);
        let cap = webhook.limits.concurrency.or(asked).unwrap_or(limits::CONCURRENCY_PER_WEBHOOK);
        Lane {
            cap: cap.min(limits::CONCURRENCY_PER_WEBHOOK_MAX),
            suspended: webhook.suspended_at.is_some(),
        }
    }

    /// The webhooks of the event's organization, in the order of their ids; of an event on trial, only its webhook.
    pub(super) fn webhooks_for(&self, event: &Event) -> Vec<Arc<Webhook>> {
        let ids = self.by_organization.get(&event.organization);
        let meant = |id: &&WebhookId| event.emulated_for.is_none_or(|only| only == **id);
        let ids = ids.into_iter().flatten().filter(meant);
        ids.filter_map(|id| self.webhooks.get(id)).cloned().collect()
    }

    /// What this hook of this webhook is to do with the event.
    pub(super) fn wants(
        &self,
        webhook: &Webhook,
        hook: &Hook,
        no: EventNo,
        event: &Event,
    ) -> Wanted {
        // Whoever tries a webhook has chosen the event: the filter is for those that nobody chose.
        let on_trial = event.emulated_for == Some(webhook.id);
        if !on_trial && !webhook.filter.accepts(event) {
            return Wanted::No;
        }
        let Some(plugin) = self.catalog.get(&webhook.plugin) else {
            return if self.may_accept(webhook, hook, &event.kind) {
                Wanted::Missing(webhook.plugin.clone())
            } else {
                Wanted::No
            };
        };
        let Some(rules) =
            plugin.profile.hook(&hook.kind).filter(|rules| rules.accepts(&event.kind))
        else {
            return Wanted::No;
        };
        if plugin.profile.suppress_echo && event.origin() == Some(webhook.plugin.as_str()) {
            let reason = format!(
                "the event came from {} itself (extension 'origin'), and its profile suppresses echoes",
                webhook.plugin
            );
            return Wanted::Skip { plugin: plugin.reference.clone(), reason };
        }
        let key = DeliveryKey { event: no, webhook: webhook.id, hook: hook.no, part: Part(0) };
        Wanted::Run(Box::new(Target {
            key,
            hook: Arc::new(HookContext {
                kind: hook.kind.clone(),
                webhook: webhook.id,
                delivery: key.id(),
                method: hook.method.unwrap_or(rules.method),
                settings: webhook.settings.clone(),
            }),
            plugin: Arc::clone(plugin),
            profile_stored: self.profiles.contains_key(&plugin.reference.digest),
        }))
    }

    /// Whether a plugin that is not there might accept such an event: as any of its versions that the ledger knows
    /// would, or always when it knows none.
    fn may_accept(&self, webhook: &Webhook, hook: &Hook, kind: &str) -> bool {
        let mut known = self.profiles.values().filter(|p| p.name == webhook.plugin).peekable();
        let accepts =
            |p: &Arc<Profile>| p.hook(&hook.kind).is_some_and(|rules| rules.accepts(kind));
        known.peek().is_none() || known.any(accepts)
    }
}

/// What a version is compared by (Semantic Versioning 2.0.0, section 11): its numbers, and one without an addition
/// comes behind those with one. Profiles have no other; two additions are compared as text.
fn precedence(version: &str) -> (Vec<u64>, bool, &str) {
    let version = version.split('+').next().unwrap_or_default();
    let (numbers, addition) = version.split_once('-').unwrap_or((version, ""));
    let numbers = numbers.split('.').map(|number| number.parse().unwrap_or(0)).collect();
    (numbers, addition.is_empty(), addition)
}

#[cfg(test)]
mod tests {
    use transload_domain::{AskedLimits, RetryPolicy, Success, TokenHeader};

    use super::*;

    #[test]
    fn of_several_versions_the_latest_counts_whatever_their_digests() {
        let order = ["0.9.9", "1.9.0-rc.1", "1.9.0", "1.10.0-alpha", "1.10.0", "2.0.0"];
        for two in order.windows(2) {
            assert!(precedence(two[0]) < precedence(two[1]), "{two:?}");
        }
        assert_eq!(precedence("1.0.0+a"), precedence("1.0.0+b"));
        let name = PluginName::new("acme").unwrap();
        let profile = |version: &str| Profile {
            name: name.clone(),
            version: version.into(),
            title: "Acme".into(),
            homepage: None,
            hooks: vec![],
            authentication: vec![],
            token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
            success: Success::Any2xx,
            final_statuses: vec![],
            retry: RetryPolicy::standard(),
            suspend: None,
            suppress_echo: false,
            expect_continue: false,
            settings_schema: None,
            limits: AskedLimits::default(),
        };
        for digests in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
            let mut rules = Rules::default();
            for (digest, version) in digests.into_iter().zip(["1.9.0", "1.10.0", "1.2.0"]) {
                rules.store_profile(Digest([digest; 32]), Arc::new(profile(version)));
            }
            assert_eq!(rules.latest(&name).unwrap().version, "1.10.0", "{digests:?}");
        }
    }
}
