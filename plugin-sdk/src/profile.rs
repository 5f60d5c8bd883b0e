//! What a vendor is like, as its plugin says: data that the host obeys.

use std::time::Duration;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::Method;

/// What a vendor is like.
///
/// ```
/// use std::time::Duration;
/// use transload_plugin::prelude::*;
///
/// Profile::new("acme", "1.0.0")
///     .title("Acme")
///     .hook(Hook::new("orders").on("order.*").put())
///     .authentication(Authentication::token("X-Acme-Key", "%ACCESS_TOKEN%"))
///     .success(Success::statuses([200]))
///     .retry(Retry::after([Duration::from_secs(5), Duration::from_mins(5)]).max_attempts(3));
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct Profile {
    name: String,
    version: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<String>,
    hooks: Vec<Hook>,
    authentication: Authentication,
    success: Success,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    final_statuses: Vec<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<Retry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspend: Option<Suspend>,
    suppress_echo: bool,
    expect_continue: bool,
    settings: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
}

/// One kind of notification that the vendor knows. Made by [`crate::Hook::new`].
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct Hook {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<String>,
    method: Method,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    examples: Vec<Example>,
}

#[derive(Clone, Debug, Serialize)]
struct Example {
    event_type: String,
    data: Box<RawValue>,
}

/// The kinds of authentication that the vendor takes, the first being the default, and where a token goes.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct Authentication {
    kinds: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
}

/// Which answers mean that the vendor has the delivery.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct Success(SuccessRule);

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum SuccessRule {
    Statuses(Vec<u16>),
    Any(&'static str),
}

/// When a failed attempt is made again.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct Retry {
    #[serde(serialize_with = "durations")]
    schedule: Vec<Duration>,
    repeat_last: bool,
    max_attempts: u32,
    jitter_percent: u8,
}

#[derive(Clone, Debug, Serialize)]
struct Suspend {
    more_than: u32,
    #[serde(serialize_with = "duration")]
    within: Duration,
}

/// Limits that the plugin asks for; the host grants at most its own.
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_duration")]
    transform: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u64>,
}

impl Profile {
    /// A vendor that takes requests without authentication, answers success with any 2xx status, and is retried by
    /// the host's default schedule. The name has lower-case letters, digits and `-`; the version is a semantic one,
    /// usually `env!("CARGO_PKG_VERSION")`.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            title: name.clone(),
            name,
            version: version.into(),
            homepage: None,
            hooks: Vec::new(),
            authentication: Authentication::none(),
            success: Success::any_2xx(),
            final_statuses: Vec::new(),
            retry: None,
            suspend: None,
            suppress_echo: false,
            expect_continue: false,
            settings: None,
            limits: None,
        }
    }

    /// The vendor's name for people; the plugin's name where nothing is said.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Where to read about the vendor's interface.
    pub fn homepage(mut self, url: impl Into<String>) -> Self {
        self.homepage = Some(url.into());
        self
    }

    /// Adds a hook type; at least one is needed.
    pub fn hook(mut self, hook: Hook) -> Self {
        self.hooks.push(hook);
        self
    }

    /// How requests prove where they come from.
    pub fn authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Which answers mean that the vendor has the delivery.
    pub fn success(mut self, success: Success) -> Self {
        self.success = success;
        self
    }

    /// Statuses after which sending again would not help.
    pub fn final_statuses(mut self, statuses: impl Into<Vec<u16>>) -> Self {
        self.final_statuses = statuses.into();
        self
    }

    /// When a failed attempt is made again.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Suspends a webhook after more than this many failures within this time, sliding.
    pub fn suspend_after(mut self, more_than: u32, within: Duration) -> Self {
        self.suspend = Some(Suspend { more_than, within });
        self
    }

    /// Keeps events that came from this vendor (extension attribute `origin`) from going back to it.
    pub fn suppress_echo(mut self) -> Self {
        self.suppress_echo = true;
        self
    }

    /// Announces bodies with `Expect: 100-continue`.
    pub fn expect_continue(mut self) -> Self {
        self.expect_continue = true;
        self
    }

    /// Asks for limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }
}

impl Hook {
    pub(crate) fn new(kind: impl Into<String>) -> Self {
        let (events, examples) = (Vec::new(), Vec::new());
        Self { kind: kind.into(), events, method: Method::Post, examples }
    }

    /// Accepts events of a type, `order.created`, or of a family of types, `order.*`.
    pub fn on(mut self, pattern: impl Into<String>) -> Self {
        self.events.push(pattern.into());
        self
    }

    /// The vendor expects PUT.
    pub fn put(self) -> Self {
        self.method(Method::Put)
    }

    /// The vendor expects POST, which is also what is assumed where nothing is said.
    pub fn post(self) -> Self {
        self.method(Method::Post)
    }

    /// The method that the vendor expects.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Adds an event to try the hook with.
    ///
    /// # Panics
    /// When the data is no JSON. The text is part of the plugin, so the first test of the profile tells.
    pub fn example(mut self, event_type: impl Into<String>, data: &str) -> Self {
        let event_type = event_type.into();
        match serde_json::from_str(data) {
            Ok(data) => self.examples.push(Example { event_type, data }),
            Err(error) => panic!("the example of {event_type} is no JSON: {error}"),
        }
        self
    }
}

impl Authentication {
    /// Nothing is added.
    pub fn none() -> Self {
        Self { kinds: vec!["none"], header: None, template: None }
    }

    /// A fixed token, generated for each webhook, in this header. `%ACCESS_TOKEN%` in the template stands for it.
    pub fn token(header: impl Into<String>, template: impl Into<String>) -> Self {
        Self { kinds: vec!["token"], header: Some(header.into()), template: Some(template.into()) }
    }

    /// User name and password, which each webhook brings, in `Authorization: Basic` (RFC 7617).
    pub fn basic() -> Self {
        Self { kinds: vec!["basic"], header: None, template: None }
    }

    /// An access token in this header, fetched with the client id and secret that each webhook brings (OAuth 2.0
    /// client credentials, RFC 6749 section 4.4). `%ACCESS_TOKEN%` in the template stands for it.
    pub fn client_credentials(header: impl Into<String>, template: impl Into<String>) -> Self {
        Self { kinds: vec!["oauth2_client_credentials"], ..Self::token(header, template) }
    }

    /// `Authorization: Bearer` with a short-lived token that the host signs and the vendor can verify.
    pub fn signed_bearer() -> Self {
        Self { kinds: vec!["signed_bearer"], header: None, template: None }
    }

    /// The vendor takes these kinds as well. Where both name a header, the first one's holds for both.
    pub fn or(mut self, other: Self) -> Self {
        self.kinds.extend(other.kinds);
        self.header = self.header.or(other.header);
        self.template = self.template.or(other.template);
        self
    }
}

impl Success {
    /// Any status from 200 to 299.
    pub fn any_2xx() -> Self {
        Self(SuccessRule::Any("2xx"))
    }

    /// These statuses and no others.
    pub fn statuses(statuses: impl Into<Vec<u16>>) -> Self {
        Self(SuccessRule::Statuses(statuses.into()))
    }
}

impl Retry {
    /// Waits after the first, second, ... failed attempt, and then gives up. A spread of 10 percent keeps deliveries
    /// that failed together from coming back together.
    pub fn after(waits: impl Into<Vec<Duration>>) -> Self {
        let schedule = waits.into();
        let attempts = u32::try_from(schedule.len()).unwrap_or(u32::MAX).saturating_add(1);
        Self { schedule, repeat_last: false, max_attempts: attempts, jitter_percent: 10 }
    }

    /// Goes on with the last wait until there were this many attempts, the first included.
    pub fn repeat_last(mut self, max_attempts: u32) -> Self {
        (self.repeat_last, self.max_attempts) = (true, max_attempts);
        self
    }

    /// The most attempts, the first included.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How far a wait is spread, in percent of its length.
    pub fn jitter_percent(mut self, percent: u8) -> Self {
        self.jitter_percent = percent;
        self
    }
}

impl Limits {
    /// Exchanges at the same time with one webhook.
    pub fn concurrency(mut self, exchanges: u16) -> Self {
        self.concurrency = Some(exchanges);
        self
    }

    /// Time for one transform.
    pub fn transform_time(mut self, time: Duration) -> Self {
        self.transform = Some(time);
        self
    }

    /// Bytes of memory.
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }
}

/// The profile's JSON text, with the schema of the settings.
pub(crate) fn to_json<S: JsonSchema>(mut profile: Profile) -> String {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    profile.settings = Some(SchemaGenerator::new(settings).into_root_schema_for::<S>().to_value());
    match serde_json::to_string(&profile) {
        Ok(text) => text,
        Err(error) => panic!("write the profile: {error}"),
    }
}

/// A duration as a profile writes it: an integer and `ms`, `s`, `m`, `h` or `d`. Less than a millisecond is lost.
fn written(duration: Duration) -> String {
    const UNITS: [(u128, &str); 4] =
        [(24 * 60 * 60 * 1000, "d"), (60 * 60 * 1000, "h"), (60 * 1000, "m"), (1000, "s")];
    let millis = duration.as_millis();
    let fits = |(unit, _): &&(u128, &str)| millis >= *unit && millis.is_multiple_of(*unit);
    match UNITS.iter().find(fits) {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None => format!("{millis}ms"),
    }
}

fn duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&written(*duration))
}

fn optional_duration<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.map(written).serialize(serializer)
}

fn durations<S: Serializer>(durations: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(durations.iter().copied().map(written))
}
