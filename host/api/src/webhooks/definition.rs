//! A webhook's definition as it is posted.
//!
//! It is the definition that doo documents, member for member, and then what only we have: `plugin`, `settings`,
//! `filter` and `limits`. A member that is not known is refused, so that a misspelt one is not one left out.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A webhook's definition, its shape checked and its meaning not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a webhook's definition, a JSON object")]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) description: Option<String>,
    #[serde(rename = "organizationId")]
    pub(super) organization_id: Option<String>,
    pub(super) plugin: Option<String>,
    pub(super) hooks: Vec<HookDefinition>,
    pub(super) authentication: Option<AuthenticationDefinition>,
    /// Kept as the text that came in, so that numbers keep their digits.
    pub(super) settings: Option<Box<RawValue>>,
    pub(super) filter: Option<FilterDefinition>,
    pub(super) limits: Option<LimitsDefinition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a hook, a JSON object")]
pub(super) struct HookDefinition {
    pub(super) r#type: String,
    pub(super) method: Option<String>,
    pub(super) endpoint: String,
}

/// Our own form has `type`; doo's has `grant_type`, `endpoint`, `credentials` and `header_format`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "an authentication, a JSON object")]
pub(super) struct AuthenticationDefinition {
    pub(super) r#type: Option<String>,
    pub(super) token: Option<String>,
    pub(super) header: Option<String>,
    pub(super) header_value_format: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) grant_type: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) credentials: Option<serde::de::IgnoredAny>,
    pub(super) header_format: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a filter, a JSON object")]
pub(super) struct FilterDefinition {
    pub(super) types: Vec<String>,
    pub(super) sources: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "limits, a JSON object")]
pub(super) struct LimitsDefinition {
    pub(super) concurrency: Option<u64>,
}
