//! The plugins that the host under test has loaded.

use std::{sync::Arc, time::Duration};

use transload_domain::{
    AskedLimits, AuthenticationKind, Catalog, Digest, Example, HookType, LoadedPlugin, Method,
    Pattern, PluginName, PluginRef, Profile, ProfileHook, RetryPolicy, Success, SuspendRule,
    Timestamp, TokenHeader,
};

/// `acme`, which takes tokens, passwords and settings; `doo`, which has a token endpoint; and `signer`, which takes
/// tokens that we sign.
pub(super) fn catalog() -> Catalog {
    let acme = Profile {
        hooks: vec![
            ProfileHook {
                examples: vec![
                    example("order.created", r#"{"number": 1.50}"#),
                    example("order.cancelled", "{}"),
                ],
                ..hook("orders", "order.*", Method::Put)
            },
            hook("shared", "a.b", Method::Post),
        ],
        authentication: vec![
            AuthenticationKind::Token,
            AuthenticationKind::None,
            AuthenticationKind::Basic,
        ],
        settings_schema: Some(
            r#"{"type":"object","additionalProperties":false,"properties":
                {"currency":{"type":"string","maxLength":3},"deep":{"type":"object"}}}"#
                .into(),
        ),
        ..profile("acme")
    };
    let signer = Profile {
        hooks: vec![
            hook("work_orders", "work_order.*", Method::Post),
            hook("shared", "a.b", Method::Post),
        ],
        authentication: vec![AuthenticationKind::SignedBearer],
        ..profile("signer")
    };
    let doo = Profile {
        hooks: DOO_HOOKS.map(|kind| hook(kind, &kind.replace('_', "."), Method::Post)).to_vec(),
        authentication: vec![AuthenticationKind::ClientCredentials, AuthenticationKind::None],
        token_header: TokenHeader {
            name: "Authorization".into(),
            template: "Bearer %ACCESS_TOKEN%".into(),
        },
        ..profile("doo")
    };
    let running =
        [acme, doo, signer].map(|profile| (profile.name.clone(), Arc::new(loaded(profile))));
    Catalog { running: running.into(), failed: vec![] }
}

/// The hook types of doo's page.
pub(crate) const DOO_HOOKS: [&str; 7] = [
    "event_created",
    "event_removed",
    "event_updated",
    "order_created",
    "order_removed",
    "order_updated",
    "order_cancelled",
];

fn loaded(profile: Profile) -> LoadedPlugin {
    LoadedPlugin {
        reference: plugin_ref(profile.name.as_str()),
        file: format!("{}.wasm", profile.name),
        profile,
        bytes: 1_234,
        loaded_at: Timestamp::EPOCH,
    }
}

/// Which plugin, as deliveries record it.
pub(super) fn plugin_ref(name: &str) -> PluginRef {
    let digest = Digest::of_file(name.as_bytes());
    PluginRef { name: PluginName::new(name).unwrap(), version: "1.2.3".into(), digest }
}

fn hook(kind: &str, events: &str, method: Method) -> ProfileHook {
    ProfileHook {
        kind: HookType::new(kind).unwrap(),
        events: vec![Pattern::new(events).unwrap()],
        method,
        examples: vec![],
    }
}

fn example(event_type: &str, data: &str) -> Example {
    Example { event_type: event_type.into(), data: data.into() }
}

fn profile(name: &str) -> Profile {
    Profile {
        name: PluginName::new(name).unwrap(),
        version: "1.2.3".into(),
        title: name.to_uppercase(),
        homepage: None,
        hooks: vec![],
        authentication: vec![],
        token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
        success: Success::Exactly(vec![200]),
        final_statuses: vec![],
        retry: RetryPolicy::standard(),
        suspend: Some(SuspendRule { more_than: 3, within: Duration::from_secs(21_600) }),
        suppress_echo: false,
        expect_continue: false,
        settings_schema: None,
        limits: AskedLimits::default(),
    }
}
