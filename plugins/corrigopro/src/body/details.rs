//! A new work order.

use serde::Serialize;
use transload_model::work_order as from;
use transload_plugin::Fault;

use super::{
    change::Quote,
    procedure::{self, Asset, CheckListEntry, Procedure},
};
use crate::{
    Settings,
    value::{Number, Time, amount},
};

/// A work order, as far as the vendor's description of it could be read.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Details {
    work_order_number: String,
    work_order_id: i64,
    schedule: Option<Schedule>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    accompanying_message: Option<String>,
    nte: Option<Nte>,
    sla: Option<Sla>,
    work_details: WorkDetails,
    contact: Option<Contact>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Schedule {
    scheduled_start: Option<Time>,
    pte: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Nte {
    amount: Number,
    quote: Option<Quote>,
}

/// The agreed times.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Sla {
    due_date: Option<Time>,
    on_site_by: Option<Time>,
    acknowledge_by: Option<Time>,
    priority_id: Option<i64>,
    priority_name: Option<String>,
    is_emergency: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WorkDetails {
    check_list: Option<Vec<CheckListEntry>>,
    procedures: Option<Vec<Procedure>>,
    assets: Vec<Asset>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Contact {
    full_name: Option<String>,
    contact_at: Option<String>,
    phones: Vec<String>,
    emails: Vec<String>,
}

impl Details {
    pub(crate) fn new(
        work_order_id: i64,
        order: from::WorkOrder,
        settings: &Settings,
    ) -> Result<Self, Fault> {
        Ok(Self {
            work_order_number: order.number,
            work_order_id,
            schedule: order.schedule.map(Schedule::from),
            kind: order.kind,
            accompanying_message: order.message,
            nte: order.nte.map(|nte| Nte::new(nte, settings)).transpose()?,
            sla: order.sla.map(Sla::from),
            work_details: order.work.into(),
            contact: order.contact.map(Contact::from),
        })
    }
}

impl Nte {
    fn new(nte: from::Nte, settings: &Settings) -> Result<Self, Fault> {
        let path = "data.work_order.nte";
        let quote = |quote| Quote::new(&format!("{path}.quote"), quote, settings);
        Ok(Self {
            amount: amount(&format!("{path}.amount"), nte.amount, settings)?,
            quote: nte.quote.map(quote).transpose()?,
        })
    }
}

impl From<from::Schedule> for Schedule {
    fn from(schedule: from::Schedule) -> Self {
        let from::Schedule { start, permission_to_enter } = schedule;
        Self { scheduled_start: start.map(Time), pte: permission_to_enter }
    }
}

impl From<from::Sla> for Sla {
    fn from(sla: from::Sla) -> Self {
        Self {
            due_date: sla.due_at.map(Time),
            on_site_by: sla.on_site_by.map(Time),
            acknowledge_by: sla.acknowledge_by.map(Time),
            priority_id: sla.priority_id,
            priority_name: sla.priority_name,
            is_emergency: sla.emergency,
        }
    }
}

impl From<from::WorkDetails> for WorkDetails {
    fn from(work: from::WorkDetails) -> Self {
        Self {
            check_list: work.check_list.map(procedure::check_list),
            procedures: work.procedures.map(procedure::procedures),
            assets: work.assets.into_iter().map(Asset::from).collect(),
        }
    }
}

impl From<from::SiteContact> for Contact {
    fn from(contact: from::SiteContact) -> Self {
        let from::SiteContact { name, contact_at, phones, emails } = contact;
        Self { full_name: name, contact_at, phones, emails }
    }
}
