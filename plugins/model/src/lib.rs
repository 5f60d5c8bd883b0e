//! Typed internal events: what a company's own system tells about orders, contacts, work orders and the like, in
//! words of its own and of no vendor. Plugins read them and write what their vendor wants.
//!
//! Rules for all of them:
//!
//! - An amount, a length or a weight is an exact decimal, written as text (`"2.34"`), with its currency or unit. A
//!   JSON number with a fraction is refused, since most JSON libraries would round it on the way.
//! - A point in time is RFC 3339 text.
//! - A member that is not required can be absent or `null`; both mean "not known".
//! - A member that is not listed here is ignored: internal events grow, and an older plugin must go on reading them.
//! - The schema of each is in `schemas/`, kept current by a test.

mod acceptance_scan;
mod address;
mod appointment;
mod attendee;
mod booking;
mod civil;
mod contact;
mod custom_field;
mod date_time;
mod decimal;
mod measure;
mod money;
mod note;
mod order;
mod packaging;
mod parcel;
mod subscription;
mod suspension;
pub mod work_order;

pub use acceptance_scan::AcceptanceScan;
pub use address::{Address, AddressPurpose, ContactAddress};
pub use appointment::{Appointment, AppointmentStatus};
pub use attendee::{Attendee, AttendeeStatus};
pub use booking::{Booking, BookingStatus};
pub use contact::Contact;
pub use custom_field::{CustomField, CustomFields, Encoding};
pub use date_time::{DateTime, InvalidDateTime};
pub use decimal::{Decimal, InvalidDecimal};
pub use measure::{Length, LengthUnit, Weight, WeightUnit};
pub use money::{Currency, InvalidCurrency, Money};
pub use note::{Note, NoteAuthor};
pub use order::{Billing, FulfilmentStatus, Order, PaymentStatus, Shipping, Source};
pub use packaging::Packaging;
pub use parcel::{Customs, Item, ItemKind, Parcel, SignatureRequirement, TrackingEntry};
pub use subscription::Subscription;
pub use suspension::Suspension;
pub use work_order::WorkOrderEvent;
