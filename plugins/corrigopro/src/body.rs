//! What each action has beside the header.

mod change;
mod details;
mod procedure;

use serde::Serialize;
use transload_model::{self as model, WorkOrderEvent};
use transload_plugin::{Event, Fault};

use self::{
    change::{Attachment, CustomField, Feedback, Quote, RepairInfo},
    details::{Details, Sla},
    procedure::{CheckListEntry, Procedure, ProcedureUpdate, Step},
};
use crate::{
    Action, Settings, header,
    value::{
        ATTACHMENT_ID_CHARS_MAX, Number, TEXT_CHARS_MAX, Time, UPDATED_BY_CHARS_MAX, amount,
        bounded, required,
    },
};

/// The members beside the header. What is optional and not known is null.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Body {
    #[serde(rename_all = "PascalCase")]
    New {
        details: Box<Details>,
        attachments: Vec<Attachment>,
    },
    #[serde(rename_all = "PascalCase")]
    Status {
        status: &'static str,
        comment: Option<String>,
    },
    #[serde(rename_all = "PascalCase")]
    StatusAtPlace {
        status: &'static str,
        location: Location,
        comment: Option<String>,
    },
    #[serde(rename_all = "PascalCase")]
    StatusAlone {
        status: &'static str,
    },
    #[serde(rename_all = "PascalCase")]
    CheckedOut {
        comment: Option<String>,
        location: Location,
        procedures: Option<Vec<Procedure>>,
        check_list: Option<Vec<CheckListEntry>>,
        repair_info: Option<RepairInfo>,
        custom_fields: Option<Vec<CustomField>>,
    },
    #[serde(rename_all = "PascalCase")]
    Completion {
        comment: Option<String>,
        repair_info: Option<RepairInfo>,
        custom_fields: Option<Vec<CustomField>>,
    },
    #[serde(rename_all = "PascalCase")]
    Verified {
        status: &'static str,
        feedback: Feedback,
    },
    #[serde(rename_all = "PascalCase")]
    Quote {
        quote: Quote,
    },
    #[serde(rename_all = "PascalCase")]
    Nte {
        amount: Number,
    },
    #[serde(rename_all = "PascalCase")]
    Sla {
        sla: Sla,
    },
    #[serde(rename_all = "PascalCase")]
    Invoice {
        status: String,
        comment: Option<String>,
        auth_number: Option<String>,
        check_number: Option<String>,
        amount: Option<Number>,
        paid_date: Option<Time>,
    },
    #[serde(rename_all = "PascalCase")]
    Message {
        text: String,
    },
    Attachment(Attachment),
    #[serde(rename_all = "PascalCase")]
    AttachmentRemoved {
        attachment_id: String,
    },
    #[serde(rename_all = "PascalCase")]
    InternalNote {
        internal_note: String,
        updated_by: Option<String>,
        action_date: Time,
    },
    #[serde(rename_all = "PascalCase")]
    ProcedureMarked {
        procedure_id: i64,
        is_marked_na: bool,
    },
    #[serde(rename_all = "PascalCase")]
    ProcedureUpdates {
        procedure_updates: Vec<ProcedureUpdate>,
    },
    #[serde(rename_all = "PascalCase")]
    Steps {
        procedure_id: i64,
        steps: Vec<Step>,
    },
    #[serde(rename_all = "PascalCase")]
    CheckList {
        check_list: Vec<CheckListEntry>,
    },
}

/// Where it happened.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Location {
    latitude: Number,
    longitude: Number,
}

/// What this action has beside the header.
///
/// # Errors
/// [`Fault::InvalidEvent`] when the action cannot do without something that the event does not have.
pub(crate) fn of(
    action: Action,
    event: Event<WorkOrderEvent>,
    settings: &Settings,
) -> Result<Body, Fault> {
    let action_date = header::action_date(&event)?;
    let data = event.data;
    let comment =
        data.comment.map(|text| bounded("data.comment", text, TEXT_CHARS_MAX)).transpose()?;
    let status = |status, comment| Ok(Body::Status { status, comment });
    let status_with_comment = |status, comment| {
        Ok(Body::Status { status, comment: Some(required("data.comment", comment)?) })
    };
    match action {
        Action::NewWorkOrder => Ok(Body::New {
            details: Box::new(Details::new(
                data.work_order_id,
                required("data.work_order", data.work_order)?,
                settings,
            )?),
            attachments: attachments(data.attachments)?,
        }),
        Action::Accepted => status("Accepted", comment),
        Action::Rejected => status_with_comment("Rejected", comment),
        Action::Recalled => status("Recalled", comment),
        Action::Reopened => status("New", comment),
        Action::PutOnHold => status_with_comment("OnHold", comment),
        Action::CheckedIn => at_place("CheckedIn", data.location, comment),
        Action::Paused => at_place("Paused", data.location, comment),
        Action::CheckedOut => Ok(Body::CheckedOut {
            comment,
            location: location(data.location)?,
            procedures: data.procedures.map(procedure::procedures),
            check_list: data.check_list.map(procedure::check_list),
            repair_info: data.repair.map(RepairInfo::from),
            custom_fields: data.custom_values.map(change::custom_fields),
        }),
        Action::NeedsCompletionDetails => {
            Ok(Body::StatusAlone { status: "NeedsCompletionDetails" })
        }
        Action::CompletionInfoChanged => Ok(Body::Completion {
            comment: Some(required("data.comment", comment)?),
            repair_info: data.repair.map(RepairInfo::from),
            custom_fields: data.custom_values.map(change::custom_fields),
        }),
        Action::WorkVerified => Ok(Body::Verified {
            status: "Verified",
            feedback: Feedback::new(required("data.feedback", data.feedback)?, action_date),
        }),
        Action::QuoteChanged => Ok(Body::Quote {
            quote: Quote::new("data.quote", required("data.quote", data.quote)?, settings)?,
        }),
        Action::NteChanged => {
            Ok(Body::Nte { amount: amount("data.nte", required("data.nte", data.nte)?, settings)? })
        }
        Action::SlaChanged => Ok(Body::Sla { sla: required("data.sla", data.sla)?.into() }),
        Action::InvoiceStatusChanged => {
            invoice(required("data.invoice", data.invoice)?, comment, settings)
        }
        Action::MessageSent => {
            let text = required("data.message", data.message)?;
            Ok(Body::Message { text: bounded("data.message", text, TEXT_CHARS_MAX)? })
        }
        Action::AttachmentAdded => {
            let attachment = required("data.attachment", data.attachment)?;
            required("data.attachment.name", attachment.name.as_ref())?;
            required("data.attachment.media_type", attachment.media_type.as_ref())?;
            required("data.attachment.bytes", attachment.bytes)?;
            Ok(Body::Attachment(Attachment::new("data.attachment", attachment)?))
        }
        Action::AttachmentRemoved => {
            let id = required("data.attachment", data.attachment)?.id;
            let attachment_id = bounded("data.attachment.id", id, ATTACHMENT_ID_CHARS_MAX)?;
            Ok(Body::AttachmentRemoved { attachment_id })
        }
        Action::InternalNoteChanged => {
            let note = required("data.internal_note", data.internal_note)?;
            internal_note(note, Time(action_date))
        }
        Action::ProcedureMarked => {
            let mark = required("data.procedure_mark", data.procedure_mark)?;
            let model::work_order::ProcedureMark { procedure_id, not_applicable } = mark;
            Ok(Body::ProcedureMarked { procedure_id, is_marked_na: not_applicable })
        }
        Action::ProcedureUpdated => {
            let updates = required("data.procedure_updates", data.procedure_updates)?;
            let procedure_updates = updates.into_iter().map(ProcedureUpdate::from).collect();
            Ok(Body::ProcedureUpdates { procedure_updates })
        }
        Action::ProcedureStepUpdated | Action::CheckListMigratedToProcedure => {
            let of = required("data.procedure_steps", data.procedure_steps)?;
            let steps = of.steps.into_iter().map(Step::from).collect();
            Ok(Body::Steps { procedure_id: of.procedure_id, steps })
        }
        Action::CheckListUpdated => {
            let check_list = required("data.check_list", data.check_list)?;
            Ok(Body::CheckList { check_list: procedure::check_list(check_list) })
        }
    }
}

fn at_place(
    status: &'static str,
    place: Option<model::work_order::Location>,
    comment: Option<String>,
) -> Result<Body, Fault> {
    Ok(Body::StatusAtPlace { status, location: location(place)?, comment })
}

fn location(place: Option<model::work_order::Location>) -> Result<Location, Fault> {
    let place = required("data.location", place)?;
    Ok(Location { latitude: Number(place.latitude), longitude: Number(place.longitude) })
}

fn attachments(list: Vec<model::work_order::Attachment>) -> Result<Vec<Attachment>, Fault> {
    let numbered = list.into_iter().enumerate();
    numbered.map(|(no, one)| Attachment::new(&format!("data.attachments[{no}]"), one)).collect()
}

fn invoice(
    invoice: model::work_order::Invoice,
    comment: Option<String>,
    settings: &Settings,
) -> Result<Body, Fault> {
    let path = "data.invoice.amount";
    Ok(Body::Invoice {
        status: invoice.status,
        comment,
        auth_number: invoice.authorization_number,
        check_number: invoice.check_number,
        amount: invoice.amount.map(|money| amount(path, money, settings)).transpose()?,
        paid_date: invoice.paid_at.map(Time),
    })
}

fn internal_note(note: model::work_order::InternalNote, at: Time) -> Result<Body, Fault> {
    let by = note.updated_by;
    let by = by.map(|name| bounded("data.internal_note.updated_by", name, UPDATED_BY_CHARS_MAX));
    Ok(Body::InternalNote {
        internal_note: bounded("data.internal_note.text", note.text, TEXT_CHARS_MAX)?,
        updated_by: by.transpose()?,
        action_date: at,
    })
}
