//! What is sent, and what is kept of answers.

use std::time::Duration;

use axum::{body::Body, response::Response};
use transload_delivery::{
    Sender as _,
    http::{HttpOptions, HttpSender},
};
use transload_domain::{AttemptOutcome, SendFailureKind, limits};

use super::{
    server::Server,
    support::{answer, exchange, failure, options},
};

fn response(status: u16, body: &'static str) -> Response {
    Response::builder().status(status).body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn the_request_arrives_as_it_was_made() {
    let server = Server::answering(|_| response(200, "thanks")).await;
    let mut exchange = exchange(&format!("{}?key=1", server.url()));
    let request = std::sync::Arc::make_mut(&mut exchange.request);
    request.path = "/orders/5?full=1".into();
    request.headers.push(("X-Twice".into(), "1".into()));
    request.headers.push(("X-Twice".into(), "2".into()));
    let answer = answer(options(), exchange).await;
    assert_eq!((answer.status, &*answer.body, answer.cut), (200, &b"thanks"[..], false));
    let arrived = &server.arrived()[0];
    assert_eq!(arrived.method, "PUT");
    assert_eq!(arrived.path, "/hook/orders/5?key=1&full=1");
    assert_eq!(arrived.body, "{\"order\":1}");
    assert_eq!(arrived.headers["content-type"], "application/json");
    assert_eq!(arrived.headers["content-length"], "11");
    assert_eq!(arrived.headers.get_all("x-twice").iter().collect::<Vec<_>>(), ["1", "2"]);
    let agent = concat!("transload/", env!("CARGO_PKG_VERSION"));
    assert_eq!(arrived.headers["user-agent"], agent);
    assert!(!arrived.headers.contains_key("expect"));
    assert!(!arrived.headers.contains_key("authorization"));
}

#[tokio::test]
async fn each_attempt_is_a_span_of_the_deliverys_trace() {
    let server = Server::answering(|_| response(200, "")).await;
    let sender = HttpSender::new(options()).unwrap();
    for _ in 0..2 {
        sender.send(exchange(&server.url())).await;
    }
    let traces: Vec<String> = server
        .arrived()
        .iter()
        .map(|arrived| arrived.headers["traceparent"].to_str().unwrap().to_owned())
        .collect();
    let id = exchange("x").delivery.id().0.simple().to_string();
    for trace in &traces {
        assert_eq!((trace.len(), &trace[..36]), (55, &*format!("00-{id}-")));
    }
    assert_ne!(traces[0], traces[1]);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = Server::answering(|_| {
        let redirect = Response::builder().status(307).header("location", "/elsewhere");
        redirect.body(Body::empty()).unwrap()
    })
    .await;
    let answer = answer(options(), exchange(&server.url())).await;
    assert_eq!(answer.status, 307);
    assert_eq!(server.arrived().len(), 1);
}

#[tokio::test]
async fn retry_after_is_read() {
    let server = Server::answering(|_| {
        Response::builder().status(429).header("retry-after", "17").body(Body::empty()).unwrap()
    })
    .await;
    let answer = answer(options(), exchange(&server.url())).await;
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(17))));
}

#[tokio::test]
async fn a_body_announces_itself_where_the_profile_says_so() {
    let server = Server::answering(|_| response(200, "")).await;
    let mut announced = exchange(&server.url());
    announced.expect_continue = true;
    assert_eq!(answer(options(), announced.clone()).await.status, 200);
    assert_eq!(server.arrived()[0].headers["expect"], "100-continue");
    // RFC 9110, section 10.1.1: not without a body.
    std::sync::Arc::make_mut(&mut announced.request).body.clear();
    assert_eq!(answer(options(), announced).await.status, 200);
    assert!(!server.arrived()[1].headers.contains_key("expect"));
}

#[tokio::test]
async fn after_417_the_request_is_repeated_once_without_the_expectation() {
    let picky = |arrived: &super::server::Arrived| {
        response(if arrived.headers.contains_key("expect") { 417 } else { 200 }, "")
    };
    let server = Server::answering(picky).await;
    let mut announced = exchange(&server.url());
    announced.expect_continue = true;
    assert_eq!(answer(options(), announced).await.status, 200);
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0].body, arrived[1].body);

    let stubborn = Server::answering(|_| response(417, "")).await;
    assert_eq!(answer(options(), exchange(&stubborn.url())).await.status, 417);
    assert_eq!(stubborn.arrived().len(), 1, "without an expectation there is nothing to take back");
}

#[tokio::test]
async fn an_endless_body_is_cut() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
    let server = Server::raw(HEAD, &[b'x'; 8_192], false).await;
    let answer = answer(options(), exchange(&server.url())).await;
    assert_eq!((answer.status, answer.cut), (200, true));
    assert_eq!(answer.body.len(), limits::ANSWER_BYTES_KEPT_MAX);
}

#[tokio::test]
async fn many_headers_are_cut() {
    let server = Server::answering(|_| {
        let many = (0..60).fold(Response::builder(), |builder, n| {
            builder.header(format!("x-{n}"), "y".repeat(3_000))
        });
        many.header("set-cookie", "session=1").body(Body::empty()).unwrap()
    })
    .await;
    let answer = answer(options(), exchange(&server.url())).await;
    assert_eq!(answer.headers.len(), limits::ANSWER_HEADERS_MAX);
    assert!(answer.headers.iter().all(|(_, value)| value.len() <= 1_024));
    assert!(answer.headers.iter().all(|(name, _)| name != "set-cookie"));
}

#[tokio::test]
async fn an_exchange_has_one_deadline() {
    const DRIP: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx";
    let silent = Server::raw(b"", b"", false).await;
    let dripping = Server::raw(DRIP, b"", false).await;
    for server in [silent, dripping] {
        let short = HttpOptions { exchange_time: Duration::from_millis(200), ..options() };
        let failing = failure(short, exchange(&server.url()));
        let (kind, detail) = tokio::time::timeout(Duration::from_secs(3), failing).await.unwrap();
        assert_eq!(kind, SendFailureKind::Timeout);
        assert_eq!(detail, "no whole answer within 0.2 s");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_apart() {
    let closing = Server::raw(b"", b"", true).await;
    let halfway = Server::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", b"", true).await;
    let nonsense = Server::raw(b"SSH-2.0-OpenSSH_9.2\r\n", b"", true).await;
    for server in [closing, halfway, nonsense] {
        let (kind, detail) = failure(options(), exchange(&server.url())).await;
        assert_eq!(kind, SendFailureKind::Broken, "{detail}");
        let expected = format!("the exchange with {} broke off: ", server.address);
        assert!(detail.starts_with(&expected), "{detail}");
    }
}

#[tokio::test]
async fn connections_are_kept() {
    let server = Server::answering(|_| response(200, "ok")).await;
    let sender = HttpSender::new(options()).unwrap();
    for _ in 0..20 {
        let outcome = sender.send(exchange(&server.url())).await;
        assert!(matches!(outcome, AttemptOutcome::Answered(_)), "{outcome:?}");
    }
    assert_eq!(server.connections(), 1);
}
