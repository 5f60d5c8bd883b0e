//! What can happen to a work order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DateTime, Money};

/// What was repaired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepairInfo {
    /// The repair code's number in the vendor's system.
    pub code_id: Option<i64>,
    /// The repair code.
    pub code: Option<String>,
    /// The category's number in the vendor's system.
    pub category_id: Option<i64>,
    /// The category.
    pub category: Option<String>,
}

/// What a company adds of its own to a work order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomValue {
    /// The field's number in the vendor's system.
    pub id: i64,
    /// Its value.
    pub value: Option<String>,
}

/// What the customer says about the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Feedback {
    /// When; the event's time where absent.
    pub given_at: Option<DateTime>,
    /// Who.
    pub actor: Option<String>,
    /// What was said.
    pub comment: Option<String>,
    /// Whether it was good, in the vendor's words.
    pub kind: Option<String>,
}

/// A quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// What it comes to.
    pub amount: Option<Money>,
    /// How far it is.
    pub status: QuoteStatus,
    /// What was said about it.
    pub comment: Option<String>,
}

/// How far a quote is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuoteStatus {
    /// The customer wants one.
    Requested,
    /// The provider has made one.
    Submitted,
    /// The customer agrees.
    Approved,
    /// The customer does not agree.
    Rejected,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// How far it is, in the vendor's words.
    pub status: String,
    /// The number under which payment was authorized.
    pub authorization_number: Option<String>,
    /// The number of the check that paid it.
    pub check_number: Option<String>,
    /// What was authorized or paid.
    pub amount: Option<Money>,
    /// When it was paid.
    pub paid_at: Option<DateTime>,
}

/// A file that belongs to a work order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Its id in the vendor's system.
    pub id: String,
    /// Its file name.
    pub name: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its size.
    pub bytes: Option<u64>,
    /// The kind of file, in the vendor's words.
    pub subtype: Option<String>,
}

/// The note of a work order that the customer does not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InternalNote {
    /// What it says now.
    pub text: String,
    /// Who wrote it.
    pub updated_by: Option<String>,
}

/// A procedure that was marked as not applicable, or unmarked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureMark {
    /// Its number in the vendor's system.
    pub procedure_id: i64,
    /// Whether it is not applicable.
    pub not_applicable: bool,
}
