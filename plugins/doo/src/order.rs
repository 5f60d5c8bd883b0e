//! The default body about an order.

use serde::Serialize;
use transload_model::{Address, BookingStatus, Currency, DateTime, Decimal, Order};

/// Our own assumption. Known of doo are `event_id` and that there is a `status` of one of seven kinds; the other
/// names and the words of `status` are ours.
#[derive(Serialize)]
pub(crate) struct Payload {
    id: String,
    event_id: Option<String>,
    number: Option<i64>,
    status: Option<BookingStatus>,
    total: Option<Decimal>,
    currency: Option<Currency>,
    booker: Option<Booker>,
    ordered_at: Option<DateTime>,
    url: Option<String>,
    created_at: Option<DateTime>,
    updated_at: Option<DateTime>,
}

#[derive(Serialize)]
struct Booker {
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

impl From<Order> for Payload {
    fn from(order: Order) -> Self {
        let (event_id, status) =
            order.booking.map(|booking| (booking.appointment_id, booking.status)).unzip();
        let (total, currency) =
            order.billing.total.map(|money| (money.amount, money.currency)).unzip();
        Self {
            id: order.id,
            event_id,
            number: order.number,
            status: status.flatten(),
            total,
            currency,
            booker: order.billing.bill_to.map(Booker::from),
            ordered_at: order.ordered_at,
            url: order.url,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl From<Address> for Booker {
    fn from(address: Address) -> Self {
        let Address { first_name, last_name, company, email, phone, .. } = address;
        Self { first_name, last_name, company, email, phone }
    }
}
