//! What ReadyCloud's payloads look like.
//!
//! Source: the document of the API v2 webhooks (orders, acceptance scan), and for the rest the pages of the same
//! API about boxes, items, notes, packaging and contacts. The sample shows what is not known as `null` and leaves no
//! member out; so a member must be there, and whatever a sender may well not know may be `null`.

use crate::sandbox::{
    scalar::Scalar,
    shape::{
        Member,
        Shape::{self, Anything, Bool, Form, Integer, List, Map, Nullable, Object, Text, Word},
        may, must,
    },
};

const MONEY: Shape = Form(Scalar::Money);
const MOMENT: Shape = Form(Scalar::Moment);
const PATH: Shape = Form(Scalar::Path);
const LENGTH: Shape = Form(Scalar::Length);
const WEIGHT: Shape = Form(Scalar::Weight);
const TEXT_OR_NULL: Shape = Nullable(&Text);
const MONEY_OR_NULL: Shape = Nullable(&MONEY);
const MOMENT_OR_NULL: Shape = Nullable(&MOMENT);
const PATH_OR_NULL: Shape = Nullable(&PATH);
const LENGTH_OR_NULL: Shape = Nullable(&LENGTH);

/// An order: the 21 members of the document's sample.
pub(super) const ORDER: Shape = Object(&[
    must("billing", BILLING),
    must("boxes", List(&BOX)),
    must("created_at", MOMENT_OR_NULL),
    must("custom_fields", CUSTOM_FIELDS),
    must("customer_number", TEXT_OR_NULL),
    must("message", TEXT_OR_NULL),
    must("nested_updated_at", MOMENT_OR_NULL),
    must("notes", List(&NOTE)),
    must("order_number", Nullable(&Integer)),
    must("ordered_at", MOMENT_OR_NULL),
    must("po_number", TEXT_OR_NULL),
    must("primary_id", Text),
    must("printed_at", MOMENT_OR_NULL),
    must("relations", List(&Anything)),
    must("shipping", SHIPPING),
    must("source", SOURCE),
    must("tags", List(&Text)),
    must("terms", TEXT_OR_NULL),
    must("unique_id", Text),
    must("updated_at", MOMENT_OR_NULL),
    must("url", PATH),
]);

const BILLING: Shape = Object(&[
    must("bill_to", Nullable(&ADDRESS)),
    must("shipping", MONEY_OR_NULL),
    must("status", Nullable(&BILLING_STATUS)),
    must("subtotal", MONEY_OR_NULL),
    must("tax", MONEY_OR_NULL),
    must("total", MONEY_OR_NULL),
]);

const BILLING_STATUS: Shape =
    Word(&["pending", "paid", "partially_paid", "refunded", "partially_refunded", "cancelled"]);

const SHIPPING: Shape = Object(&[
    must("ship_cost", MONEY_OR_NULL),
    must("ship_from", Nullable(&ADDRESS)),
    must("ship_to", Nullable(&ADDRESS)),
    must("ship_agent", TEXT_OR_NULL),
    must("ship_type", TEXT_OR_NULL),
    must("ship_via", TEXT_OR_NULL),
    must("shipped_at", MOMENT_OR_NULL),
    must("status", Nullable(&SHIPPING_STATUS)),
    must("to_ship_at", MOMENT_OR_NULL),
    must("warehouse", TEXT_OR_NULL),
]);

const SHIPPING_STATUS: Shape =
    Word(&["unshipped", "unfulfilled", "fulfilled", "partially_fulfilled"]);

/// An address: 15 members.
const ADDRESS: Shape = Object(&[
    must("address_1", TEXT_OR_NULL),
    must("address_2", TEXT_OR_NULL),
    must("city", TEXT_OR_NULL),
    must("company", TEXT_OR_NULL),
    must("country", TEXT_OR_NULL),
    must("created_at", MOMENT_OR_NULL),
    must("email", TEXT_OR_NULL),
    must("first_name", TEXT_OR_NULL),
    must("last_name", TEXT_OR_NULL),
    must("phone", TEXT_OR_NULL),
    must("post_code", TEXT_OR_NULL),
    must("region", TEXT_OR_NULL),
    must("residential", Nullable(&Bool)),
    must("updated_at", MOMENT_OR_NULL),
    must("validated", Bool),
]);

const SOURCE: Shape = Object(&[
    must("account", TEXT_OR_NULL),
    must("channel", TEXT_OR_NULL),
    must("id", TEXT_OR_NULL),
    must("name", TEXT_OR_NULL),
    must("retrieved_at", MOMENT_OR_NULL),
    must("updated_at", MOMENT_OR_NULL),
]);

const CUSTOM_FIELDS: Shape = Map(&Object(CUSTOM_FIELD));
const CUSTOM_FIELD: &[Member] =
    &[must("value", Text), may("type", Text), may("encoding", Word(&["base64"]))];

const NOTE: Shape = Object(&[
    must("author", Object(&[must("email", Text), must("name", Text), must("system", Bool)])),
    may("agent", Anything),
    must("content", Text),
    must("created_at", MOMENT_OR_NULL),
    must("updated_at", MOMENT_OR_NULL),
    must("url", PATH),
]);

/// A box: the document's sample shows `items` and `url`; the page about boxes names the rest.
const BOX: Shape = Object(&[
    must("items", List(&ITEM)),
    must("url", PATH),
    may("package_type", TEXT_OR_NULL),
    may("description", TEXT_OR_NULL),
    may("insurance_type", TEXT_OR_NULL),
    may("tracking_number", TEXT_OR_NULL),
    may("cod", TEXT_OR_NULL),
    may("confirmation_type", Nullable(&CONFIRMATION)),
    may("length", LENGTH_OR_NULL),
    may("width", LENGTH_OR_NULL),
    may("height", LENGTH_OR_NULL),
    may("weight", Nullable(&WEIGHT)),
    may("ship_cost", MONEY_OR_NULL),
    may("insured_value", MONEY_OR_NULL),
    may("declared_value", MONEY_OR_NULL),
    may("cod_value", MONEY_OR_NULL),
    may("shipper_release", Bool),
    may("saturday_delivery", Bool),
    may("delivered_at", MOMENT_OR_NULL),
    may("created_at", MOMENT_OR_NULL),
    may("updated_at", MOMENT_OR_NULL),
    may("packaging", Anything),
    may("custom_fields", CUSTOM_FIELDS),
    may("shipping_docs", List(&Anything)),
    may("tracking", List(&TRACKING)),
]);

const CONFIRMATION: Shape = Word(&[
    "none",
    "no_signature_required",
    "signature_required",
    "adult_signature_required",
    "indirect_signature_required",
]);

const TRACKING: Shape = Object(&[
    must("created_at", MOMENT_OR_NULL),
    must("description", TEXT_OR_NULL),
    must("location", TEXT_OR_NULL),
    must("status", TEXT_OR_NULL),
    must("url", PATH_OR_NULL),
]);

const ITEM: Shape = Object(&[
    must("kind", Word(&["goods", "discount", "tax", "adjustment"])),
    must("quantity", Integer),
    must("url", PATH),
    may("code", TEXT_OR_NULL),
    may("commodity_code", TEXT_OR_NULL),
    may("description", TEXT_OR_NULL),
    may("export_type_code", TEXT_OR_NULL),
    may("image_link", TEXT_OR_NULL),
    may("link", TEXT_OR_NULL),
    may("net_cost_code", TEXT_OR_NULL),
    may("origin_country_code", TEXT_OR_NULL),
    may("part_number", TEXT_OR_NULL),
    may("pick_location", TEXT_OR_NULL),
    may("preference_criteria_code", TEXT_OR_NULL),
    may("producer_info_code", TEXT_OR_NULL),
    may("scheduleb_commodity_code", TEXT_OR_NULL),
    may("ups", TEXT_OR_NULL),
    may("ean", TEXT_OR_NULL),
    may("isbn", TEXT_OR_NULL),
    may("joint_production", Bool),
    may("net_cost_begin_date", MOMENT_OR_NULL),
    may("net_cost_end_date", MOMENT_OR_NULL),
    may("unit_price", MONEY_OR_NULL),
    may("unit_weight", Nullable(&WEIGHT)),
    may("custom_fields", CUSTOM_FIELDS),
    may("created_at", MOMENT_OR_NULL),
    may("updated_at", MOMENT_OR_NULL),
]);

/// A packaging, as its own page shows it.
pub(super) const PACKAGING: Shape = Object(&[
    must("name", Text),
    must("description", TEXT_OR_NULL),
    must("package_type", TEXT_OR_NULL),
    must("length", LENGTH_OR_NULL),
    must("width", LENGTH_OR_NULL),
    must("height", LENGTH_OR_NULL),
    must("weight", Nullable(&WEIGHT)),
    must("created_at", MOMENT_OR_NULL),
    must("updated_at", MOMENT_OR_NULL),
    must("url", PATH_OR_NULL),
]);

/// A contact "without related/dependent objects": the API's form less addresses, notes and orders.
pub(super) const CONTACT: Shape = Object(&[
    must("url", PATH),
    must("created_at", MOMENT_OR_NULL),
    must("updated_at", MOMENT_OR_NULL),
    must("first_name", TEXT_OR_NULL),
    must("last_name", TEXT_OR_NULL),
    must("is_company", Bool),
    may("custom_fields", CUSTOM_FIELDS),
    may("description", TEXT_OR_NULL),
    may("occupation", TEXT_OR_NULL),
    may("profile_image", TEXT_OR_NULL),
    may("source", Anything),
    may("website", TEXT_OR_NULL),
]);

/// A contact's address: an address without its times, with its kind.
pub(super) const CONTACT_ADDRESS: Shape = Object(&[
    must("address_1", TEXT_OR_NULL),
    must("address_2", TEXT_OR_NULL),
    must("city", TEXT_OR_NULL),
    must("company", TEXT_OR_NULL),
    must("country", TEXT_OR_NULL),
    must("email", TEXT_OR_NULL),
    must("first_name", TEXT_OR_NULL),
    must("last_name", TEXT_OR_NULL),
    must("phone", TEXT_OR_NULL),
    must("post_code", TEXT_OR_NULL),
    must("region", TEXT_OR_NULL),
    must("residential", Nullable(&Bool)),
    must("validated", Bool),
    must("address_type", Text),
    must("default", Bool),
    must("url", PATH),
]);

/// An acceptance scan: `url` is the order's.
pub(super) const ACCEPTANCE_SCAN: Shape = Object(&[
    must("url", PATH),
    must("ship_cost", MONEY),
    must("tax", MONEY),
    must("packing_cost", MONEY),
]);

/// A webhook, as the collection shows it: seven members. Its token is a secret, so a sender may well leave it out. When
/// transload tells that a webhook of its own was suspended, it does not know all of them, and adds which one and why.
pub(super) const WEBHOOK: Shape = Object(&[
    must("url", PATH),
    must("remote_url", TEXT_OR_NULL),
    may("token", Text),
    must("created_at", MOMENT_OR_NULL),
    must("updated_at", MOMENT_OR_NULL),
    must("entity", TEXT_OR_NULL),
    must("suspended_at", MOMENT_OR_NULL),
    may("name", Text),
    may("plugin", Text),
    may("reason", Text),
]);
