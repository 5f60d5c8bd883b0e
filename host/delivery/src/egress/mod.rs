//! Where requests may go: the guard against server-side request forgery.
//!
//! An endpoint is checked twice: as text when a webhook is made ([`EgressPolicy::check_endpoint`]), and by its
//! addresses when the host connects ([`EgressPolicy::check_address`]), because a name can resolve to anything.

mod endpoint;
mod networks;
mod policy;

pub use endpoint::EndpointError;
pub use policy::{EgressPolicy, Refused};
