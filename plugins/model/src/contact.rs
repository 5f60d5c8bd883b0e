//! Contacts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ContactAddress, CustomFields, DateTime, Note};

/// A person or company that a company deals with: `contact.created`, `contact.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name, or the company's.
    pub last_name: Option<String>,
    /// Whether it is a company. Absent means no.
    #[serde(default)]
    pub is_company: bool,
    /// What the person does.
    pub occupation: Option<String>,
    /// What people say about it.
    pub description: Option<String>,
    /// Its web site.
    pub website: Option<String>,
    /// A picture of it.
    pub profile_image: Option<String>,
    /// When it was fetched from its source.
    pub retrieved_at: Option<DateTime>,
    /// When it was first known.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
    /// Its addresses.
    #[serde(default)]
    pub addresses: Vec<ContactAddress>,
    /// What was written about it.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// What the company adds of its own.
    #[serde(default)]
    pub custom_fields: CustomFields,
}
