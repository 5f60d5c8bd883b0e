//! The actions that a notification can be about.

use transload_model::work_order::Role;

/// What happened to a work order, as the vendor names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    NewWorkOrder,
    Accepted,
    Rejected,
    Recalled,
    Reopened,
    PutOnHold,
    CheckedIn,
    Paused,
    CheckedOut,
    NeedsCompletionDetails,
    CompletionInfoChanged,
    WorkVerified,
    QuoteChanged,
    NteChanged,
    SlaChanged,
    InvoiceStatusChanged,
    MessageSent,
    AttachmentAdded,
    AttachmentRemoved,
    InternalNoteChanged,
    ProcedureMarked,
    ProcedureUpdated,
    ProcedureStepUpdated,
    CheckListMigratedToProcedure,
    CheckListUpdated,
}

/// Event type, action, the vendor's name of it, and on which side the one stands who does it where the event does not
/// say. Where both sides can do it, the provider is taken.
#[rustfmt::skip]
const TABLE: [(&str, Action, &str, Role); 25] = {
    use Action as A;
    use Role::{Customer, Provider};
    [
        ("work_order.created", A::NewWorkOrder, "NewWorkOrder", Customer),
        ("work_order.accepted", A::Accepted, "Accepted", Provider),
        ("work_order.rejected", A::Rejected, "Rejected", Provider),
        ("work_order.recalled", A::Recalled, "Recalled", Customer),
        ("work_order.reopened", A::Reopened, "Reopened", Provider),
        ("work_order.put_on_hold", A::PutOnHold, "PutOnHold", Customer),
        ("work_order.checked_in", A::CheckedIn, "CheckedIn", Provider),
        ("work_order.paused", A::Paused, "Paused", Provider),
        ("work_order.checked_out", A::CheckedOut, "CheckedOut", Provider),
        ("work_order.completion_details_needed", A::NeedsCompletionDetails, "NeedsCompletionDetails", Provider),
        ("work_order.completion_info_changed", A::CompletionInfoChanged, "CompletionInfoChanged", Provider),
        ("work_order.verified", A::WorkVerified, "WorkVerified", Customer),
        ("work_order.quote_changed", A::QuoteChanged, "QuoteChanged", Provider),
        ("work_order.nte_changed", A::NteChanged, "NteChanged", Customer),
        ("work_order.sla_changed", A::SlaChanged, "SlaChanged", Customer),
        ("work_order.invoice_status_changed", A::InvoiceStatusChanged, "InvoiceStatusChanged", Customer),
        ("work_order.message_sent", A::MessageSent, "MessageSent", Provider),
        ("work_order.attachment_added", A::AttachmentAdded, "AttachmentAdded", Provider),
        ("work_order.attachment_removed", A::AttachmentRemoved, "AttachmentRemoved", Customer),
        ("work_order.internal_note_changed", A::InternalNoteChanged, "InternalNoteChanged", Provider),
        ("work_order.procedure_marked", A::ProcedureMarked, "ProcedureMarked", Provider),
        ("work_order.procedure_updated", A::ProcedureUpdated, "ProcedureUpdated", Customer),
        ("work_order.procedure_step_updated", A::ProcedureStepUpdated, "ProcedureStepUpdated", Provider),
        ("work_order.check_list_migrated", A::CheckListMigratedToProcedure, "CheckListMigratedToProcedure", Provider),
        ("work_order.check_list_updated", A::CheckListUpdated, "CheckListUpdated", Provider),
    ]
};

impl Action {
    /// The action that an event of this type is about.
    pub(crate) fn of(event_type: &str) -> Option<Self> {
        let row = TABLE.iter().find(|(known, ..)| *known == event_type);
        row.map(|(_, action, ..)| *action)
    }

    /// The vendor's name of it.
    pub(crate) fn name(self) -> &'static str {
        TABLE[self as usize].2
    }

    /// On which side the one stands who does it, where the event does not say.
    pub(crate) fn usual_role(self) -> Role {
        TABLE[self as usize].3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stands_at_the_place_of_its_action() {
        for (place, (event_type, action, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*action as usize, place, "{event_type}");
            assert_eq!(Action::of(event_type), Some(*action));
        }
        assert_eq!(Action::of("work_order.painted"), None);
    }
}
