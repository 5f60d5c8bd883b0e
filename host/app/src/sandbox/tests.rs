//! The sandbox over a real socket.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;
use transload_domain::limits;

use super::*;
use crate::client::{Client, Place};

const SECRET: &str = "client-secret";

async fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Options::new("secret-token", SECRET));
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
    assert_eq!((&first["status"], &first["failure"]), (&json!(401), &Value::Null));
    assert_eq!(first["problems"][0], "the header Auth is missing");
    let text = shown.to_string();
    assert!(text.contains("Bearer ****") && !text.contains("not-for-anyone"), "{text}");
    assert_eq!(sandbox.received().len(), 1);
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_of_nobody_says_which_there_are() {
    let (sandbox, client) = start().await;
    let error = client.call(Method::GET, "/acme", None).await.unwrap_err();
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

async fn put(client: &Client) -> anyhow::Result<crate::client::Answer> {
    client.send(Method::PUT, "/readycloud/orders", "application/json", b"{}".to_vec()).await
}

fn specs(specs: &[&str]) -> Vec<Failure> {
    specs.iter().map(|spec| spec.parse().unwrap()).collect()
}

#[tokio::test]
async fn failures_are_played_in_order_and_then_all_is_well_again() {
    let (sandbox, client) = start().await;
    sandbox.fail(specs(&["500x2", "doo:503", "429:30", "redirect"])).unwrap();
    let mut statuses = Vec::new();
    for _ in 1..=5 {
        statuses.push(put(&client).await.unwrap().status.as_u16());
    }
    assert_eq!(statuses, [500, 500, 429, 307, 401]);
    let left: Vec<String> = sandbox.failures().iter().map(ToString::to_string).collect();
    assert_eq!(left, ["doo:503"]);
    sandbox.heal();
    assert_eq!(sandbox.failures(), []);
    let told: Vec<_> = sandbox.received().into_iter().map(|one| one.failure).collect();
    let told: Vec<_> = told.iter().map(|failure| failure.as_deref()).collect();
    assert_eq!(told, [Some("500"), Some("500"), Some("429:30"), Some("redirect"), None]);
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn a_running_sandbox_is_told_over_http_what_is_to_go_wrong() {
    let (sandbox, client) = start().await;
    let post = |body: &str| client.send(Method::POST, "/fail", "text/plain", body.into());
    let added = post("doo:500x3 slow:2s\nhang").await.unwrap().json().unwrap();
    assert_eq!(added, json!({ "failures": ["doo:500x3", "slow:2s", "hang"] }));
    for (body, words) in [("dance", "there is no way `dance`"), (" ", "write failures")] {
        let refused = post(body).await.unwrap();
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(String::from_utf8_lossy(&refused.body).contains(words));
    }
    let shown = client.call(Method::GET, "/fail", None).await.unwrap();
    assert_eq!(shown, added);
    client.call(Method::DELETE, "/fail", None).await.unwrap();
    assert_eq!(sandbox.failures(), []);
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn a_late_answer_is_the_right_one() {
    let (sandbox, client) = start().await;
    sandbox.fail(specs(&["slow:200ms"])).unwrap();
    let began = Instant::now();
    assert_eq!(put(&client).await.unwrap().status, StatusCode::UNAUTHORIZED);
    assert!(began.elapsed() >= Duration::from_millis(200));
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_cut_or_that_hangs_is_never_whole() {
    let (sandbox, client) = start().await;
    sandbox.fail(specs(&["cut", "hang", "drip"])).unwrap();
    let cut = put(&client).await.unwrap_err();
    assert!(format!("{cut:#}").contains("read the answer"), "{cut:#}");
    for way in ["hang", "drip"] {
        let answer = tokio::time::timeout(Duration::from_millis(200), put(&client)).await;
        assert!(answer.is_err(), "{way}: {answer:?}");
    }
    let answered: Vec<_> = sandbox.received().iter().map(|one| one.status).collect();
    assert_eq!(answered, [Some(200), None, Some(200)]);
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn a_body_of_one_gibibyte_is_announced_and_sent() {
    use http_body_util::BodyExt;
    let mut answer = play::answer(&Way::Huge, transload_domain::Timestamp::EPOCH).await.unwrap();
    let body = answer.body_mut();
    assert_eq!(axum::body::HttpBody::size_hint(body).exact(), Some(1 << 30));
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(bytes, 1 << 30);
}

#[tokio::test]
async fn retry_after_is_written_in_both_forms() {
    let now = transload_domain::Timestamp::EPOCH.after(Duration::from_secs(784_111_777));
    for (after, expected) in
        [(RetryAfter::Seconds(30), "30"), (RetryAfter::Date(30), "Sun, 06 Nov 1994 08:50:07 GMT")]
    {
        let way = Way::Status { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(after) };
        let answer = play::answer(&way, now).await.unwrap();
        assert_eq!(answer.headers()["retry-after"], expected);
    }
}

#[tokio::test]
async fn a_token_is_fetched_used_and_taken_back_and_its_secret_is_not_shown() {
    let (sandbox, client) = start().await;
    let form = format!("grant_type=client_credentials&client_id=doo&client_secret={SECRET}");
    let fetch = async || {
        let kind = "application/x-www-form-urlencoded";
        let answer = client.send(Method::POST, DOO_TOKEN, kind, form.clone().into()).await.unwrap();
        let token = answer.json().unwrap()["access_token"].as_str().unwrap().to_owned();
        client.clone().with_key(&token)
    };
    let post = async |client: &Client| {
        let path = "/doo/order_created";
        let body = b"{}".to_vec();
        client.send(Method::POST, path, "application/json", body).await.unwrap().status.as_u16()
    };
    let caller = fetch().await;
    assert_eq!(post(&caller).await, 200);
    for way in ["revoke-token", "expire-token"] {
        let caller = fetch().await;
        sandbox.fail(specs(&[way])).unwrap();
        assert_eq!((post(&caller).await, post(&caller).await), (401, 401), "{way}");
        assert_eq!(post(&fetch().await).await, 200, "{way}");
    }
    sandbox.fail(specs(&["invalid-client"])).unwrap();
    let kind = "application/x-www-form-urlencoded";
    let refused = client.send(Method::POST, DOO_TOKEN, kind, form.clone().into()).await.unwrap();
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let shown = client.call(Method::GET, "/received", None).await.unwrap().to_string();
    assert!(shown.contains("\"client_id\":\"doo\"") && !shown.contains(SECRET), "{shown}");
    sandbox.stop().await.unwrap();
}
