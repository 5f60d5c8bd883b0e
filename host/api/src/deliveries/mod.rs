//! Deliveries: what became of each event for each webhook, as far as the bytes and every attempt.

mod cursor;
mod get;
mod list;
mod look;
mod request;
mod retry;
mod summary;
mod waits;
mod walk;

pub(crate) use get::get;
pub(crate) use list::{list, of_event};
pub(crate) use retry::retry;
pub(crate) use summary::DeliverySummary;
