//! What a vendor is like, as its plugin says.

use std::time::Duration;

use crate::{
    AuthenticationKind, HookType, Method, Overrides, Pattern, PluginName, RetryPolicy, Suspend,
};

/// A plugin's description of its vendor. Data, written by the plugin's author; the core obeys it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The plugin's name.
    pub name: PluginName,
    /// The plugin's version, semver.
    pub version: String,
    /// The vendor's name for people.
    pub title: String,
    /// Where to read about the vendor's interface.
    pub homepage: Option<String>,
    /// The kinds of notification that the vendor knows; at least one, no type twice.
    pub hooks: Vec<ProfileHook>,
    /// The kinds of authentication that the vendor takes; the first is the default.
    pub authentication: Vec<AuthenticationKind>,
    /// Where a token goes, for the kinds that have one.
    pub token_header: TokenHeader,
    /// Which answers mean that the delivery arrived.
    pub success: Success,
    /// Statuses after which sending again would not help. Empty: every failure is retried.
    pub final_statuses: Vec<u16>,
    /// When a failed attempt is made again.
    pub retry: RetryPolicy,
    /// When a failing webhook is suspended.
    pub suspend: Option<SuspendRule>,
    /// Whether an event that came from this vendor is kept from going back to it.
    pub suppress_echo: bool,
    /// Whether requests announce their body with `Expect: 100-continue`.
    pub expect_continue: bool,
    /// JSON Schema of a webhook's settings, as JSON text.
    pub settings_schema: Option<String>,
    /// Limits that the plugin asks for; the host grants at most its own.
    pub limits: AskedLimits,
}

/// One kind of notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileHook {
    /// Its type, as the vendor calls it.
    pub kind: HookType,
    /// The event types that it accepts; at least one.
    pub events: Vec<Pattern>,
    /// The method that the vendor documents.
    pub method: Method,
    /// Events to try it with.
    pub examples: Vec<Example>,
}

/// An event to try a hook with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The event's type.
    pub event_type: String,
    /// The event's data, as JSON text.
    pub data: String,
}

/// Where a token goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHeader {
    /// The header's name.
    pub name: String,
    /// Its value, with `%ACCESS_TOKEN%` where the token goes.
    pub template: String,
}

/// Which statuses mean that the vendor has the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Success {
    /// Any of 200 to 299.
    Any2xx,
    /// These and no others.
    Exactly(Vec<u16>),
}

/// Suspend a webhook after more than this many failures within this time, sliding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspendRule {
    /// Failures that are still tolerated.
    pub more_than: u32,
    /// The window.
    pub within: Duration,
}

/// Limits that a plugin asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedLimits {
    /// Exchanges at the same time with one webhook.
    pub concurrency: Option<u16>,
    /// Time for one transform.
    pub transform_time: Option<Duration>,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
}

/// The rules by which a webhook's answers are judged: its own where it has some, and else its profile's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules<'a> {
    /// Which answers mean that the delivery arrived.
    pub success: &'a Success,
    /// Statuses after which sending again would not help.
    pub final_statuses: &'a [u16],
    /// When a failed attempt is made again.
    pub retry: &'a RetryPolicy,
    /// When the webhook is suspended.
    pub suspend: Option<SuspendRule>,
}

impl Profile {
    /// The rules for a webhook with these overrides.
    pub fn rules<'a>(&'a self, overrides: &'a Overrides) -> Rules<'a> {
        let suspend = match overrides.suspend {
            None => self.suspend,
            Some(Suspend::Never) => None,
            Some(Suspend::After(rule)) => Some(rule),
        };
        Rules {
            success: overrides.success.as_ref().unwrap_or(&self.success),
            final_statuses: overrides.final_statuses.as_ref().unwrap_or(&self.final_statuses),
            retry: overrides.retry.as_ref().unwrap_or(&self.retry),
            suspend,
        }
    }

    /// The hook of that type.
    pub fn hook(&self, kind: &HookType) -> Option<&ProfileHook> {
        self.hooks.iter().find(|hook| hook.kind == *kind)
    }
}

impl ProfileHook {
    /// Whether it accepts events of this type.
    pub fn accepts(&self, event_type: &str) -> bool {
        self.events.iter().any(|pattern| pattern.matches(event_type))
    }
}

impl Success {
    /// Whether this status is one of them.
    pub fn includes(&self, status: u16) -> bool {
        match self {
            Self::Any2xx => (200..300).contains(&status),
            Self::Exactly(statuses) => statuses.contains(&status),
        }
    }
}
