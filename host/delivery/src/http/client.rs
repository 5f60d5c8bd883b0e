//! The HTTP client: kept connections over TLS with the system's certificate authorities.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use tracing::warn;

use super::{connect::Connector, connection::OpenConnections};
use crate::egress::{EgressPolicy, Lookup};

/// Connections to one host that are kept open while nothing is sent: as many as the host's exchanges, where nothing else
/// is set, since all of them may go to one vendor; so a busy endpoint does not cost a new connection for every request
/// that ends beside others.
const IDLE_CONNECTIONS_PER_HOST_MAX: usize = 256;
/// Connections of one pool, in use or idle, after which a new pool takes its place: what is idle in the old one is
/// closed, what is in use ends with its exchange. So however many hosts there are, no more than these and one for each
/// exchange are open, and the process does not run out of files.
const POOL_CONNECTIONS_MAX: usize = 1_024;
/// How long they are kept. Common servers close theirs after 60 to 75 s.
const IDLE_TIME: Duration = Duration::from_secs(50);
/// How often an HTTP/2 connection in use is asked whether it is alive, and how long it may take to say so. One that
/// has died without a word would otherwise swallow every later exchange with its host.
const PING_EVERY: Duration = Duration::from_secs(20);
/// See [`PING_EVERY`].
const PING_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes that an HTTP/2 server may send before they are read, for one answer: about what is read of one.
const H2_ANSWER_WINDOW_BYTES: u32 = 64 << 10;
/// The same for all answers of one connection.
const H2_CONNECTION_WINDOW_BYTES: u32 = 1 << 20;

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// An extra root cannot be used.
    #[error("an extra root is not a certificate (DER): {0}")]
    Root(rustls::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

/// The client. It follows no redirect, knows no proxy, and sends a request again only where a kept connection had
/// been closed before any of it was sent.
pub(super) struct Client {
    connector: Connector,
    connections_max: usize,
    pool: Mutex<Pool>,
}

struct Pool {
    client: legacy::Client<Connector, Full<Bytes>>,
    open: OpenConnections,
}

impl Client {
    pub(super) fn new(
        egress: &Arc<EgressPolicy>,
        lookup: &Arc<dyn Lookup>,
        extra_roots: &[Vec<u8>],
    ) -> Result<Self, NoClient> {
        let connector = Connector::new(Arc::clone(egress), Arc::clone(lookup), tls(extra_roots)?);
        Ok(Self::with(connector, POOL_CONNECTIONS_MAX))
    }

    fn with(connector: Connector, connections_max: usize) -> Self {
        let pool = Mutex::new(Pool::new(&connector));
        Self { connector, connections_max, pool }
    }

    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let client = self.client();
        client.request(request).await
    }

    fn client(&self) -> legacy::Client<Connector, Full<Bytes>> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.open.count() >= self.connections_max {
            *pool = Pool::new(&self.connector);
        }
        pool.client.clone()
    }
}

impl Pool {
    fn new(connector: &Connector) -> Self {
        let open = OpenConnections::default();
        let client = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST_MAX)
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_timeout(PING_TIME_MAX)
            .http2_initial_stream_window_size(H2_ANSWER_WINDOW_BYTES)
            .http2_initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
            .build(connector.counting(open.clone()));
        Self { client, open }
    }
}

/// rustls with ring, named here and not process-wide, so that nothing depends on who installs a provider first.
fn tls(extra_roots: &[Vec<u8>]) -> Result<ClientConfig, NoClient> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(NoClient::Tls)?
        .with_root_certificates(roots(extra_roots)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The system's certificate authorities. A system without any is no reason not to start: each exchange then fails
/// with words that say so.
fn roots(extra: &[Vec<u8>]) -> Result<RootCertStore, NoClient> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    let (taken, refused) = roots.add_parsable_certificates(system.certs);
    if taken == 0 {
        warn!(refused, errors = ?system.errors, "the system has no certificate authorities; no https endpoint will be trusted (install ca-certificates)");
    }
    for root in extra {
        roots.add(CertificateDer::from_slice(root)).map_err(NoClient::Root)?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use http_body_util::BodyExt as _;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        task::JoinSet,
        time::timeout,
    };

    use super::*;
    use crate::egress::SystemLookup;

    /// Answers and keeps the connection, as long as the client does.
    async fn talk(mut stream: TcpStream, open: Arc<AtomicUsize>) {
        let mut buffer = [0; 4_096];
        while stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
        open.fetch_sub(1, SeqCst);
    }

    #[tokio::test]
    async fn however_many_hosts_there_are_connections_are_bounded() {
        const MAX: usize = 4;
        let egress = EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], true);
        let lookup = Arc::new(SystemLookup::default());
        let connector = Connector::new(Arc::new(egress), lookup, tls(&[]).unwrap());
        let client = Client::with(connector, MAX);
        let (mut servers, open) = (JoinSet::new(), Arc::<AtomicUsize>::default());
        for _ in 0..5 * MAX {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let uri = format!("http://{}/", listener.local_addr().unwrap());
            let shared = Arc::clone(&open);
            servers.spawn(async move {
                let mut connections = JoinSet::new();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    shared.fetch_add(1, SeqCst);
                    connections.spawn(talk(stream, Arc::clone(&shared)));
                }
            });
            let mut request = Request::new(Full::default());
            *request.uri_mut() = uri.parse().unwrap();
            let answer = client.send(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.into_body().collect().await.unwrap();
        }
        let closed = async {
            while open.load(SeqCst) > MAX {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), closed).await.expect("idle connections are closed");
    }
}
