//! How a request proves where it comes from.

pub mod oauth;
mod signer;
pub mod standard_webhooks;
pub mod tokens;

pub use signer::{BEARER_TIME, Signer, UnusableKey};
