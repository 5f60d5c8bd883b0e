//! What a webhook can set.

use schemars::JsonSchema;
use transload_model::Currency;
use transload_plugin::prelude::*;

/// What a webhook can set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The branch of work orders whose events name none.
    pub branch_id: Option<i64>,
    /// Who is named where an event does not say who acted.
    pub sender: Option<Sender>,
    /// The currency of all amounts. CorrigoPro's have none, so an amount in another one is refused.
    pub currency: Option<Currency>,
}

/// Who is named where an event does not say who acted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// Name.
    pub name: String,
    /// Telephone number, best as in E.164: `+12025550141`.
    pub phone: Option<String>,
}
