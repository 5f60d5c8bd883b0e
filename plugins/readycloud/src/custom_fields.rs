//! Custom fields.

use std::collections::BTreeMap;

use serde::Serialize;
use transload_model as model;

/// Custom fields by name, which is free text. Only `value` is always there, as in the document's sample.
#[derive(Serialize)]
pub(crate) struct CustomFields(BTreeMap<String, CustomField>);

#[derive(Serialize)]
struct CustomField {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<model::Encoding>,
}

impl From<model::CustomFields> for CustomFields {
    fn from(fields: model::CustomFields) -> Self {
        let fields = fields.into_iter().map(|(name, field)| {
            let model::CustomField { value, media_type, encoding } = field;
            (name, CustomField { kind: media_type, value, encoding })
        });
        Self(fields.collect())
    }
}
