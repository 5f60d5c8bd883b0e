//! The default body about one of doo's events, which are appointments elsewhere in transload.

use serde::Serialize;
use transload_model::{Address, Appointment, AppointmentStatus, DateTime};

/// Our own assumption. Known of doo are `id`, `event_id`, `title`, `startDate`, `endDate`, `status` and the words of
/// `status`; the other names are ours.
#[derive(Serialize)]
pub(crate) struct Payload {
    id: String,
    event_id: String,
    title: Option<String>,
    description: Option<String>,
    #[serde(rename = "startDate")]
    start_date: Option<DateTime>,
    #[serde(rename = "endDate")]
    end_date: Option<DateTime>,
    time_zone: Option<String>,
    status: Option<AppointmentStatus>,
    capacity: Option<u32>,
    location: Option<Location>,
    url: Option<String>,
    created_at: Option<DateTime>,
    updated_at: Option<DateTime>,
}

#[derive(Serialize)]
struct Location {
    name: Option<String>,
    address_1: Option<String>,
    address_2: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
}

impl From<Appointment> for Payload {
    fn from(appointment: Appointment) -> Self {
        Self {
            event_id: appointment.id.clone(),
            id: appointment.id,
            title: appointment.title,
            description: appointment.description,
            start_date: appointment.starts_at,
            end_date: appointment.ends_at,
            time_zone: appointment.time_zone,
            status: appointment.status,
            capacity: appointment.capacity,
            location: appointment.place.map(Location::from),
            url: appointment.url,
            created_at: appointment.created_at,
            updated_at: appointment.updated_at,
        }
    }
}

impl From<Address> for Location {
    fn from(address: Address) -> Self {
        Self {
            name: address.company,
            address_1: address.line_1,
            address_2: address.line_2,
            city: address.city,
            region: address.region,
            postal_code: address.postal_code,
            country: address.country,
        }
    }
}
