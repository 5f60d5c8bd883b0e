//! A profile with every member filled.

use std::time::Duration;

use transload_domain::{
    AskedLimits, AuthenticationKind, Example, HookType, Method, Pattern, PluginName, Profile,
    ProfileHook, RetryPolicy, Success, SuspendRule, TokenHeader,
};

pub(crate) fn profile() -> Profile {
    Profile {
        name: PluginName::new("readycloud").expect("a good name"),
        version: "1.2.3".into(),
        title: "ReadyCloud".into(),
        homepage: Some("https://example.com".into()),
        hooks: vec![ProfileHook {
            kind: HookType::new("orders").expect("a good name"),
            events: vec![Pattern::new("order.*").expect("a good pattern")],
            method: Method::Put,
            examples: vec![Example { event_type: "order.created".into(), data: "{}".into() }],
        }],
        authentication: vec![AuthenticationKind::Token, AuthenticationKind::None],
        token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
        success: Success::Exactly(vec![200]),
        final_statuses: vec![410, 422],
        retry: RetryPolicy {
            schedule: vec![Duration::from_secs(60), Duration::from_millis(1_500)],
            repeat_last: true,
            max_attempts: 9,
            jitter_percent: 10,
        },
        suspend: Some(SuspendRule { more_than: 3, within: Duration::from_secs(21_600) }),
        suppress_echo: true,
        expect_continue: true,
        settings_schema: Some("{}".into()),
        limits: AskedLimits {
            concurrency: Some(4),
            transform_time: Some(Duration::from_millis(100)),
            memory_bytes: Some(1 << 20),
        },
    }
}
