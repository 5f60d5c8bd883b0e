//! A webhook's definition as it is posted.
//!
//! It is the definition that doo documents, member for member, and then what only we have. A member that is not known
//! is refused, so that a misspelt one is not one left out.

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
    pub(super) signing: Option<SigningDefinition>,
    /// Kept as the text that came in, so that numbers keep their digits.
    pub(super) settings: Option<Box<RawValue>>,
    pub(super) filter: Option<FilterDefinition>,
    pub(super) limits: Option<LimitsDefinition>,
    pub(super) ordering: Option<String>,
    pub(super) success: Option<SuccessDefinition>,
    pub(super) final_statuses: Option<Vec<u16>>,
    pub(super) retry: Option<RetryDefinition>,
    pub(super) suspend: Option<SuspendDefinition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a hook, a JSON object")]
pub(super) struct HookDefinition {
    pub(super) r#type: String,
    pub(super) method: Option<String>,
    pub(super) endpoint: String,
}

/// Our own form has `type`; doo's has `grant_type`, `credentials` and `header_format`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "an authentication, a JSON object")]
pub(super) struct AuthenticationDefinition {
    pub(super) r#type: Option<String>,
    pub(super) token: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) client_authentication: Option<String>,
    pub(super) header: Option<String>,
    pub(super) header_value_format: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) grant_type: Option<String>,
    pub(super) credentials: Option<CredentialsDefinition>,
    pub(super) header_format: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "client_id and client_secret, a JSON object")]
pub(super) struct CredentialsDefinition {
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a signing, a JSON object")]
pub(super) struct SigningDefinition {
    pub(super) r#type: Option<String>,
    pub(super) scheme: Option<String>,
    pub(super) secret: Option<String>,
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

/// One of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "{\"any\": \"2xx\"} or {\"statuses\": [200]}")]
pub(super) struct SuccessDefinition {
    pub(super) any: Option<String>,
    pub(super) statuses: Option<Vec<u16>>,
}

/// What is left out is as the plugin's vendor has it.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a retry policy such as {\"schedule\": [\"1m\", \"15m\"], \"max_attempts\": 5}"
)]
pub(super) struct RetryDefinition {
    pub(super) schedule: Option<Vec<String>>,
    pub(super) repeat_last: Option<bool>,
    pub(super) max_attempts: Option<u64>,
    pub(super) jitter_percent: Option<u64>,
}

/// `never`, or a rule; what is left out of a rule is as the plugin's vendor has it.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "{\"never\": true} or a rule such as {\"more_than\": 3, \"within\": \"6h\"}"
)]
pub(super) struct SuspendDefinition {
    pub(super) never: Option<bool>,
    pub(super) more_than: Option<u64>,
    pub(super) within: Option<String>,
}
