//! A profile as JSON: the form in which plugins write theirs, with every default filled in.

use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use transload_domain::{AskedLimits, Method, Profile, ProfileHook, RetryPolicy, Success};

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
#[serde(rename_all = "lowercase")]
enum SuccessView<'a> {
    Statuses(&'a [u16]),
    Any(&'static str),
}

#[derive(Serialize)]
struct RetryView {
    schedule: Vec<String>,
    repeat_last: bool,
    max_attempts: u32,
    jitter_percent: u8,
}

#[derive(Serialize)]
struct SuspendView {
    more_than: u32,
    within: String,
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
            success: match &profile.success {
                Success::Any2xx => SuccessView::Any("2xx"),
                Success::Exactly(statuses) => SuccessView::Statuses(statuses),
            },
            final_statuses: &profile.final_statuses,
            retry: RetryView::of(&profile.retry),
            suspend: profile.suspend.map(|rule| SuspendView {
                more_than: rule.more_than,
                within: written(rule.within),
            }),
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

impl RetryView {
    fn of(policy: &RetryPolicy) -> Self {
        Self {
            schedule: policy.schedule.iter().copied().map(written).collect(),
            repeat_last: policy.repeat_last,
            max_attempts: policy.max_attempts,
            jitter_percent: policy.jitter_percent,
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

/// A duration as profiles write it: an integer with the largest unit that gives one.
fn written(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if millis >= unit && millis.is_multiple_of(unit) {
            return format!("{}{name}", millis / unit);
        }
    }
    format!("{millis}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_largest_unit_that_is_whole() {
        for (millis, expected) in [
            (0, "0ms"),
            (250, "250ms"),
            (1_500, "1500ms"),
            (90_000, "90s"),
            (300_000, "5m"),
            (21_600_000, "6h"),
            (172_800_000, "2d"),
        ] {
            assert_eq!(written(Duration::from_millis(millis)), expected);
        }
    }
}
