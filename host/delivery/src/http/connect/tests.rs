//! The connector by itself, without the check of endpoints that stands before it.

use std::net::IpAddr;

use async_trait::async_trait;
use rustls::{RootCertStore, crypto::ring};
use tokio::net::TcpListener;

use super::*;

/// Every name has these addresses.
struct Addresses(Vec<IpAddr>);

#[async_trait]
impl Lookup for Addresses {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.clone())
    }
}

fn connector(egress: EgressPolicy, addresses: &[&str]) -> Connector {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Connector::new(Arc::new(egress), Arc::new(Addresses(addresses)), tls)
}

async fn connect(mut connector: Connector, uri: &str) -> Result<Connection, NoConnection> {
    connector.call(uri.parse().unwrap()).await
}

#[tokio::test]
async fn a_literal_address_is_checked_like_a_name() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "named.example",
        "LOCALHOST",
        "localhost.",
    ] {
        for scheme in ["https", "http"] {
            let connector = connector(EgressPolicy::default(), &["8.8.8.8", "127.0.0.1"]);
            let refused = connect(connector, &format!("{scheme}://{host}:9/")).await;
            assert!(
                matches!(refused, Err(NoConnection::Address(NoAddress::Refused { .. }))),
                "{scheme}://{host}"
            );
        }
    }
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let loopback = || EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], true);
    let uri = format!("http://vendor.example:{port}/");
    // Nothing listens on the first two.
    let both = connector(loopback(), &["127.0.0.2", "127.0.0.3", "127.0.0.1"]);
    assert!(connect(both, &uri).await.is_ok());
    let neither = connector(loopback(), &["127.0.0.2", "127.0.0.3"]);
    assert!(matches!(connect(neither, &uri).await, Err(NoConnection::Tcp(_))));
}

#[tokio::test]
async fn an_address_that_does_not_answer_holds_up_the_next_only_shortly() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // A full queue of connections takes no more and says nothing: the nearest thing to a dead address here.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 2], port).into()).unwrap();
    let full = socket.listen(0).unwrap();
    let mut queue = JoinSet::new();
    for _ in 0..8 {
        queue.spawn(TcpStream::connect(full.local_addr().unwrap()));
    }
    let _taken = queue.join_next().await.unwrap().unwrap().unwrap();
    let loopback = EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], true);
    let connector = connector(loopback, &["127.0.0.2", "127.0.0.1"]);
    let uri = format!("http://vendor.example:{port}/");
    let connecting = connect(connector, &uri);
    assert!(timeout(CONNECT_TIME / 2, connecting).await.unwrap().is_ok());
}
