//! Ordinary values for the tests of this crate to start from.

use std::time::Duration;

use crate::{
    AskedLimits, Authentication, AuthenticationKind, Filter, Hook, HookNo, HookType, Method,
    Ordering, Organization, Overrides, PluginName, Profile, RetryPolicy, Success, Timestamp,
    TokenHeader, Webhook, WebhookId, WebhookLimits,
};

/// A webhook of plugin `acme` with one hook.
pub(crate) fn webhook() -> Webhook {
    Webhook {
        id: WebhookId::from_random([1; 16]),
        organization: Organization::new("acme").unwrap(),
        name: "shop to acme".into(),
        description: None,
        plugin: PluginName::new("acme").unwrap(),
        hooks: vec![Hook {
            no: HookNo(0),
            kind: HookType::new("orders").unwrap(),
            method: None,
            endpoint: "https://vendor.example/hook".into(),
        }],
        authentication: Authentication::None,
        signing: None,
        settings: "{}".into(),
        filter: Filter::default(),
        limits: WebhookLimits::default(),
        ordering: Ordering::None,
        overrides: Overrides::default(),
        suspended_at: None,
        suspended_because: None,
        resumed_at: None,
        hooks_made: 1,
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

/// A vendor that takes any 2xx, has 422 for final, and is tried again each minute, 3 attempts in all.
pub(crate) fn profile() -> Profile {
    Profile {
        name: PluginName::new("acme").unwrap(),
        version: "1.0.0".into(),
        title: "Acme".into(),
        homepage: None,
        hooks: vec![crate::ProfileHook {
            kind: HookType::new("orders").unwrap(),
            events: vec![],
            method: Method::Post,
            examples: vec![],
        }],
        authentication: vec![AuthenticationKind::None],
        token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
        success: Success::Any2xx,
        final_statuses: vec![422],
        retry: RetryPolicy {
            schedule: vec![Duration::from_secs(60)],
            repeat_last: true,
            max_attempts: 3,
            jitter_percent: 0,
        },
        suspend: None,
        suppress_echo: false,
        expect_continue: false,
        settings_schema: None,
        limits: AskedLimits::default(),
    }
}
