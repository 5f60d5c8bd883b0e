//! Addresses.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::format::Time;

/// An address of an order.
#[derive(Serialize)]
pub(crate) struct Address {
    address_1: Option<String>,
    address_2: Option<String>,
    city: Option<String>,
    company: Option<String>,
    country: Option<String>,
    created_at: Option<Time>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    post_code: Option<String>,
    region: Option<String>,
    residential: Option<bool>,
    updated_at: Option<Time>,
    validated: bool,
}

/// An address of a contact: `contact-address`.
#[derive(Serialize)]
pub(crate) struct ContactPayload {
    address_1: Option<String>,
    address_2: Option<String>,
    address_type: Option<model::AddressPurpose>,
    city: Option<String>,
    company: Option<String>,
    country: Option<String>,
    default: bool,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    post_code: Option<String>,
    region: Option<String>,
    residential: Option<bool>,
    url: String,
    validated: bool,
}

impl From<model::Address> for Address {
    fn from(address: model::Address) -> Self {
        Self {
            address_1: address.line_1,
            address_2: address.line_2,
            city: address.city,
            company: address.company,
            country: address.country,
            created_at: address.created_at.map(Time::from),
            email: address.email,
            first_name: address.first_name,
            last_name: address.last_name,
            phone: address.phone,
            post_code: address.postal_code,
            region: address.region,
            residential: address.residential,
            updated_at: address.updated_at.map(Time::from),
            validated: address.validated,
        }
    }
}

impl TryFrom<model::ContactAddress> for ContactPayload {
    type Error = Fault;

    fn try_from(contact: model::ContactAddress) -> Result<Self, Fault> {
        let address = contact.address;
        Ok(Self {
            address_1: address.line_1,
            address_2: address.line_2,
            address_type: contact.purpose,
            city: address.city,
            company: address.company,
            country: address.country,
            default: contact.default,
            email: address.email,
            first_name: address.first_name,
            last_name: address.last_name,
            phone: address.phone,
            post_code: address.postal_code,
            region: address.region,
            residential: address.residential,
            url: contact.url,
            validated: address.validated,
        })
    }
}
