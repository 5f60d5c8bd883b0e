//! Orders: `orders` and `order-delivered`.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::{
    address::Address,
    custom_fields::CustomFields,
    format::{Money, Time, each},
    note::Note,
    parcel::Parcel,
};

/// The members of the document's sample, in its order. What is not known is null.
#[derive(Serialize)]
pub(crate) struct Payload {
    billing: Billing,
    boxes: Vec<Parcel>,
    created_at: Option<Time>,
    custom_fields: CustomFields,
    customer_number: Option<String>,
    message: Option<String>,
    nested_updated_at: Option<Time>,
    notes: Vec<Note>,
    order_number: Option<i64>,
    ordered_at: Option<Time>,
    po_number: Option<String>,
    primary_id: String,
    printed_at: Option<Time>,
    /// What is in it is documented nowhere.
    relations: [(); 0],
    shipping: Shipping,
    source: Source,
    tags: Vec<String>,
    terms: Option<String>,
    unique_id: Option<String>,
    updated_at: Option<Time>,
    url: Option<String>,
}

#[derive(Serialize)]
struct Billing {
    bill_to: Option<Address>,
    shipping: Option<Money>,
    status: Option<model::PaymentStatus>,
    subtotal: Option<Money>,
    tax: Option<Money>,
    total: Option<Money>,
}

#[derive(Serialize)]
struct Shipping {
    ship_cost: Option<Money>,
    ship_from: Option<Address>,
    ship_to: Option<Address>,
    ship_agent: Option<String>,
    ship_type: Option<String>,
    ship_via: Option<String>,
    shipped_at: Option<Time>,
    status: Option<model::FulfilmentStatus>,
    to_ship_at: Option<Time>,
    warehouse: Option<String>,
}

#[derive(Serialize)]
struct Source {
    account: Option<String>,
    channel: Option<String>,
    id: Option<String>,
    name: Option<String>,
    retrieved_at: Option<Time>,
    updated_at: Option<Time>,
}

impl TryFrom<model::Order> for Payload {
    type Error = Fault;

    fn try_from(order: model::Order) -> Result<Self, Fault> {
        Ok(Self {
            billing: order.billing.into(),
            boxes: each(order.boxes)?,
            created_at: order.created_at.map(Time::from),
            custom_fields: order.custom_fields.into(),
            customer_number: order.customer_number,
            message: order.message,
            nested_updated_at: order.content_updated_at.map(Time::from),
            notes: order.notes.into_iter().map(Note::from).collect(),
            order_number: order.number,
            ordered_at: order.ordered_at.map(Time::from),
            po_number: order.purchase_order_number,
            primary_id: order.id,
            printed_at: order.printed_at.map(Time::from),
            relations: [],
            shipping: order.shipping.into(),
            source: order.source.into(),
            tags: order.tags,
            terms: order.terms,
            unique_id: order.unique_id,
            updated_at: order.updated_at.map(Time::from),
            url: order.url,
        })
    }
}

impl From<model::Billing> for Billing {
    fn from(billing: model::Billing) -> Self {
        Self {
            bill_to: billing.bill_to.map(Address::from),
            shipping: billing.shipping.map(Money::from),
            status: billing.status,
            subtotal: billing.subtotal.map(Money::from),
            tax: billing.tax.map(Money::from),
            total: billing.total.map(Money::from),
        }
    }
}

impl From<model::Shipping> for Shipping {
    fn from(shipping: model::Shipping) -> Self {
        Self {
            ship_cost: shipping.cost.map(Money::from),
            ship_from: shipping.ship_from.map(Address::from),
            ship_to: shipping.ship_to.map(Address::from),
            ship_agent: shipping.agent,
            ship_type: shipping.kind,
            ship_via: shipping.via,
            shipped_at: shipping.shipped_at.map(Time::from),
            status: shipping.status,
            to_ship_at: shipping.ship_at.map(Time::from),
            warehouse: shipping.warehouse,
        }
    }
}

impl From<model::Source> for Source {
    fn from(source: model::Source) -> Self {
        Self {
            account: source.account,
            channel: source.channel,
            id: source.id,
            name: source.name,
            retrieved_at: source.retrieved_at.map(Time::from),
            updated_at: source.updated_at.map(Time::from),
        }
    }
}
