//! The profile as JSON. A key that is not here is refused.

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) title: String,
    pub(super) homepage: Option<String>,
    pub(super) hooks: Vec<Hook>,
    pub(super) authentication: Option<Authentication>,
    pub(super) success: Option<Success>,
    #[serde(default)]
    pub(super) final_statuses: Vec<u16>,
    pub(super) retry: Option<Retry>,
    pub(super) suspend: Option<Suspend>,
    #[serde(default)]
    pub(super) suppress_echo: bool,
    #[serde(default)]
    pub(super) expect_continue: bool,
    pub(super) settings: Option<Box<RawValue>>,
    pub(super) limits: Option<Limits>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hook {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) events: Vec<String>,
    pub(super) method: String,
    #[serde(default)]
    pub(super) examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub(super) event_type: String,
    pub(super) data: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authentication {
    pub(super) kinds: Vec<String>,
    #[serde(default = "authorization")]
    pub(super) header: String,
    #[serde(default = "bearer")]
    pub(super) template: String,
}

impl Default for Authentication {
    fn default() -> Self {
        Self { kinds: vec!["none".to_owned()], header: authorization(), template: bearer() }
    }
}

fn authorization() -> String {
    "Authorization".to_owned()
}

fn bearer() -> String {
    "Bearer %ACCESS_TOKEN%".to_owned()
}

/// One of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Success {
    pub(super) any: Option<String>,
    pub(super) statuses: Option<Vec<u16>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    pub(super) schedule: Vec<String>,
    #[serde(default)]
    pub(super) repeat_last: bool,
    pub(super) max_attempts: u32,
    #[serde(default)]
    pub(super) jitter_percent: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suspend {
    pub(super) more_than: u32,
    pub(super) within: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) concurrency: Option<u16>,
    pub(super) transform: Option<String>,
    pub(super) memory: Option<u64>,
}
