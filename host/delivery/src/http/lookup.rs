//! From names to addresses that may be connected to.

use std::{net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::egress::{EgressPolicy, Lookup};

/// A resolver that gives out only what the policy allows. One refused address refuses the whole name: a name that
/// points both ways is an attack or a mistake.
pub(super) struct Checked {
    egress: Arc<EgressPolicy>,
    lookup: Arc<dyn Lookup>,
    plain: bool,
}

impl Checked {
    pub(super) fn new(egress: Arc<EgressPolicy>, lookup: Arc<dyn Lookup>, plain: bool) -> Self {
        Self { egress, lookup, plain }
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (egress, lookup, plain) =
            (Arc::clone(&self.egress), Arc::clone(&self.lookup), self.plain);
        Box::pin(async move {
            let scheme = if plain { "http" } else { "https" };
            let url = Url::parse(&format!("{scheme}://{}/", name.as_str()))?;
            let addresses = egress.addresses(&*lookup, &url).await?;
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
