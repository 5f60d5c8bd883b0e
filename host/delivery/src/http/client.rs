//! The connections.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use tracing::warn;
use url::Url;

use super::lookup::Checked;
use crate::egress::{EgressPolicy, Lookup};

/// Connections to one host that are kept open while nothing is sent.
const IDLE_CONNECTIONS_PER_HOST_MAX: usize = 16;
/// How long they are kept. Common servers close theirs after 60 to 75 s.
const IDLE_TIME: Duration = Duration::from_secs(50);
/// Time for a name, a connection and its TLS session; the exchange's deadline holds over everything. A host with
/// several addresses shares it among them, so that one dead address leaves time for the next.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// An extra root cannot be used.
    #[error("an extra root is not a certificate (DER): {0}")]
    Root(rustls::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
    /// The client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(reqwest::Error),
}

/// One client for each scheme: an address that may be reached by TLS may be closed to plain http, and the resolver
/// of a client does not learn the scheme.
pub(super) struct Clients {
    tls: Client,
    plain: Client,
}

impl Clients {
    pub(super) fn new(
        egress: &Arc<EgressPolicy>,
        lookup: &Arc<dyn Lookup>,
        extra_roots: &[Vec<u8>],
    ) -> Result<Self, NoClient> {
        let tls = tls(extra_roots)?;
        let checked = |plain| Checked::new(Arc::clone(egress), Arc::clone(lookup), plain);
        Ok(Self { tls: client(&tls, checked(false))?, plain: client(&tls, checked(true))? })
    }

    pub(super) fn for_url(&self, url: &Url) -> &Client {
        if url.scheme() == "http" { &self.plain } else { &self.tls }
    }
}

fn client(tls: &ClientConfig, resolver: Checked) -> Result<Client, NoClient> {
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(Arc::new(resolver))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("transload/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIME)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST_MAX)
        .pool_idle_timeout(IDLE_TIME)
        .build()
        .map_err(NoClient::Client)
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
