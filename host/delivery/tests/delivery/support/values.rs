//! Ordinary values to start from.

use std::{sync::Arc, time::Duration};

use transload_domain::{
    AskedLimits, Authentication, AuthenticationKind, Event, Filter, Hook, HookNo, HookType, Method,
    Organization, Pattern, PluginName, Profile, ProfileHook, RetryPolicy, Success, Timestamp,
    TokenHeader, Webhook, WebhookId, WebhookLimits,
};

pub(crate) fn event(id: &str) -> Event {
    Event {
        organization: Organization::new("acme").unwrap(),
        id: id.into(),
        source: "/shop".into(),
        kind: "order.created".into(),
        subject: None,
        time: None,
        extensions: vec![],
        data: format!("{{\"order\":{id:?}}}"),
        accepted_at: Timestamp::EPOCH,
        emulated_for: None,
    }
}

/// A vendor that wants orders, takes any 2xx, and gets 4 attempts: at once, and after 10, 20 and 20 s.
pub(crate) fn profile(name: &str) -> Profile {
    Profile {
        name: PluginName::new(name).unwrap(),
        version: "1.0.0".into(),
        title: name.into(),
        homepage: None,
        hooks: vec![ProfileHook {
            kind: HookType::new("orders").unwrap(),
            events: vec![Pattern::new("order.*").unwrap()],
            method: Method::Put,
            examples: vec![],
        }],
        authentication: vec![AuthenticationKind::None],
        token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
        success: Success::Any2xx,
        final_statuses: vec![],
        retry: RetryPolicy {
            schedule: vec![Duration::from_secs(10), Duration::from_secs(20)],
            repeat_last: true,
            max_attempts: 4,
            jitter_percent: 0,
        },
        suspend: None,
        suppress_echo: false,
        expect_continue: false,
        settings_schema: None,
        limits: AskedLimits::default(),
    }
}

/// A webhook of plugin `acme` with the number `n`, for one hook.
pub(crate) fn webhook(n: u8) -> Webhook {
    webhook_of(n, "acme")
}

pub(crate) fn webhook_of(n: u8, plugin: &str) -> Webhook {
    Webhook {
        id: WebhookId::from_random([n; 16]),
        organization: Organization::new("acme").unwrap(),
        name: format!("webhook {n}"),
        description: None,
        plugin: PluginName::new(plugin).unwrap(),
        hooks: vec![Hook {
            no: HookNo(0),
            kind: HookType::new("orders").unwrap(),
            method: None,
            endpoint: format!("https://vendor{n}.example/hook"),
        }],
        hooks_made: 1,
        authentication: Authentication::None,
        settings: "{}".into(),
        filter: Filter::default(),
        limits: WebhookLimits::default(),
        signing: None,
        ordering: transload_domain::Ordering::None,
        overrides: transload_domain::Overrides::default(),
        suspended_at: None,
        suspended_because: None,
        resumed_at: None,
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

/// A plugin as the catalogue has it.
pub(crate) fn loaded(profile: Profile, digest: u8) -> Arc<transload_domain::LoadedPlugin> {
    Arc::new(transload_domain::LoadedPlugin {
        reference: transload_domain::PluginRef {
            name: profile.name.clone(),
            version: profile.version.clone(),
            digest: transload_domain::Digest([digest; 32]),
        },
        file: format!("{}.wasm", profile.name),
        profile,
        bytes: 1,
        loaded_at: Timestamp::EPOCH,
    })
}
