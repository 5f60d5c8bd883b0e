//! The work order itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CheckListEntry, Procedure, Quote};
use crate::{DateTime, Money};

/// A work order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkOrder {
    /// The number that people use.
    pub number: String,
    /// The kind of work, in the vendor's words.
    pub kind: Option<String>,
    /// What the customer writes with it.
    pub message: Option<String>,
    /// When it is to be done.
    pub schedule: Option<Schedule>,
    /// The most that it may cost.
    pub nte: Option<Nte>,
    /// The agreed times.
    pub sla: Option<Sla>,
    /// What is to be done.
    #[serde(default)]
    pub work: WorkDetails,
    /// Who is there.
    pub contact: Option<SiteContact>,
}

/// When work is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// When it begins.
    pub start: Option<DateTime>,
    /// What must happen before somebody enters, in the vendor's words ("permission to enter").
    pub permission_to_enter: Option<String>,
}

/// The most that work may cost ("not to exceed").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nte {
    /// The amount.
    pub amount: Money,
    /// The quote that it came from.
    pub quote: Option<Quote>,
}

/// The agreed times ("service level agreement").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sla {
    /// Until when the work is to be done.
    pub due_at: Option<DateTime>,
    /// Until when somebody is to be there.
    pub on_site_by: Option<DateTime>,
    /// Until when the work order is to be answered.
    pub acknowledge_by: Option<DateTime>,
    /// The priority's number in the vendor's system.
    pub priority_id: Option<i64>,
    /// The priority's name.
    pub priority_name: Option<String>,
    /// Whether it is an emergency. Absent means no.
    #[serde(default)]
    pub emergency: bool,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkDetails {
    /// What is to be checked.
    pub check_list: Option<Vec<CheckListEntry>>,
    /// What is to be done step by step.
    pub procedures: Option<Vec<Procedure>>,
    /// On what.
    #[serde(default)]
    pub assets: Vec<Asset>,
}

/// Something that is worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// Its number in the vendor's system.
    pub id: i64,
    /// Its name.
    pub name: Option<String>,
    /// Where it is in the tree of assets.
    pub path: Option<String>,
    /// What is to be done with it.
    pub task: Option<String>,
    /// What was said about it.
    pub comment: Option<String>,
}

/// Who is there when the work is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteContact {
    /// Name.
    pub name: Option<String>,
    /// How best to reach them.
    pub contact_at: Option<String>,
    /// Telephone numbers.
    #[serde(default)]
    pub phones: Vec<String>,
    /// E-mail addresses.
    #[serde(default)]
    pub emails: Vec<String>,
}
