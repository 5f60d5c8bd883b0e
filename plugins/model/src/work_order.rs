//! Work orders: `work_order.created`, `work_order.accepted`, ...
//!
//! All of them have one form, [`WorkOrderEvent`]; which parts are there depends on what happened. The parts are made
//! after what the providers of maintenance software exchange about a work order.

mod change;
mod details;
mod procedure;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DateTime, Decimal, Money};

pub use self::{
    change::{
        Attachment, CustomValue, Feedback, InternalNote, Invoice, ProcedureMark, Quote,
        QuoteStatus, RepairInfo,
    },
    details::{Asset, Nte, Schedule, SiteContact, Sla, WorkDetails, WorkOrder},
    procedure::{CheckListEntry, Procedure, ProcedureSteps, ProcedureUpdate, Step},
};

/// What happened to a work order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkOrderEvent {
    /// Which work order, by its number in the vendor's system.
    pub work_order_id: i64,
    /// Which branch it belongs to, by its number in the vendor's system.
    pub branch_id: Option<i64>,
    /// When it happened; the event's time where absent.
    pub occurred_at: Option<DateTime>,
    /// Who did it.
    pub actor: Option<Actor>,
    /// What was said with it.
    pub comment: Option<String>,
    /// Where it happened.
    pub location: Option<Location>,
    /// The work order itself, of a new one.
    pub work_order: Option<WorkOrder>,
    /// Files that came with a new work order.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The file that was added or removed.
    pub attachment: Option<Attachment>,
    /// The procedures as they were when the technician left.
    pub procedures: Option<Vec<Procedure>>,
    /// The procedures that were added, changed or removed.
    pub procedure_updates: Option<Vec<ProcedureUpdate>>,
    /// The steps of a procedure that were done or came from a check list.
    pub procedure_steps: Option<ProcedureSteps>,
    /// The procedure that was marked as not applicable, or unmarked.
    pub procedure_mark: Option<ProcedureMark>,
    /// The check list as it is now.
    pub check_list: Option<Vec<CheckListEntry>>,
    /// What was repaired.
    pub repair: Option<RepairInfo>,
    /// What the company adds of its own.
    pub custom_values: Option<Vec<CustomValue>>,
    /// What the customer says about the work.
    pub feedback: Option<Feedback>,
    /// The quote as it is now.
    pub quote: Option<Quote>,
    /// The most that the work may cost ("not to exceed"), as it is now.
    pub nte: Option<Money>,
    /// The agreed times, as they are now.
    pub sla: Option<Sla>,
    /// The invoice as it is now.
    pub invoice: Option<Invoice>,
    /// The message that was sent.
    pub message: Option<String>,
    /// The internal note as it is now.
    pub internal_note: Option<InternalNote>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// On which side.
    pub role: Option<Role>,
}

/// On which side of a work order somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Has the work done.
    Customer,
    /// Does it.
    Provider,
}

/// A place on earth, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// Degrees to the north.
    pub latitude: Decimal,
    /// Degrees to the east.
    pub longitude: Decimal,
}
