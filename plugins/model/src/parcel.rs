//! What an order is packed in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CustomFields, DateTime, Length, Money, Packaging, Weight};

/// A box with its items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parcel {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// What is in it.
    #[serde(default)]
    pub items: Vec<Item>,
    /// What people call it.
    pub description: Option<String>,
    /// The carrier's name for this kind of package.
    pub package_type: Option<String>,
    /// Length.
    pub length: Option<Length>,
    /// Width.
    pub width: Option<Length>,
    /// Height.
    pub height: Option<Length>,
    /// Weight, contents included.
    pub weight: Option<Weight>,
    /// What shipping it costs.
    pub ship_cost: Option<Money>,
    /// What it is insured for.
    pub insured_value: Option<Money>,
    /// What it is declared to be worth.
    pub declared_value: Option<Money>,
    /// What is to be collected on delivery.
    pub collect_on_delivery_value: Option<Money>,
    /// How it is to be collected.
    pub collect_on_delivery: Option<String>,
    /// The kind of insurance.
    pub insurance_type: Option<String>,
    /// The carrier's number.
    pub tracking_number: Option<String>,
    /// Whether the carrier may leave it without anybody there.
    pub shipper_release: Option<bool>,
    /// Whether it is delivered on Saturdays too.
    pub saturday_delivery: Option<bool>,
    /// Who has to sign.
    pub signature: Option<SignatureRequirement>,
    /// When it arrived.
    pub delivered_at: Option<DateTime>,
    /// When it was first known.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
    /// The packaging that was used.
    pub packaging: Option<Packaging>,
    /// Where it has been, oldest first.
    #[serde(default)]
    pub tracking: Vec<TrackingEntry>,
    /// What the company adds of its own.
    #[serde(default)]
    pub custom_fields: CustomFields,
}

/// Who has to sign for a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureRequirement {
    /// Nothing is said.
    None,
    /// Nobody.
    NoSignatureRequired,
    /// Somebody.
    SignatureRequired,
    /// An adult.
    AdultSignatureRequired,
    /// Somebody there or nearby.
    IndirectSignatureRequired,
}

/// Where a box has been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrackingEntry {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// What happened, in one word.
    pub status: Option<String>,
    /// What happened.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When.
    pub created_at: Option<DateTime>,
}

/// What is in a box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// Goods, or something else that has a price.
    #[serde(default)]
    pub kind: ItemKind,
    /// How many.
    pub quantity: i64,
    /// What one costs.
    pub unit_price: Option<Money>,
    /// What one weighs.
    pub unit_weight: Option<Weight>,
    /// What people call it.
    pub description: Option<String>,
    /// The seller's code.
    pub code: Option<String>,
    /// The maker's part number.
    pub part_number: Option<String>,
    /// UPC, the bar code of North America.
    pub upc: Option<String>,
    /// EAN, the bar code of elsewhere.
    pub ean: Option<String>,
    /// ISBN, of a book.
    pub isbn: Option<String>,
    /// A page about it.
    pub link: Option<String>,
    /// A picture of it.
    pub image_link: Option<String>,
    /// Where it lies in the warehouse.
    pub pick_location: Option<String>,
    /// What customs want to know.
    #[serde(default)]
    pub customs: Customs,
    /// When it was first known.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
    /// What the company adds of its own.
    #[serde(default)]
    pub custom_fields: CustomFields,
}

/// Goods, or something else that has a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Goods.
    #[default]
    Goods,
    /// A discount.
    Discount,
    /// A tax.
    Tax,
    /// Another adjustment of the price.
    Adjustment,
}

/// What customs want to know about an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customs {
    /// Code of the commodity.
    pub commodity_code: Option<String>,
    /// Code of the commodity by the United States' Schedule B.
    pub schedule_b_commodity_code: Option<String>,
    /// Type of export.
    pub export_type_code: Option<String>,
    /// Country of origin.
    pub origin_country_code: Option<String>,
    /// Criterion by which a preference is claimed.
    pub preference_criteria_code: Option<String>,
    /// Who made it.
    pub producer_info_code: Option<String>,
    /// How the net cost was found.
    pub net_cost_code: Option<String>,
    /// From when the net cost was averaged.
    pub net_cost_begin_date: Option<DateTime>,
    /// Until when the net cost was averaged.
    pub net_cost_end_date: Option<DateTime>,
    /// Whether several countries made it. Absent means no.
    #[serde(default)]
    pub joint_production: bool,
}
