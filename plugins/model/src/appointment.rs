//! Appointments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Address, DateTime};

/// Something that people come to, like a conference or a course: `event.created`, `event.updated`,
/// `event.removed`. It is called appointment so that it is not taken for an event that transload delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Appointment {
    /// What the source calls it; unique there.
    pub id: String,
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// What people say about it.
    pub description: Option<String>,
    /// When it begins.
    pub starts_at: Option<DateTime>,
    /// When it ends.
    pub ends_at: Option<DateTime>,
    /// The time zone of the place, by its IANA name.
    pub time_zone: Option<String>,
    /// Where it takes place.
    pub place: Option<Address>,
    /// How far it is.
    pub status: Option<AppointmentStatus>,
    /// How many can come.
    pub capacity: Option<u32>,
    /// When it was first known.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
}

/// How far an appointment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentStatus {
    /// It is being prepared.
    Draft,
    /// It takes place, and people can sign up.
    Live,
    /// It will not take place.
    Cancelled,
    /// It is over.
    Done,
    /// It was deleted before it was live.
    Deleted,
}
