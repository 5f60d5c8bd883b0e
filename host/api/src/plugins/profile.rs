//! A profile as JSON: the form in which plugins write theirs, with every default filled in.

use serde::Serialize;
use serde_json::value::RawValue;
use transload_domain::{AskedLimits, Method, Profile, ProfileHook};

use crate::{
    duration::written,
    rules::{RetryView, SuccessView, SuspendView},
};

#[derive(Serialize)]
pub(super) struct ProfileView<'a> {
    name: &'a str,
    version: &'a str,
    title: &'a str,
    homepage: Option<&'a str>,
    hooks: Vec<HookView<'a>>,
    authentication: AuthenticationView<'a>,
    success: SuccessView<'a>,
    final_statuses: &'a [u16],
    retry: RetryView,
    suspend: Option<SuspendView>,
    suppress_echo: bool,
    expect_continue: bool,
    settings: Option<Box<RawValue>>,
    limits: LimitsView,
}

#[derive(Serialize)]
struct HookView<'a> {
    r#type: &'a str,
    events: Vec<&'a str>,
    method: &'static str,
    examples: Vec<ExampleView<'a>>,
}

#[derive(Serialize)]
struct ExampleView<'a> {
    event_type: &'a str,
    data: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct AuthenticationView<'a> {
    kinds: Vec<&'static str>,
    header: &'a str,
    template: &'a str,
}

#[derive(Serialize)]
struct LimitsView {
    concurrency: Option<u16>,
    transform: Option<String>,
    memory: Option<u64>,
}

impl<'a> ProfileView<'a> {
    pub(super) fn of(profile: &'a Profile) -> Self {
        Self {
            name: profile.name.as_str(),
            version: &profile.version,
            title: &profile.title,
            homepage: profile.homepage.as_deref(),
            hooks: profile.hooks.iter().map(HookView::of).collect(),
            authentication: AuthenticationView {
                kinds: profile.authentication.iter().map(|kind| kind.as_str()).collect(),
                header: &profile.token_header.name,
                template: &profile.token_header.template,
            },
            success: SuccessView::of(&profile.success),
            final_statuses: &profile.final_statuses,
            retry: RetryView::of(&profile.retry),
            suspend: profile.suspend.map(SuspendView::rule),
            suppress_echo: profile.suppress_echo,
            expect_continue: profile.expect_continue,
            settings: profile.settings_schema.as_deref().and_then(raw),
            limits: LimitsView::of(profile.limits),
        }
    }
}

impl<'a> HookView<'a> {
    fn of(hook: &'a ProfileHook) -> Self {
        Self {
            r#type: hook.kind.as_str(),
            events: hook.events.iter().map(|pattern| pattern.as_str()).collect(),
            method: Method::as_str(hook.method),
            examples: hook
                .examples
                .iter()
                .map(|example| ExampleView {
                    event_type: &example.event_type,
                    data: raw(&example.data),
                })
                .collect(),
        }
    }
}

impl LimitsView {
    fn of(limits: AskedLimits) -> Self {
        Self {
            concurrency: limits.concurrency,
            transform: limits.transform_time.map(written),
            memory: limits.memory_bytes,
        }
    }
}

/// JSON text as it is; `None` for what is none (the engine keeps no such profile).
fn raw(text: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(text).ok()
}
