//! Where the sender does not go.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use transload_delivery::{egress::EgressPolicy, http::HttpOptions};
use transload_domain::SendFailureKind;

use super::{
    server::Server,
    support::{Names, answer, exchange, failure, options},
};

fn names(name: &'static str, addresses: &[&str]) -> HttpOptions {
    HttpOptions { lookup: Arc::new(Names::with(name, addresses)), ..options() }
}

#[tokio::test]
async fn an_address_of_a_refused_network_is_not_connected_to() {
    let server = Server::answering(|_| Response::new(Body::empty())).await;
    let strict = || HttpOptions { egress: Arc::default(), ..options() };
    for spelling in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"] {
        let url = format!("https://{spelling}:{}/", server.address.port());
        let (kind, detail) = failure(strict(), exchange(&url)).await;
        assert_eq!(kind, SendFailureKind::Refused, "{detail}");
        assert!(detail.contains("refused; if this is meant, allow it"), "{detail}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_is_refused_when_any_of_its_addresses_is() {
    let server = Server::answering(|_| Response::new(Body::empty())).await;
    let port = server.address.port();
    let url = format!("http://vendor.example:{port}/");
    assert_eq!(answer(names("vendor.example", &["127.0.0.1"]), exchange(&url)).await.status, 200);
    for addresses in [&["10.0.0.1"][..], &["127.0.0.1", "10.0.0.1"], &["::1", "127.0.0.1"]] {
        let (kind, detail) = failure(names("vendor.example", addresses), exchange(&url)).await;
        assert_eq!(kind, SendFailureKind::Refused, "{detail}");
        let start = "the name vendor.example leads to a refused address: address ";
        assert!(detail.starts_with(start), "{detail}");
    }
    assert_eq!(server.arrived().len(), 1);
}

#[tokio::test]
async fn plain_http_goes_only_to_networks_that_are_allowed_by_name() {
    // 8.8.8.8 is public: TLS may go there, http may not. Nothing is connected to either way.
    let url = "http://vendor.example:9/";
    let (kind, detail) = failure(names("vendor.example", &["8.8.8.8"]), exchange(url)).await;
    assert_eq!(kind, SendFailureKind::Refused);
    assert!(detail.contains("plain http goes nowhere else; use https"), "{detail}");
    let https_only = HttpOptions {
        egress: Arc::new(EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], false)),
        ..options()
    };
    let (kind, _) = failure(https_only, exchange("http://127.0.0.1:9/")).await;
    assert_eq!(kind, SendFailureKind::Refused);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_named() {
    let (kind, detail) = failure(options(), exchange("https://nowhere.example/")).await;
    assert_eq!(kind, SendFailureKind::Resolve);
    assert_eq!(detail, "the name nowhere.example does not resolve (entity not found)");
}

#[tokio::test]
async fn a_closed_port_refuses_the_connection() {
    let server = Server::answering(|_| Response::new(Body::empty())).await;
    let url = server.url();
    let address = server.address;
    server.close().await;
    let (kind, detail) = failure(options(), exchange(&url)).await;
    assert_eq!(kind, SendFailureKind::Connect);
    assert_eq!(detail, format!("connection refused by {address}"));
}

#[tokio::test]
async fn a_server_without_tls_is_no_trusted_session() {
    let server = Server::answering(|_| Response::new(Body::empty())).await;
    let url = server.url().replace("http:", "https:");
    let (kind, detail) = failure(options(), exchange(&url)).await;
    assert_eq!(kind, SendFailureKind::Tls, "{detail}");
    let start = format!("no trusted TLS session with {}: ", server.address);
    assert!(detail.starts_with(&start), "{detail}");
}

#[tokio::test]
async fn headers_that_are_none_are_named() {
    for (name, value) in [("bad name", "x"), ("x", "a\nb"), ("", "x")] {
        let mut bad = exchange("http://127.0.0.1:9/");
        Arc::make_mut(&mut bad.request).headers.push((name.into(), value.into()));
        let (kind, detail) = failure(options(), bad).await;
        assert_eq!(kind, SendFailureKind::Unsendable);
        assert!(detail.contains(&format!("its header {name:?} cannot be sent")), "{detail}");
    }
}
