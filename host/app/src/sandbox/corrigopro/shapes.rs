//! What CorrigoPro's notifications look like.
//!
//! Source: the pages of CorrigoPro Direct about received updates, one for each action. The work order is known only
//! as far as the vendor's page could be read, so nothing is said about what stands behind `Contact`. A member must be
//! there; a part that a sender may well not know may be `null`.

use crate::sandbox::{
    scalar::Scalar,
    shape::{
        Member,
        Shape::{self, Anything, Bool, Form, Integer, List, Nullable, Number, Object, Text, Word},
        may, must,
    },
};

const TEXT_OR_NULL: Shape = Nullable(&Text);
const MOMENT: Shape = Form(Scalar::Moment);
const MOMENT_OR_NULL: Shape = Nullable(&MOMENT);

/// What stands beside an action's own members.
pub(super) const NOTIFICATION: &[Member] = &[must("Header", HEADER)];

const HEADER: Shape = Object(&[
    must("WorkOrderId", Integer),
    must("BranchId", Integer),
    must("Sender", SENDER),
    must("Action", Text),
    must("ActionDate", Form(Scalar::SevenDigits)),
    must("ApiVersion", Word(&["1.0", "1.1"])),
    must("MessageId", Form(Scalar::Uuid)),
]);

const SENDER: Shape = Object(&[
    must("Name", Text),
    must("Phone", TEXT_OR_NULL),
    must("Type", Word(&["CorrigoPro", "Customer"])),
]);

/// The actions whose bodies are known, and the members of each beside `Header`.
pub(super) const ACTIONS: &[(&str, &[Member])] = &[
    ("NewWorkOrder", &[must("Details", DETAILS), may("Attachments", Nullable(&List(&Anything)))]),
    ("Accepted", &[must("Status", Word(&["Accepted"])), may("Comment", TEXT_OR_NULL)]),
    ("Rejected", &[must("Status", Word(&["Rejected"])), must("Comment", Text)]),
    ("Recalled", &[must("Status", Word(&["Recalled"])), may("Comment", TEXT_OR_NULL)]),
    ("Reopened", &[must("Status", Word(&["New"])), may("Comment", TEXT_OR_NULL)]),
    ("PutOnHold", &[must("Status", Word(&["OnHold"])), must("Comment", Text)]),
    (
        "CheckedIn",
        &[
            must("Status", Word(&["CheckedIn"])),
            must("Location", LOCATION),
            may("Comment", TEXT_OR_NULL),
        ],
    ),
    (
        "Paused",
        &[
            must("Status", Word(&["Paused"])),
            must("Location", LOCATION),
            may("Comment", TEXT_OR_NULL),
        ],
    ),
    (
        "CheckedOut",
        &[
            may("Status", Word(&["CheckedOut"])),
            must("Comment", TEXT_OR_NULL),
            must("Location", LOCATION),
            may("Procedures", Anything),
            may("CheckList", Anything),
            may("RepairInfo", Nullable(&REPAIR_INFO)),
            may("CustomFields", Nullable(&List(&CUSTOM_FIELD))),
        ],
    ),
    (
        "NeedsCompletionDetails",
        &[must("Status", Word(&["NeedsCompletionDetails"])), may("Comment", TEXT_OR_NULL)],
    ),
    (
        "CompletionInfoChanged",
        &[
            must("Comment", TEXT_OR_NULL),
            may("RepairInfo", Nullable(&REPAIR_INFO)),
            may("CustomFields", Nullable(&List(&CUSTOM_FIELD))),
        ],
    ),
    ("WorkVerified", &[must("Status", Word(&["Verified"])), must("Feedback", FEEDBACK)]),
    ("QuoteChanged", &[must("Quote", QUOTE)]),
    ("NteChanged", &[must("Amount", Number)]),
    ("SlaChanged", &[must("Sla", SLA)]),
    (
        "InvoiceStatusChanged",
        &[
            must("Status", Text),
            may("Comment", TEXT_OR_NULL),
            may("AuthNumber", TEXT_OR_NULL),
            may("CheckNumber", TEXT_OR_NULL),
            may("Amount", Nullable(&Number)),
            may("PaidDate", MOMENT_OR_NULL),
        ],
    ),
    ("MessageSent", &[must("Text", Text)]),
    (
        "AttachmentAdded",
        &[
            must("AttachmentId", Text),
            must("Name", Text),
            must("MimeType", Text),
            must("Size", Integer),
            may("Subtype", TEXT_OR_NULL),
        ],
    ),
    ("AttachmentRemoved", &[must("AttachmentId", Text)]),
    (
        "InternalNoteChanged",
        &[
            must("InternalNote", Text),
            may("UpdatedBy", TEXT_OR_NULL),
            must("ActionDate", Form(Scalar::SevenDigits)),
        ],
    ),
    ("ProcedureMarked", &[must("ProcedureId", Integer), must("IsMarkedNa", Bool)]),
    // The page about it was read without its action's name, which is taken from the page's title.
    ("ProcedureUpdated", &[must("ProcedureUpdates", List(&PROCEDURE_UPDATE))]),
    ("ProcedureStepUpdated", &[must("ProcedureId", Integer), must("Steps", List(&STEP))]),
    ("CheckListMigratedToProcedure", &[must("ProcedureId", Integer), must("Steps", List(&STEP))]),
    ("CheckListUpdated", &[must("CheckList", List(&CHECK))]),
];

const DETAILS: Shape = Object(&[
    must("WorkOrderNumber", Text),
    must("WorkOrderId", Integer),
    must("Schedule", Nullable(&SCHEDULE)),
    must("Type", TEXT_OR_NULL),
    may("AccompanyingMessage", TEXT_OR_NULL),
    must("Nte", Nullable(&NTE)),
    must("Sla", Nullable(&SLA)),
    must("WorkDetails", WORK_DETAILS),
    must("Contact", Nullable(&CONTACT)),
]);

const SCHEDULE: Shape = Object(&[must("ScheduledStart", MOMENT_OR_NULL), may("Pte", TEXT_OR_NULL)]);

const NTE: Shape = Object(&[must("Amount", Number), may("Quote", Anything)]);

const SLA: Shape = Object(&[
    must("DueDate", MOMENT_OR_NULL),
    must("OnSiteBy", MOMENT_OR_NULL),
    must("AcknowledgeBy", MOMENT_OR_NULL),
    may("PriorityId", Nullable(&Integer)),
    must("PriorityName", TEXT_OR_NULL),
    must("IsEmergency", Bool),
]);

const WORK_DETAILS: Shape = Object(&[
    may("CheckList", Nullable(&List(&CHECK))),
    may("Procedures", Anything),
    may("Assets", Nullable(&List(&ASSET))),
]);

const CHECK: Shape = Object(&[
    must("SortingIndex", Integer),
    must("Description", Text),
    must("Id", Integer),
    must("Comment", TEXT_OR_NULL),
    must("Exception", TEXT_OR_NULL),
    must("IsDone", Bool),
]);

const ASSET: Shape = Object(&[
    must("Id", Integer),
    must("Path", TEXT_OR_NULL),
    must("Task", TEXT_OR_NULL),
    must("AssetName", TEXT_OR_NULL),
    must("Comment", TEXT_OR_NULL),
]);

const CONTACT: Shape = Object(&[
    must("FullName", TEXT_OR_NULL),
    may("ContactAt", TEXT_OR_NULL),
    must("Phones", List(&Text)),
    must("Emails", List(&Text)),
]);

const LOCATION: Shape = Object(&[must("Latitude", Number), must("Longitude", Number)]);

const FEEDBACK: Shape = Object(&[
    must("TimeStamp", MOMENT),
    must("Actor", TEXT_OR_NULL),
    must("Comment", TEXT_OR_NULL),
    must("Type", Text),
]);

const QUOTE: Shape =
    Object(&[must("Amount", Number), must("QuoteStatus", Text), must("Comment", TEXT_OR_NULL)]);

const REPAIR_INFO: Shape = Object(&[
    must("CodeId", Nullable(&Integer)),
    must("Code", TEXT_OR_NULL),
    must("CategoryId", Nullable(&Integer)),
    must("Category", TEXT_OR_NULL),
]);

const CUSTOM_FIELD: Shape = Object(&[must("Id", Integer), must("Value", Text)]);

const PROCEDURE_UPDATE: Shape = Object(&[must("Procedure", Anything), must("UpdateType", Text)]);

const STEP: Shape = Object(&[
    must("Id", Integer),
    must("Status", Word(&["Unknown", "Open", "NA", "Done"])),
    must("Value", TEXT_OR_NULL),
    must("Comment", TEXT_OR_NULL),
    may("Currency", TEXT_OR_NULL),
]);
