//! What operators and their machines ask of a host.

mod health;
mod jwks;
mod metrics;

pub(crate) use health::{live, ready};
pub(crate) use jwks::jwks;
pub(crate) use metrics::metrics;
