//! An organization's subscription.

use crate::{
    Authentication, Event, HookNo, HookType, Method, Organization, Pattern, PluginName, Timestamp,
    WebhookId,
};

/// A subscription: which plugin, which hooks, where to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub organization: Organization,
    /// What people call it.
    pub name: String,
    /// What people say about it.
    pub description: Option<String>,
    /// The plugin that turns events into this vendor's payload.
    pub plugin: PluginName,
    /// Where each hook type goes; at least one, no type twice.
    pub hooks: Vec<Hook>,
    /// How a request proves where it comes from.
    pub authentication: Authentication,
    /// The plugin's settings, as JSON text.
    pub settings: String,
    /// Which events are wanted, beyond what the plugin's hooks accept.
    pub filter: Filter,
    /// What this webhook may take of the host.
    pub limits: WebhookLimits,
    /// Since when its deliveries are held.
    pub suspended_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One kind of the vendor's notifications and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Which hook this is; never given to another.
    pub no: HookNo,
    /// One of the plugin's hook types.
    pub kind: HookType,
    /// The method, where the webhook says another than the profile.
    pub method: Option<Method>,
    /// An absolute URL.
    pub endpoint: String,
}

/// Which events a webhook wants. An empty list wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Event types.
    pub types: Vec<Pattern>,
    /// Sources, compared as they are.
    pub sources: Vec<String>,
}

/// What a webhook may take of the host; the host's defaults where absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookLimits {
    /// Exchanges at the same time.
    pub concurrency: Option<u16>,
}

impl Filter {
    /// Whether the webhook wants this event.
    pub fn accepts(&self, event: &Event) -> bool {
        let types = self.types.is_empty() || self.types.iter().any(|t| t.matches(&event.kind));
        let sources = self.sources.is_empty() || self.sources.contains(&event.source);
        types && sources
    }
}

impl Webhook {
    /// The hook with this number.
    pub fn hook(&self, no: HookNo) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.no == no)
    }
}
