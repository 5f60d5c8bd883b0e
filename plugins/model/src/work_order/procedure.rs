//! What is to be done step by step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asset;

/// A procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Procedure {
    /// Its number in the vendor's system.
    pub id: i64,
    /// Which one it is, from the vendor's count.
    pub order: i64,
    /// Its name.
    pub name: String,
    /// How far it is, in the vendor's words.
    pub status: Option<String>,
    /// Whether it can be marked as not applicable. Absent means no.
    #[serde(default)]
    pub can_be_not_applicable: bool,
    /// On what.
    pub asset: Option<Asset>,
    /// Its steps.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A step of a procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its number in the vendor's system.
    pub id: i64,
    /// Which one it is, from the vendor's count.
    pub order: Option<i64>,
    /// How far it is, in the vendor's words.
    pub status: Option<String>,
    /// Whether it must be done. Absent means no.
    #[serde(default)]
    pub required: bool,
    /// What is to be done.
    pub description: Option<String>,
    /// The kind of step, in the vendor's words.
    pub kind: Option<String>,
    /// What was found.
    pub value: Option<String>,
    /// What was said about it.
    pub comment: Option<String>,
    /// Why it was flagged.
    pub flag_reason: Option<String>,
    /// What stands beside the value.
    pub label: Option<String>,
    /// The kind of value, in the vendor's words.
    pub data_type: Option<String>,
    /// The value's currency, where it is an amount.
    pub currency: Option<String>,
}

/// A procedure that was added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureUpdate {
    /// The procedure.
    pub procedure: Procedure,
    /// What was done, in the vendor's words.
    pub kind: String,
}

/// Steps of one procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureSteps {
    /// The procedure's number in the vendor's system.
    pub procedure_id: i64,
    /// The steps.
    pub steps: Vec<Step>,
}

/// An entry of a check list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckListEntry {
    /// Its number in the vendor's system.
    pub id: i64,
    /// Which one it is, from the vendor's count.
    pub order: i64,
    /// What is to be checked.
    pub description: String,
    /// What was said about it.
    pub comment: Option<String>,
    /// Why it was not done.
    pub exception: Option<String>,
    /// Whether it was done. Absent means no.
    #[serde(default)]
    pub done: bool,
}
