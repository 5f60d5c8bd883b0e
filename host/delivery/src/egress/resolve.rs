//! From endpoints to addresses that may be connected to.

use std::{net::IpAddr, time::Duration};

use tokio::time::timeout;
use url::{Host, Url};

use super::{EgressPolicy, EndpointError, Lookup, Refused};

/// How long the check of a new endpoint waits for its name. Somebody waits for the answer, and a name that takes
/// longer is checked again with each connection anyway.
pub const RESOLVE_CHECK_TIME_MAX: Duration = Duration::from_secs(3);

/// Why a name leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAddress {
    /// It has no address, or none can be found out.
    #[error("the name {name} does not resolve ({cause})")]
    Unresolved {
        /// The name.
        name: String,
        /// Why, in the resolver's words.
        cause: String,
    },
    /// One of its addresses is refused.
    #[error("the name {name} leads to a refused address: {refused}")]
    Refused {
        /// The name.
        name: String,
        /// Which address, and why.
        refused: Refused,
    },
}

/// What is known about the name of an endpoint that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// Every address that it has now may be connected to. That says nothing about tomorrow: each connection checks
    /// again.
    Allowed(Vec<IpAddr>),
    /// Its name has no address now. It may get one; until then nothing can be delivered.
    Unknown {
        /// What to tell the person who made the webhook.
        warning: String,
    },
}

impl EgressPolicy {
    /// Checks an endpoint as [`EgressPolicy::check_endpoint`] does, and what its name leads to now.
    ///
    /// # Errors
    /// In words for the person who made the webhook. A name that does not resolve is no error.
    pub async fn check_resolved(
        &self,
        lookup: &dyn Lookup,
        endpoint: &str,
    ) -> Result<Resolved, EndpointError> {
        let url = self.check_endpoint(endpoint)?;
        let checking = self.addresses(lookup, &url);
        match timeout(RESOLVE_CHECK_TIME_MAX, checking).await {
            Ok(Ok(addresses)) => Ok(Resolved::Allowed(addresses)),
            Ok(Err(refused @ NoAddress::Refused { .. })) => Err(EndpointError::Name(refused)),
            Ok(Err(unresolved)) => Ok(unknown(&unresolved.to_string())),
            Err(_) => {
                let name = url.host_str().unwrap_or_default();
                let seconds = RESOLVE_CHECK_TIME_MAX.as_secs();
                Ok(unknown(&format!("the name {name} did not resolve within {seconds} s")))
            }
        }
    }

    /// All addresses of a URL's host, each of them checked. One refused address refuses the whole name: a name that
    /// points both ways is an attack or a mistake.
    pub(crate) async fn addresses(
        &self,
        lookup: &dyn Lookup,
        url: &Url,
    ) -> Result<Vec<IpAddr>, NoAddress> {
        let plain = url.scheme() == "http";
        let (name, addresses) = match url.host() {
            Some(Host::Ipv4(address)) => (address.to_string(), Ok(vec![address.into()])),
            Some(Host::Ipv6(address)) => (address.to_string(), Ok(vec![address.into()])),
            Some(Host::Domain(name)) => (name.to_owned(), lookup.lookup(name).await),
            None => (String::new(), Ok(vec![])),
        };
        let unresolved = |cause: String| NoAddress::Unresolved { name: name.clone(), cause };
        let addresses = addresses.map_err(|error| unresolved(error.to_string()))?;
        if addresses.is_empty() {
            return Err(unresolved("it has no address".to_owned()));
        }
        for address in &addresses {
            let checked = if plain {
                self.check_plain_address(*address)
            } else {
                self.check_address(*address)
            };
            checked.map_err(|refused| NoAddress::Refused { name: name.clone(), refused })?;
        }
        Ok(addresses)
    }
}

fn unknown(why: &str) -> Resolved {
    let warning = format!("{why}; nothing can be delivered there until it does");
    Resolved::Unknown { warning }
}
