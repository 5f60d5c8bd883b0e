//! What holds for every path.

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
    routing::get as route_get,
};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::testing::{Host, get, post};

#[tokio::test]
async fn without_a_good_key_nothing_under_v1_answers() {
    let host = Host::new().await;
    let wrong = format!("{}0", &host.key[..host.key.len() - 1]);
    let wrong =
        if wrong == host.key { format!("{}1", &host.key[..host.key.len() - 1]) } else { wrong };
    let unknown = format!("tl_{}_{}", "0".repeat(16), "0".repeat(48));
    for (method, path) in [
        (Method::POST, "/v1/events"),
        (Method::GET, "/v1/events/x"),
        (Method::POST, "/v1/webhooks"),
        (Method::GET, "/v1/webhooks"),
        (Method::GET, "/v1/webhooks/x"),
        (Method::DELETE, "/v1/webhooks/x"),
        (Method::PATCH, "/v1/webhooks/x"),
        (Method::POST, "/v1/webhooks/x/suspend"),
        (Method::POST, "/v1/webhooks/x/resume"),
        (Method::POST, "/v1/webhooks/x/rotate-token"),
        (Method::POST, "/v1/webhooks/x/rotate-secret"),
        (Method::POST, "/v1/webhooks/x/emulate"),
        (Method::POST, "/v1/deliveries/x/retry"),
        (Method::POST, "/v1/replays"),
        (Method::GET, "/v1/replays"),
        (Method::GET, "/v1/replays/x"),
        (Method::GET, "/v1/deliveries"),
        (Method::GET, "/v1/deliveries/x"),
        (Method::GET, "/v1/plugins"),
        (Method::GET, "/v1/plugins/acme"),
    ] {
        let request = || Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
        let none = host.send_bare(request()).await;
        none.is_problem(401, "unauthenticated");
        assert_eq!(none.headers["www-authenticate"], "Bearer realm=\"transload\"");
        for key in [&wrong, &unknown, "", "tl_", "\u{e4}"] {
            let answer = host.send_with(key, request()).await;
            answer.is_problem(401, "unauthenticated");
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.contains("invalid_token"), "{challenge}");
        }
    }
}

#[tokio::test]
async fn the_scheme_is_bearer_in_any_case() {
    let host = Host::new().await;
    for (value, status) in [
        (format!("bearer {}", host.key), 200),
        (format!("BEARER {}", host.key), 200),
        (format!("Basic {}", host.key), 401),
        (host.key.clone(), 401),
    ] {
        let request = Request::get("/v1/plugins").header("authorization", value);
        let answer = host.send_bare(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let host = Host::new().await;
    for path in [
        "/",
        "/v2/events",
        "/v1",
        "/v1/",
        "/v1/event",
        "/v1/events/%ff",
        "/v1/plugins/%ff",
        "/x.ico",
    ] {
        host.send(get(path)).await.is_problem(404, "not-found");
    }
    for (path, allowed) in [
        ("/v1/events", "POST"),
        ("/v1/webhooks", "GET"),
        ("/health/live", "GET"),
        ("/.well-known/jwks.json", "GET"),
    ] {
        let request = Request::put(path).body(Body::empty()).unwrap();
        let answer = host.send(request).await;
        answer.is_problem(405, "method-not-allowed");
        let allow = answer.headers["allow"].to_str().unwrap();
        assert!(allow.contains(allowed), "{path}: {allow}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let host = Host::new().await;
    for request in [get("/health/live"), get("/nowhere"), post("/v1/events", "text/plain", "x")] {
        let answer = host.send_bare(request).await;
        assert_eq!(answer.headers["x-request-id"].len(), 36, "{answer:?}");
    }
    for (given, kept) in [("mine-7", true), ("with space", false), (&"x".repeat(200), false)] {
        let request = Request::get("/health/live").header("x-request-id", given);
        let answer = host.send_bare(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers["x-request-id"] == given, kept, "{given}");
    }
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    async fn boom() {
        panic!("the password is 1234");
    }
    let router = Router::new()
        .route("/boom", route_get(boom))
        .layer(CatchPanicLayer::custom(super::after_panic));
    let response = router.oneshot(get("/boom")).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("1234"));
}
