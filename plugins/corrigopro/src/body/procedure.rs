//! Procedures and check lists.

use serde::Serialize;
use transload_model::work_order as from;

/// A procedure.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Procedure {
    id: i64,
    order: i64,
    name: String,
    allow_mark_not_applicable: bool,
    status: Option<String>,
    asset: Option<Asset>,
    steps: Vec<FullStep>,
}

/// A step of a procedure as the procedure shows it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FullStep {
    id: i64,
    order: Option<i64>,
    status: Option<String>,
    is_required: bool,
    description: Option<String>,
    step_type: Option<String>,
    value: Option<String>,
    comment: Option<String>,
    flag_reason: Option<String>,
    label: Option<String>,
    data_type: Option<String>,
    currency: Option<String>,
}

/// A step of a procedure that has changed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Step {
    id: i64,
    status: Option<String>,
    value: Option<String>,
    comment: Option<String>,
    currency: Option<String>,
}

/// A procedure that was added, changed or removed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProcedureUpdate {
    procedure: Procedure,
    update_type: String,
}

/// Something that is worked on.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Asset {
    id: i64,
    path: Option<String>,
    task: Option<String>,
    asset_name: Option<String>,
    comment: Option<String>,
}

/// An entry of a check list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CheckListEntry {
    sorting_index: i64,
    description: String,
    id: i64,
    comment: Option<String>,
    exception: Option<String>,
    is_done: bool,
}

pub(crate) fn procedures(list: Vec<from::Procedure>) -> Vec<Procedure> {
    list.into_iter().map(Procedure::from).collect()
}

pub(crate) fn check_list(list: Vec<from::CheckListEntry>) -> Vec<CheckListEntry> {
    list.into_iter().map(CheckListEntry::from).collect()
}

impl From<from::Procedure> for Procedure {
    fn from(procedure: from::Procedure) -> Self {
        Self {
            id: procedure.id,
            order: procedure.order,
            name: procedure.name,
            allow_mark_not_applicable: procedure.can_be_not_applicable,
            status: procedure.status,
            asset: procedure.asset.map(Asset::from),
            steps: procedure.steps.into_iter().map(FullStep::from).collect(),
        }
    }
}

impl From<from::Step> for FullStep {
    fn from(step: from::Step) -> Self {
        Self {
            id: step.id,
            order: step.order,
            status: step.status,
            is_required: step.required,
            description: step.description,
            step_type: step.kind,
            value: step.value,
            comment: step.comment,
            flag_reason: step.flag_reason,
            label: step.label,
            data_type: step.data_type,
            currency: step.currency,
        }
    }
}

impl From<from::Step> for Step {
    fn from(step: from::Step) -> Self {
        let from::Step { id, status, value, comment, currency, .. } = step;
        Self { id, status, value, comment, currency }
    }
}

impl From<from::ProcedureUpdate> for ProcedureUpdate {
    fn from(update: from::ProcedureUpdate) -> Self {
        Self { procedure: update.procedure.into(), update_type: update.kind }
    }
}

impl From<from::Asset> for Asset {
    fn from(asset: from::Asset) -> Self {
        let from::Asset { id, name, path, task, comment } = asset;
        Self { id, path, task, asset_name: name, comment }
    }
}

impl From<from::CheckListEntry> for CheckListEntry {
    fn from(entry: from::CheckListEntry) -> Self {
        let from::CheckListEntry { id, order, description, comment, exception, done } = entry;
        Self { sorting_index: order, description, id, comment, exception, is_done: done }
    }
}
