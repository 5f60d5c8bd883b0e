//! Which of doo's events something is about.

use serde::Deserialize;
use transload_plugin::{Event, Fault, Json};

use crate::hook_type::Subject;

/// What the data says of it. The rest may have any form, so that the settings can write a body of data that no type
/// of ours describes.
#[derive(Deserialize)]
pub(crate) struct Ids {
    id: Option<String>,
    appointment_id: Option<String>,
    booking: Option<Booking>,
}

#[derive(Deserialize)]
struct Booking {
    appointment_id: String,
}

impl Ids {
    /// Reads the data.
    ///
    /// # Errors
    /// [`Fault::InvalidEvent`] with the path to what does not fit.
    pub(crate) fn read(event: &Event<Json>) -> Result<Self, Fault> {
        event.data.parse("data").map_err(Fault::InvalidEvent)
    }

    /// The id of doo's event.
    pub(crate) fn event_id(self, subject: Subject) -> Option<String> {
        match subject {
            Subject::Event => self.id,
            Subject::Order => self.booking.map(|booking| booking.appointment_id),
            Subject::Attendee => self.appointment_id,
        }
    }
}
