//! How a request proves where it comes from.

mod signer;

pub use signer::{BEARER_TIME, Signer, UnusableKey};
