//! Addresses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DateTime;

/// Where somebody is, and how to reach them there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// First line: usually the street and the number.
    pub line_1: Option<String>,
    /// Second line.
    pub line_2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, province or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country, by name or by code, as the source has it.
    pub country: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Whether somebody lives there.
    pub residential: Option<bool>,
    /// Whether somebody has checked that it exists. Absent means no.
    #[serde(default)]
    pub validated: bool,
    /// When it was first known.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
}

/// One of a contact's addresses: `contact_address.created`, `contact_address.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContactAddress {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: String,
    /// The address itself.
    pub address: Address,
    /// What the contact uses it for.
    pub purpose: Option<AddressPurpose>,
    /// Whether it is the contact's usual one. Absent means no.
    #[serde(default)]
    pub default: bool,
}

/// What a contact uses an address for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressPurpose {
    /// Goods go there.
    Shipping,
    /// Invoices go there.
    Billing,
}
