//! Small parts that change.

use serde::Serialize;
use transload_model::{self as model, work_order as from};
use transload_plugin::Fault;

use crate::{
    Settings,
    value::{ATTACHMENT_ID_CHARS_MAX, Number, TEXT_CHARS_MAX, Time, amount, bounded},
};

/// A file.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attachment {
    attachment_id: String,
    name: Option<String>,
    mime_type: Option<String>,
    size: Option<u64>,
    subtype: Option<String>,
}

/// What was repaired.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RepairInfo {
    code_id: Option<i64>,
    code: Option<String>,
    category_id: Option<i64>,
    category: Option<String>,
}

/// What the company adds of its own.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CustomField {
    id: i64,
    value: Option<String>,
}

/// What the customer says about the work.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Feedback {
    time_stamp: Time,
    actor: Option<String>,
    comment: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
}

/// A quote.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Quote {
    amount: Option<Number>,
    quote_status: &'static str,
    comment: Option<String>,
}

impl Attachment {
    pub(crate) fn new(path: &str, attachment: from::Attachment) -> Result<Self, Fault> {
        let from::Attachment { id, name, media_type, bytes, subtype } = attachment;
        let attachment_id = bounded(&format!("{path}.id"), id, ATTACHMENT_ID_CHARS_MAX)?;
        Ok(Self { attachment_id, name, mime_type: media_type, size: bytes, subtype })
    }
}

impl From<from::RepairInfo> for RepairInfo {
    fn from(repair: from::RepairInfo) -> Self {
        let from::RepairInfo { code_id, code, category_id, category } = repair;
        Self { code_id, code, category_id, category }
    }
}

impl Feedback {
    /// What was said, at the time of the action where it does not say when.
    pub(crate) fn new(feedback: from::Feedback, action_date: model::DateTime) -> Self {
        let from::Feedback { given_at, actor, comment, kind } = feedback;
        Self { time_stamp: Time(given_at.unwrap_or(action_date)), actor, comment, kind }
    }
}

impl Quote {
    pub(crate) fn new(path: &str, quote: from::Quote, settings: &Settings) -> Result<Self, Fault> {
        let money = |money| amount(&format!("{path}.amount"), money, settings);
        let text = |text| bounded(&format!("{path}.comment"), text, TEXT_CHARS_MAX);
        Ok(Self {
            amount: quote.amount.map(money).transpose()?,
            quote_status: match quote.status {
                from::QuoteStatus::Requested => "Requested",
                from::QuoteStatus::Submitted => "Submitted",
                from::QuoteStatus::Approved => "Approved",
                from::QuoteStatus::Rejected => "Rejected",
            },
            comment: quote.comment.map(text).transpose()?,
        })
    }
}

pub(crate) fn custom_fields(values: Vec<from::CustomValue>) -> Vec<CustomField> {
    values.into_iter().map(|from::CustomValue { id, value }| CustomField { id, value }).collect()
}
