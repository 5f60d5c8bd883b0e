//! Attendees of appointments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CustomFields, DateTime};

/// Somebody who comes to an appointment: `attendee.pending`, `attendee.validated`, `attendee.cancelled`,
/// `attendee.checked_in`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attendee {
    /// What the source calls them; unique there.
    pub id: String,
    /// Where they can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// The appointment, by the id that the source gave it.
    pub appointment_id: Option<String>,
    /// The order that booked the place, by the id that the source gave it.
    pub order_id: Option<String>,
    /// How far it is.
    pub status: Option<AttendeeStatus>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// The kind of ticket, as people call it.
    pub ticket: Option<String>,
    /// When they came.
    pub checked_in_at: Option<DateTime>,
    /// When they were first known.
    pub created_at: Option<DateTime>,
    /// When anything of this last changed.
    pub updated_at: Option<DateTime>,
    /// What the company adds of its own.
    #[serde(default)]
    pub custom_fields: CustomFields,
}

/// How far an attendee is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttendeeStatus {
    /// Signed up; not paid or not approved yet.
    Pending,
    /// Signed up and paid.
    Valid,
    /// Will not come.
    Cancelled,
    /// Is there.
    CheckedIn,
}
