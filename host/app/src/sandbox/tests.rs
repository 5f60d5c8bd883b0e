//! The sandbox over a real socket.

use http::Method;

use super::*;
use crate::host::clock::SystemClock;

async fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        token: "secret-token".into(),
        host: None,
        audience: None,
        clock: Arc::new(SystemClock),
        watcher: Box::new(|_| {}),
    });
    let sandbox = sandbox.await.unwrap();
    let client = Client::new(Place::Tcp(sandbox.address()));
    (sandbox, client)
}

#[tokio::test]
async fn what_arrives_is_judged_kept_and_shown_without_secrets() {
    let (sandbox, client) = start().await;
    let client = client.with_key("not-for-anyone");

    let answer = client.send(Method::PUT, "/readycloud/orders", "application/json", b"{}".to_vec());
    let answer = answer.await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(String::from_utf8_lossy(&answer.body).contains("the header Auth is missing"));

    let shown = client.call(Method::GET, "/received", None).await.unwrap();
    let first = &shown["received"][0];
    assert_eq!(first["vendor"], "readycloud");
    assert_eq!(first["path"], "/readycloud/orders");
    assert_eq!(first["status"], 401);
    assert_eq!(first["problems"][0], "the header Auth is missing");
    let text = shown.to_string();
    assert!(text.contains("Bearer ****") && !text.contains("not-for-anyone"), "{text}");
    assert_eq!(sandbox.received().len(), 1);
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_of_nobody_says_which_there_are() {
    let (sandbox, client) = start().await;
    let error = client.call(Method::GET, "/doo", None).await.unwrap_err();
    let error = format!("{error:#}");
    assert!(error.contains("404") && error.contains("POST /corrigopro"), "{error}");
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let (sandbox, client) = start().await;
    let body = vec![b' '; limits::BODY_BYTES_MAX + 1];
    let answer = client.send(Method::PUT, "/readycloud/orders", "application/json", body).await;
    // The answer may come, or the connection may break, while the client still sends.
    if let Ok(answer) = answer {
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert!(sandbox.received().is_empty());
    sandbox.stop().await.unwrap();
}
