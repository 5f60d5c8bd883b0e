//! TLS: the system's authorities, and those that are added.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, extract::Request, serve::Listener};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use transload_delivery::http::HttpOptions;
use transload_domain::SendFailureKind;

use super::support::{Names, answer, exchange, failure, options};

/// A vendor with a certificate for `vendor.example`, and the authority that issued it.
struct Vendor {
    address: SocketAddr,
    root: Vec<u8>,
    _tasks: JoinSet<()>,
}

struct TlsListener(TcpListener, TlsAcceptor);

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, peer) = self.0.accept().await.unwrap();
            // A client that does not trust us ends here; the next one is awaited.
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Vendor {
    async fn new(protocols: &[&[u8]]) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["vendor.example".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = TlsListener(listener, TlsAcceptor::from(Arc::new(config)));
        let app = Router::new()
            .fallback(|request: Request| async move { format!("{:?}", request.version()) });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, root: authority.der().to_vec(), _tasks: tasks }
    }

    fn url(&self, name: &str) -> String {
        format!("https://{name}:{}/", self.address.port())
    }

    fn options(&self, trusted: bool, name: &'static str) -> HttpOptions {
        HttpOptions {
            extra_roots: if trusted { vec![self.root.clone()] } else { vec![] },
            lookup: Arc::new(Names::with(name, &["127.0.0.1"])),
            ..options()
        }
    }
}

#[tokio::test]
async fn the_best_protocol_that_is_offered_is_spoken() {
    for (protocols, expected) in [
        (&[&b"h2"[..], b"http/1.1"][..], "HTTP/2.0"),
        (&[b"http/1.1"], "HTTP/1.1"),
        (&[], "HTTP/1.1"),
    ] {
        let vendor = Vendor::new(protocols).await;
        let options = vendor.options(true, "vendor.example");
        let answer = answer(options, exchange(&vendor.url("vendor.example"))).await;
        assert_eq!(String::from_utf8(answer.body).unwrap(), expected);
    }
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let vendor = Vendor::new(&[]).await;
    let options = vendor.options(false, "vendor.example");
    let (kind, detail) = failure(options, exchange(&vendor.url("vendor.example"))).await;
    assert_eq!(kind, SendFailureKind::Tls, "{detail}");
    assert!(detail.contains("UnknownIssuer"), "{detail}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let vendor = Vendor::new(&[]).await;
    let options = vendor.options(true, "other.example");
    let (kind, detail) = failure(options, exchange(&vendor.url("other.example"))).await;
    assert_eq!(kind, SendFailureKind::Tls, "{detail}");
    assert!(detail.contains("not valid for name"), "{detail}");
}
