//! Connections, and where they may go.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use tower_service::Service;
use url::{Host, Url};

use super::connection::{Connection, Counted, OpenConnections};
use crate::egress::{EgressPolicy, Lookup, NoAddress};

/// Time for a name, a connection and its TLS session; the exchange's deadline holds over everything.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long one address may take before the next is tried beside it. Source: RFC 8305, section 5.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// Addresses of one name that are tried. Within the time for a connection there is room for no more than some.
const ADDRESSES_TRIED_MAX: usize = 8;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoConnection {
    /// Its name leads nowhere, or to an address that is refused.
    #[error(transparent)]
    Address(#[from] NoAddress),
    /// None of its addresses took the connection.
    #[error("no connection: {0}")]
    Tcp(io::Error),
    /// There is no TLS session that can be trusted.
    #[error("no TLS session: {0}")]
    Tls(io::Error),
    /// It took too long.
    #[error("no connection within {} s", CONNECT_TIME.as_secs())]
    Time,
    /// The URL names no host that could be connected to.
    #[error("its URL names no host")]
    Host,
}

/// Makes connections for the client. This is the one place of the host that connects to anything outside, and it
/// connects only to addresses that the egress policy has just checked, names and literal addresses alike.
#[derive(Clone)]
pub(super) struct Connector {
    inner: Arc<Inner>,
    open: OpenConnections,
}

struct Inner {
    egress: Arc<EgressPolicy>,
    lookup: Arc<dyn Lookup>,
    tls: TlsConnector,
}

impl Connector {
    pub(super) fn new(
        egress: Arc<EgressPolicy>,
        lookup: Arc<dyn Lookup>,
        tls: ClientConfig,
    ) -> Self {
        let inner = Inner { egress, lookup, tls: TlsConnector::from(Arc::new(tls)) };
        Self { inner: Arc::new(inner), open: OpenConnections::default() }
    }

    /// The same connector, which counts its connections here.
    pub(super) fn counting(&self, open: OpenConnections) -> Self {
        Self { inner: Arc::clone(&self.inner), open }
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = NoConnection;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, NoConnection>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoConnection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (inner, counted) = (Arc::clone(&self.inner), self.open.one_more());
        Box::pin(async move {
            let connecting = inner.connect(&uri, counted);
            timeout(CONNECT_TIME, connecting).await.unwrap_or(Err(NoConnection::Time))
        })
    }
}

impl Inner {
    async fn connect(&self, uri: &Uri, counted: Counted) -> Result<Connection, NoConnection> {
        let url = Url::parse(&uri.to_string()).map_err(|_| NoConnection::Host)?;
        let port = url.port_or_known_default().ok_or(NoConnection::Host)?;
        let addresses = self.egress.addresses(&*self.lookup, &url).await?;
        let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, port));
        let stream = dial(addresses.take(ADDRESSES_TRIED_MAX)).await.map_err(NoConnection::Tcp)?;
        // A request is written in one piece; waiting for more would only cost time.
        stream.set_nodelay(true).map_err(NoConnection::Tcp)?;
        if url.scheme() == "http" {
            return Ok(Connection::new(TokioIo::new(Either::Left(stream)), false, counted));
        }
        let name = server_name(&url).ok_or(NoConnection::Host)?;
        let stream = self.tls.connect(name, stream).await.map_err(NoConnection::Tls)?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Connection::new(TokioIo::new(Either::Right(stream)), h2, counted))
    }
}

fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(std::net::IpAddr::from(address))),
        Host::Ipv6(address) => Some(ServerName::from(std::net::IpAddr::from(address))),
    }
}

/// Connects to the first address that answers. They are tried in their order; the next one begins when the last one
/// has failed, or beside it when that one takes long, so that one dead address does not use up the time.
async fn dial(mut addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        let more = addresses.next();
        let waits = more.is_some();
        if let Some(address) = more {
            attempts.spawn(TcpStream::connect(address));
        } else if attempts.is_empty() {
            return Err(last);
        }
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(cut) => last = io::Error::other(cut),
            },
            () = sleep(NEXT_ADDRESS_AFTER), if waits => {}
        }
    }
}

#[cfg(test)]
mod tests;
