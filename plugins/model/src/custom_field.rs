//! What a company adds of its own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Custom fields by name; a name is free text.
pub type CustomFields = BTreeMap<String, CustomField>;

/// A value that a company adds of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomField {
    /// The value, or its encoded form.
    pub value: String,
    /// Its media type, where it is not plain text.
    pub media_type: Option<String>,
    /// How it is encoded, where it is. What is inside is passed on as it is and never decoded.
    pub encoding: Option<Encoding>,
}

/// How a custom field's value is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Base64, RFC 4648 section 4.
    Base64,
}
