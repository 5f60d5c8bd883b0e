//! From names to addresses that may be connected to.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use crate::egress::{EgressPolicy, Refused};

/// Names that are resolved at the same time. The system's resolver blocks a thread for each.
pub const LOOKUPS_MAX: usize = 64;

/// What resolves names.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name.
    ///
    /// # Errors
    /// When it has none, or none can be found out.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Resolves as the system does.
pub struct SystemLookup(Arc<Semaphore>);

impl Default for SystemLookup {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS_MAX)))
    }
}

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let name = name.to_owned();
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let resolved = tokio::task::spawn_blocking(move || {
            // Held until the system answers, even when nobody waits for it any more.
            let _turn = turn;
            (name.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>)
        });
        let addresses = resolved.await.map_err(io::Error::other)??;
        Ok(addresses.into_iter().map(|address| address.ip()).collect())
    }
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAddress {
    #[error("the name {name} does not resolve ({cause})")]
    Unresolved { name: String, cause: String },
    #[error("the name {name} leads to a refused address: {refused}")]
    Refused { name: String, refused: Refused },
}

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
            let name = name.as_str().to_owned();
            let unresolved = |cause: String| NoAddress::Unresolved { name: name.clone(), cause };
            let addresses =
                lookup.lookup(&name).await.map_err(|error| unresolved(error.to_string()))?;
            if addresses.is_empty() {
                return Err(unresolved("it has no address".to_owned()).into());
            }
            for address in &addresses {
                let checked = if plain {
                    egress.check_plain_address(*address)
                } else {
                    egress.check_address(*address)
                };
                checked.map_err(|refused| NoAddress::Refused { name: name.clone(), refused })?;
            }
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
