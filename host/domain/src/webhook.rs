//! An organization's subscription.

use crate::{
    Authentication, Event, HookNo, HookType, Method, OrderKey, Organization, Pattern, PluginName,
    RetryPolicy, Signing, Success, SuspendRule, Timestamp, WebhookId,
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
    /// How many hook numbers were given so far: a new hook gets this one, so that none is given twice.
    pub hooks_made: u16,
    /// How a request proves where it comes from.
    pub authentication: Authentication,
    /// How its requests are signed, beside the authentication.
    pub signing: Option<Signing>,
    /// The plugin's settings, as JSON text.
    pub settings: String,
    /// Which events are wanted, beyond what the plugin's hooks accept.
    pub filter: Filter,
    /// What this webhook may take of the host.
    pub limits: WebhookLimits,
    /// In which order its deliveries go out.
    pub ordering: Ordering,
    /// What this organization needs otherwise than the profile says.
    pub overrides: Overrides,
    /// Since when its deliveries are held.
    pub suspended_at: Option<Timestamp>,
    /// Why they are held, in words for the operator.
    pub suspended_because: Option<String>,
    /// When it was last resumed: failures before do not count towards suspension.
    pub resumed_at: Option<Timestamp>,
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

/// In which order a webhook's deliveries go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ordering {
    /// In none: a failing delivery holds up no other.
    #[default]
    None,
    /// Deliveries of events with the same `subject` go out one after the other, in the order of acceptance; a failing
    /// one holds those behind it. Events without a subject are in no order, nor are those that were accepted before the
    /// webhook was made.
    Key,
}

/// What a webhook's organization needs otherwise than the profile says; the profile's rules where absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Which answers mean that the delivery arrived.
    pub success: Option<Success>,
    /// Statuses after which sending again would not help.
    pub final_statuses: Option<Vec<u16>>,
    /// When a failed attempt is made again.
    pub retry: Option<RetryPolicy>,
    /// When the webhook is suspended.
    pub suspend: Option<Suspend>,
}

/// When a failing webhook is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspend {
    /// Never because of failures.
    Never,
    /// By this rule.
    After(SuspendRule),
}

impl Ordering {
    /// Every ordering.
    pub const ALL: [Self; 2] = [Self::None, Self::Key];

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Key => "key",
        }
    }

    /// The ordering of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ordering| ordering.as_str() == name)
    }

    /// The order key of this event's deliveries.
    pub fn key(self, event: &Event) -> Option<OrderKey> {
        match self {
            Self::None => None,
            Self::Key => event.subject.as_deref().map(OrderKey::of_subject),
        }
    }
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
    /// Whether both states of a webhook speak to the same vendor in the same way, so that what the vendor did to the one
    /// says something about the other.
    pub fn is_same_vendor(&self, other: &Self) -> bool {
        self.hooks == other.hooks
            && self.authentication == other.authentication
            && self.signing == other.signing
    }

    /// Whether what a vendor did to the one state of a webhook counts for the other: both speak to the same vendor, and
    /// nobody resumed the webhook in between. Clocks have no say in it: they are set back now and then.
    pub fn counts_for(&self, other: &Self) -> bool {
        self.is_same_vendor(other) && self.resumed_at == other.resumed_at
    }

    /// The hook with this number.
    pub fn hook(&self, no: HookNo) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.no == no)
    }
}
