//! Contacts: `contact`.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::{custom_fields::CustomFields, format::Time};

/// A contact as the API answers it, without its addresses, notes and orders: the document says that a webhook tells of no
/// related or dependent objects.
#[derive(Serialize)]
pub(crate) struct Payload {
    created_at: Option<Time>,
    custom_fields: CustomFields,
    description: Option<String>,
    first_name: Option<String>,
    is_company: bool,
    last_name: Option<String>,
    occupation: Option<String>,
    profile_image: Option<String>,
    source: Source,
    updated_at: Option<Time>,
    url: String,
    website: Option<String>,
}

#[derive(Serialize)]
struct Source {
    retrieved_at: Option<Time>,
}

impl TryFrom<model::Contact> for Payload {
    type Error = Fault;

    fn try_from(contact: model::Contact) -> Result<Self, Fault> {
        Ok(Self {
            created_at: contact.created_at.map(Time::from),
            custom_fields: contact.custom_fields.into(),
            description: contact.description,
            first_name: contact.first_name,
            is_company: contact.is_company,
            last_name: contact.last_name,
            occupation: contact.occupation,
            profile_image: contact.profile_image,
            source: Source { retrieved_at: contact.retrieved_at.map(Time::from) },
            updated_at: contact.updated_at.map(Time::from),
            url: contact.url,
            website: contact.website,
        })
    }
}
