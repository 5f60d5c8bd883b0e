//! Orders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Address, Booking, CustomFields, DateTime, Money, Note, Parcel};

/// An order, with all that belongs to it: `order.created`, `order.updated`, `order.delivered`, ...
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// What the source calls it; unique there.
    pub id: String,
    /// An id that is unique beyond the source.
    pub unique_id: Option<String>,
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// The number that people use.
    pub number: Option<i64>,
    /// Who ordered, by the number that people use.
    pub customer_number: Option<String>,
    /// The customer's own number for it.
    pub purchase_order_number: Option<String>,
    /// What the customer wrote.
    pub message: Option<String>,
    /// Terms of payment and delivery.
    pub terms: Option<String>,
    /// Words that it is marked with.
    #[serde(default)]
    pub tags: Vec<String>,
    /// When it was ordered.
    pub ordered_at: Option<DateTime>,
    /// When it was printed.
    pub printed_at: Option<DateTime>,
    /// When it was first known.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
    /// When it or anything that belongs to it last changed.
    pub content_updated_at: Option<DateTime>,
    /// Who pays, and what.
    #[serde(default)]
    pub billing: Billing,
    /// From where, to where and how it goes.
    #[serde(default)]
    pub shipping: Shipping,
    /// Where it came from.
    #[serde(default)]
    pub source: Source,
    /// What it books, where it is for places at an appointment.
    pub booking: Option<Booking>,
    /// What it is packed in.
    #[serde(default)]
    pub boxes: Vec<Parcel>,
    /// What was written about it.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// What the company adds of its own.
    #[serde(default)]
    pub custom_fields: CustomFields,
}

/// Who pays, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Billing {
    /// Where the invoice goes.
    pub bill_to: Option<Address>,
    /// How far the payment is.
    pub status: Option<PaymentStatus>,
    /// The items.
    pub subtotal: Option<Money>,
    /// The shipping, as it is billed.
    pub shipping: Option<Money>,
    /// Taxes.
    pub tax: Option<Money>,
    /// All of it.
    pub total: Option<Money>,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing has been paid.
    Pending,
    /// All has been paid.
    Paid,
    /// A part has been paid.
    PartiallyPaid,
    /// All has been paid back.
    Refunded,
    /// A part has been paid back.
    PartiallyRefunded,
    /// It will not be paid.
    Cancelled,
}

/// From where, to where and how an order goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shipping {
    /// From where.
    pub ship_from: Option<Address>,
    /// To where.
    pub ship_to: Option<Address>,
    /// The program or person that ships.
    pub agent: Option<String>,
    /// The kind of shipping.
    pub kind: Option<String>,
    /// The carrier and its service.
    pub via: Option<String>,
    /// From which warehouse.
    pub warehouse: Option<String>,
    /// What it costs.
    pub cost: Option<Money>,
    /// How far it is.
    pub status: Option<FulfilmentStatus>,
    /// When it is to be shipped.
    pub ship_at: Option<DateTime>,
    /// When it was shipped.
    pub shipped_at: Option<DateTime>,
}

/// How far an order's shipping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentStatus {
    /// Nothing has been shipped.
    Unshipped,
    /// Nothing has been done.
    Unfulfilled,
    /// All has been done.
    Fulfilled,
    /// A part has been done.
    PartiallyFulfilled,
}

/// Where an order came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The source's id.
    pub id: Option<String>,
    /// The source's name.
    pub name: Option<String>,
    /// The channel of sales.
    pub channel: Option<String>,
    /// The account there.
    pub account: Option<String>,
    /// When the order was fetched there.
    pub retrieved_at: Option<DateTime>,
    /// When the order last changed there.
    pub updated_at: Option<DateTime>,
}
