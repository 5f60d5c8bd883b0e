//! A plugin's profile, from the JSON text of `describe` to the domain's nouns.

mod json;

use std::{collections::BTreeSet, fmt, time::Duration};

use serde::de::DeserializeOwned;
use transload_domain::{
    AskedLimits, AuthenticationKind, Example, HookType, Method, Pattern, PluginName, Profile,
    ProfileHook, RetryPolicy, Success, SuspendRule, TokenHeader, limits,
};

use crate::call::{is_header_name, is_header_value};

/// Event type patterns of one hook.
const PATTERNS_MAX: usize = 64;
/// Bytes of a title, a homepage, a header's template.
const TEXT_BYTES_MAX: usize = 1_024;
/// The longest wait of a retry schedule and the longest window of a suspension rule.
const WAIT_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Where the token goes in a header's template.
const TOKEN: &str = "%ACCESS_TOKEN%";

/// What is wrong with a profile, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The place inside the JSON, like `hooks[0].events[1]`; `.` is the whole.
    pub path: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at `{}`: {}", self.path, self.problem)
    }
}

impl std::error::Error for ProfileError {}

type Checked<T> = Result<T, ProfileError>;

/// Reads and checks a profile.
pub(super) fn parse(text: &str) -> Checked<Profile> {
    if text.len() > limits::PROFILE_BYTES_MAX {
        let max = limits::PROFILE_BYTES_MAX;
        return wrong(".", format!("it has {} bytes; {max} are allowed", text.len()));
    }
    let json: json::Profile = read(text)?;
    let name = PluginName::new(&json.name).or_else(|e| wrong("name", e))?;
    let version = semver::Version::parse(&json.version)
        .or_else(|e| wrong("version", format!("{:?} is no semantic version: {e}", json.version)))?;
    if json.title.trim().is_empty() {
        return wrong("title", "the vendor's name for people is missing");
    }
    check_length("title", &json.title)?;
    check_length("homepage", json.homepage.as_deref().unwrap_or_default())?;
    let success = success(json.success)?;
    let (authentication, token_header) = authentication(json.authentication.unwrap_or_default())?;
    Ok(Profile {
        name,
        version: version.to_string(),
        title: json.title,
        homepage: json.homepage,
        hooks: hooks(json.hooks)?,
        authentication,
        token_header,
        final_statuses: final_statuses(json.final_statuses, &success)?,
        success,
        retry: json.retry.as_ref().map_or_else(|| Ok(RetryPolicy::standard()), retry)?,
        suspend: json.suspend.as_ref().map(suspend).transpose()?,
        suppress_echo: json.suppress_echo,
        expect_continue: json.expect_continue,
        settings_schema: json.settings.map(|raw| settings(raw.get())).transpose()?,
        limits: json.limits.map_or_else(|| Ok(AskedLimits::default()), asked)?,
    })
}

fn read<T: DeserializeOwned>(text: &str) -> Checked<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .or_else(|e| wrong(e.path().to_string(), e.inner()))?;
    json.end().or_else(|e| wrong(".", e))?;
    Ok(value)
}

fn wrong<T>(path: impl Into<String>, problem: impl fmt::Display) -> Checked<T> {
    Err(ProfileError { path: path.into(), problem: problem.to_string() })
}

fn check_length(path: &str, text: &str) -> Checked<()> {
    if text.len() > TEXT_BYTES_MAX {
        return wrong(path, format!("it has {} bytes; {TEXT_BYTES_MAX} are allowed", text.len()));
    }
    Ok(())
}

fn hooks(hooks: Vec<json::Hook>) -> Checked<Vec<ProfileHook>> {
    if hooks.is_empty() || hooks.len() > limits::HOOKS_MAX {
        return wrong("hooks", format!("there must be 1 to {} hooks", limits::HOOKS_MAX));
    }
    let mut known = BTreeSet::new();
    let mut checked = Vec::with_capacity(hooks.len());
    for (at, hook) in hooks.into_iter().enumerate() {
        let path = format!("hooks[{at}]");
        let hook = self::hook(&path, hook)?;
        if !known.insert(hook.kind.clone()) {
            return wrong(format!("{path}.type"), format!("{} is there twice", hook.kind));
        }
        checked.push(hook);
    }
    Ok(checked)
}

fn hook(path: &str, hook: json::Hook) -> Checked<ProfileHook> {
    let kind = HookType::new(&hook.kind).or_else(|e| wrong(format!("{path}.type"), e))?;
    if hook.events.is_empty() || hook.events.len() > PATTERNS_MAX {
        let problem = format!("there must be 1 to {PATTERNS_MAX} event type patterns");
        return wrong(format!("{path}.events"), problem);
    }
    let pattern = |(at, text): (usize, &String)| {
        Pattern::new(text).or_else(|e| wrong(format!("{path}.events[{at}]"), e))
    };
    let events: Vec<Pattern> =
        hook.events.iter().enumerate().map(pattern).collect::<Result<_, _>>()?;
    let method = Method::parse(&hook.method).map_or_else(
        || {
            let problem = format!("{:?} is none of POST, PUT, PATCH and DELETE", hook.method);
            wrong(format!("{path}.method"), problem)
        },
        Ok,
    )?;
    let mut examples = Vec::with_capacity(hook.examples.len());
    for (at, example) in hook.examples.into_iter().enumerate() {
        if !events.iter().any(|pattern| pattern.matches(&example.event_type)) {
            return wrong(
                format!("{path}.examples[{at}].event_type"),
                format!("the hook does not accept {:?}", example.event_type),
            );
        }
        examples.push(Example { event_type: example.event_type, data: example.data.get().into() });
    }
    Ok(ProfileHook { kind, events, method, examples })
}

fn authentication(json: json::Authentication) -> Checked<(Vec<AuthenticationKind>, TokenHeader)> {
    let mut kinds = Vec::new();
    for (at, name) in json.kinds.iter().enumerate() {
        let path = format!("authentication.kinds[{at}]");
        let Some(kind) = AuthenticationKind::parse(name) else {
            let known = AuthenticationKind::ALL.map(AuthenticationKind::as_str).join(", ");
            return wrong(path, format!("{name:?} is not known; possible are {known}"));
        };
        if kinds.contains(&kind) {
            return wrong(path, format!("{kind} is there twice"));
        }
        kinds.push(kind);
    }
    if kinds.is_empty() {
        return wrong("authentication.kinds", "there must be at least one; `none` is one");
    }
    if !is_header_name(&json.header) {
        return wrong("authentication.header", format!("{:?} is no header name", json.header));
    }
    check_length("authentication.template", &json.template)?;
    if json.template.matches(TOKEN).count() != 1 || !is_header_value(&json.template) {
        let problem = format!(
            "{:?} must be visible ASCII and have {TOKEN} once, where the token goes",
            json.template
        );
        return wrong("authentication.template", problem);
    }
    Ok((kinds, TokenHeader { name: json.header, template: json.template }))
}

fn success(json: Option<json::Success>) -> Checked<Success> {
    match json {
        None => Ok(Success::Any2xx),
        Some(json::Success { any: Some(any), statuses: None }) if any == "2xx" => {
            Ok(Success::Any2xx)
        }
        Some(json::Success { any: None, statuses: Some(statuses) }) if !statuses.is_empty() => {
            check_statuses("success.statuses", &statuses)?;
            Ok(Success::Exactly(statuses))
        }
        Some(_) => wrong("success", "it must be {\"any\": \"2xx\"} or {\"statuses\": [200]}"),
    }
}

fn final_statuses(statuses: Vec<u16>, success: &Success) -> Checked<Vec<u16>> {
    check_statuses("final_statuses", &statuses)?;
    match statuses.iter().position(|status| success.includes(*status)) {
        Some(at) => wrong(format!("final_statuses[{at}]"), "this status is a success"),
        None => Ok(statuses),
    }
}

fn check_statuses(path: &str, statuses: &[u16]) -> Checked<()> {
    match statuses.iter().position(|status| !(200..600).contains(status)) {
        Some(at) => {
            let problem = format!("{} is no final HTTP status (200 to 599)", statuses[at]);
            wrong(format!("{path}[{at}]"), problem)
        }
        None => Ok(()),
    }
}

fn retry(json: &json::Retry) -> Checked<RetryPolicy> {
    let steps = json.schedule.len();
    if steps > limits::RETRY_STEPS_MAX || (steps == 0 && json.max_attempts > 1) {
        let problem = format!("there must be 1 to {} waits", limits::RETRY_STEPS_MAX);
        return wrong("retry.schedule", problem);
    }
    if !(1..=limits::ATTEMPTS_MAX).contains(&json.max_attempts) {
        let problem = format!("it must be 1 to {}", limits::ATTEMPTS_MAX);
        return wrong("retry.max_attempts", problem);
    }
    if json.jitter_percent > 100 {
        return wrong("retry.jitter_percent", "it must be 0 to 100");
    }
    let step = |(at, text): (usize, &String)| duration(&format!("retry.schedule[{at}]"), text);
    Ok(RetryPolicy {
        schedule: json.schedule.iter().enumerate().map(step).collect::<Result<_, _>>()?,
        repeat_last: json.repeat_last,
        max_attempts: json.max_attempts,
        jitter_percent: json.jitter_percent,
    })
}

fn suspend(json: &json::Suspend) -> Checked<SuspendRule> {
    let within = duration("suspend.within", &json.within)?;
    Ok(SuspendRule { more_than: json.more_than, within })
}

fn settings(schema: &str) -> Checked<String> {
    if !schema.trim_start().starts_with('{') {
        return wrong("settings", "it must be a JSON Schema object");
    }
    let usable = serde_json::from_str(schema)
        .map_err(|error| error.to_string())
        .and_then(|schema| jsonschema::validator_for(&schema).map_err(|error| error.to_string()));
    match usable {
        Ok(_) => Ok(schema.to_owned()),
        Err(error) => wrong("settings", format!("it is no usable JSON Schema: {error}")),
    }
}

fn asked(json: json::Limits) -> Checked<AskedLimits> {
    if json.concurrency == Some(0) {
        return wrong("limits.concurrency", "it must be at least 1");
    }
    if json.memory == Some(0) {
        return wrong("limits.memory", "it must be at least 1 byte");
    }
    let time = json.transform.map(|text| duration("limits.transform", &text)).transpose()?;
    Ok(AskedLimits {
        concurrency: json.concurrency,
        transform_time: time,
        memory_bytes: json.memory,
    })
}

/// An integer and one of ms, s, m, h, d.
fn duration(path: &str, text: &str) -> Checked<Duration> {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (number, unit) = text.split_at(text.len() - digits.len());
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
    let time = Duration::from_millis(millis.unwrap_or(0));
    if time.is_zero() || time > WAIT_MAX {
        let problem = format!(
            "{text:?} is no time: write a whole number and ms, s, m, h or d, like \"5s\"; at most 30d"
        );
        return wrong(path, problem);
    }
    Ok(time)
}

#[cfg(test)]
mod tests;
