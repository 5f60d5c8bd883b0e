//! The default body about an attendee.

use serde::Serialize;
use transload_model::{Attendee, AttendeeStatus, DateTime};

/// Our own assumption, all of it but `event_id`: no member of doo's is known.
#[derive(Serialize)]
pub(crate) struct Payload {
    id: String,
    event_id: Option<String>,
    order_id: Option<String>,
    status: Option<AttendeeStatus>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    ticket: Option<String>,
    checked_in_at: Option<DateTime>,
    url: Option<String>,
    created_at: Option<DateTime>,
    updated_at: Option<DateTime>,
}

impl From<Attendee> for Payload {
    fn from(attendee: Attendee) -> Self {
        Self {
            id: attendee.id,
            event_id: attendee.appointment_id,
            order_id: attendee.order_id,
            status: attendee.status,
            first_name: attendee.first_name,
            last_name: attendee.last_name,
            company: attendee.company,
            email: attendee.email,
            phone: attendee.phone,
            ticket: attendee.ticket,
            checked_in_at: attendee.checked_in_at,
            url: attendee.url,
            created_at: attendee.created_at,
            updated_at: attendee.updated_at,
        }
    }
}
