//! Items of a box.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::{
    custom_fields::CustomFields,
    format::{Money, Time, Weight, maybe},
};

/// An item. What is not known is null. The document prints `ups` where one expects `upc`; it is followed.
#[derive(Serialize)]
pub(crate) struct Item {
    code: Option<String>,
    commodity_code: Option<String>,
    created_at: Option<Time>,
    custom_fields: CustomFields,
    description: Option<String>,
    ean: Option<String>,
    export_type_code: Option<String>,
    image_link: Option<String>,
    isbn: Option<String>,
    joint_production: bool,
    kind: model::ItemKind,
    link: Option<String>,
    net_cost_begin_date: Option<Time>,
    net_cost_code: Option<String>,
    net_cost_end_date: Option<Time>,
    origin_country_code: Option<String>,
    part_number: Option<String>,
    pick_location: Option<String>,
    preference_criteria_code: Option<String>,
    producer_info_code: Option<String>,
    quantity: i64,
    scheduleb_commodity_code: Option<String>,
    unit_price: Option<Money>,
    unit_weight: Option<Weight>,
    updated_at: Option<Time>,
    ups: Option<String>,
    url: Option<String>,
}

impl TryFrom<model::Item> for Item {
    type Error = Fault;

    fn try_from(item: model::Item) -> Result<Self, Fault> {
        let customs = item.customs;
        Ok(Self {
            code: item.code,
            commodity_code: customs.commodity_code,
            created_at: item.created_at.map(Time::from),
            custom_fields: item.custom_fields.into(),
            description: item.description,
            ean: item.ean,
            export_type_code: customs.export_type_code,
            image_link: item.image_link,
            isbn: item.isbn,
            joint_production: customs.joint_production,
            kind: item.kind,
            link: item.link,
            net_cost_begin_date: customs.net_cost_begin_date.map(Time::from),
            net_cost_code: customs.net_cost_code,
            net_cost_end_date: customs.net_cost_end_date.map(Time::from),
            origin_country_code: customs.origin_country_code,
            part_number: item.part_number,
            pick_location: item.pick_location,
            preference_criteria_code: customs.preference_criteria_code,
            producer_info_code: customs.producer_info_code,
            quantity: item.quantity,
            scheduleb_commodity_code: customs.schedule_b_commodity_code,
            unit_price: item.unit_price.map(Money::from),
            unit_weight: maybe(item.unit_weight)?,
            updated_at: item.updated_at.map(Time::from),
            ups: item.upc,
            url: item.url,
        })
    }
}
