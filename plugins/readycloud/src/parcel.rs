//! Boxes of an order.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::{
    custom_fields::CustomFields,
    format::{Length, Money, Time, Weight, each, maybe},
    item::Item,
    packaging,
};

/// A box. The document's sample shows one of which nothing is known but its items and its URL, and there are no other
/// members then; of a box of which more is known all members are sent.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Parcel {
    Listed { items: Vec<Item>, url: Option<String> },
    Described(Box<Described>),
}

/// All members of a box. What is not known is null.
#[derive(Serialize)]
pub(crate) struct Described {
    cod: Option<String>,
    cod_value: Option<Money>,
    confirmation_type: Option<model::SignatureRequirement>,
    created_at: Option<Time>,
    custom_fields: CustomFields,
    declared_value: Option<Money>,
    delivered_at: Option<Time>,
    description: Option<String>,
    height: Option<Length>,
    insurance_type: Option<String>,
    insured_value: Option<Money>,
    items: Vec<Item>,
    length: Option<Length>,
    package_type: Option<String>,
    packaging: Option<packaging::Payload>,
    saturday_delivery: bool,
    ship_cost: Option<Money>,
    shipper_release: bool,
    /// What is in it is documented nowhere.
    shipping_docs: [(); 0],
    tracking: Vec<Tracking>,
    tracking_number: Option<String>,
    updated_at: Option<Time>,
    url: Option<String>,
    weight: Option<Weight>,
    width: Option<Length>,
}

#[derive(Serialize)]
struct Tracking {
    created_at: Option<Time>,
    description: Option<String>,
    location: Option<String>,
    status: Option<String>,
    url: Option<String>,
}

impl TryFrom<model::Parcel> for Parcel {
    type Error = Fault;

    fn try_from(mut parcel: model::Parcel) -> Result<Self, Fault> {
        let (items, url) = (each(std::mem::take(&mut parcel.items))?, parcel.url.take());
        if parcel == model::Parcel::default() {
            return Ok(Self::Listed { items, url });
        }
        Ok(Self::Described(Box::new(Described {
            cod: parcel.collect_on_delivery,
            cod_value: parcel.collect_on_delivery_value.map(Money::from),
            confirmation_type: parcel.signature,
            created_at: parcel.created_at.map(Time::from),
            custom_fields: parcel.custom_fields.into(),
            declared_value: parcel.declared_value.map(Money::from),
            delivered_at: parcel.delivered_at.map(Time::from),
            description: parcel.description,
            height: maybe(parcel.height)?,
            insurance_type: parcel.insurance_type,
            insured_value: parcel.insured_value.map(Money::from),
            items,
            length: maybe(parcel.length)?,
            package_type: parcel.package_type,
            packaging: maybe(parcel.packaging)?,
            saturday_delivery: parcel.saturday_delivery.unwrap_or_default(),
            ship_cost: parcel.ship_cost.map(Money::from),
            shipper_release: parcel.shipper_release.unwrap_or_default(),
            shipping_docs: [],
            tracking: parcel.tracking.into_iter().map(Tracking::from).collect(),
            tracking_number: parcel.tracking_number,
            updated_at: parcel.updated_at.map(Time::from),
            url,
            weight: maybe(parcel.weight)?,
            width: maybe(parcel.width)?,
        })))
    }
}

impl From<model::TrackingEntry> for Tracking {
    fn from(entry: model::TrackingEntry) -> Self {
        let model::TrackingEntry { url, status, description, location, created_at } = entry;
        Self { created_at: created_at.map(Time::from), description, location, status, url }
    }
}
