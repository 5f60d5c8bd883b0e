//! From names to addresses, unchecked.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::sync::Semaphore;

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
