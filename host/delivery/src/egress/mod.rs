//! Where requests may go: the guard against server-side request forgery.
//!
//! An endpoint is checked twice: when a webhook is made, as text ([`EgressPolicy::check_endpoint`]) and by what its
//! name leads to then ([`EgressPolicy::check_resolved`]); and by its addresses whenever the host connects, because a
//! name can lead to something else by then. A connection goes to an address that was checked, never to a name.

mod endpoint;
mod lookup;
mod networks;
mod policy;
mod resolve;

pub use endpoint::EndpointError;
pub use lookup::{LOOKUPS_MAX, Lookup, SystemLookup};
pub use policy::{EgressPolicy, Refused};
pub use resolve::{NoAddress, RESOLVE_CHECK_TIME_MAX, Resolved};
