//! Bookings of appointments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an order for places at an appointment says beside what every order says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Booking {
    /// The appointment, by the id that the source gave it.
    pub appointment_id: String,
    /// How far the booking is.
    pub status: Option<BookingStatus>,
}

/// How far a booking is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// The places are taken.
    Valid,
    /// The organizer has to agree first.
    WaitingForApproval,
    /// The organizer has to agree first, and has marked it for a closer look.
    Flagged,
    /// The organizer did not agree.
    Rejected,
    /// It was called off.
    Cancelled,
    /// The one who booked a free appointment called it off.
    CancelledByBooker,
    /// It was taken out of the books.
    Removed,
}
