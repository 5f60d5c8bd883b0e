//! How a request proves where it comes from.

mod signer;
pub mod standard_webhooks;

pub use signer::{BEARER_TIME, Signer, UnusableKey};
