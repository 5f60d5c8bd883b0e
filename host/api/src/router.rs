//! Which path leads to which operation, and what every request passes on its way.

use std::any::Any;

use axum::{
    Extension, Router,
    body::Body,
    http::{Request, Response},
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::{get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};
use tracing::Span;

use crate::{
    Api, access, admin,
    budget::Budget,
    deliveries, events, operation, operator, plugins,
    problem::{Kind, Problem},
    replays, request_id, webhooks,
};

/// The public API. Everything under `/v1` takes an API key.
pub fn router(api: Api) -> Router {
    let v1 = v1().route_layer(from_fn_with_state(api.clone(), access::layer));
    let open = Router::new()
        .route("/health/live", get(operation::live))
        .route("/health/ready", get(operation::ready))
        .route("/metrics", get(operation::metrics))
        .route("/.well-known/jwks.json", get(operation::jwks));
    around(open.nest("/v1", v1), api)
}

/// Operations for whoever may use this machine as its operator. It asks for no key: serve it on a private Unix
/// socket and nowhere else.
pub fn admin_router(api: Api) -> Router {
    let router = Router::new()
        .route("/keys", post(admin::create_key))
        .route("/keys/{id}", axum::routing::delete(admin::remove_key))
        .route("/health/ready", get(operation::ready))
        .nest("/v1", v1().route_layer(from_fn(operator::layer)));
    around(router, api)
}

/// What belongs to an organization. Whoever asks must have been made a [`Caller`](access::Caller) before.
fn v1() -> Router<Api> {
    Router::new()
        .route("/events", post(events::post))
        .route("/events/{id}", get(events::get))
        .route("/webhooks", post(webhooks::post).get(webhooks::list))
        .route("/webhooks/{id}", get(webhooks::get).patch(webhooks::patch).delete(webhooks::delete))
        .route("/webhooks/{id}/emulate", post(webhooks::emulate))
        .route("/webhooks/{id}/suspend", post(webhooks::suspend))
        .route("/webhooks/{id}/resume", post(webhooks::resume))
        .route("/webhooks/{id}/rotate-secret", post(webhooks::rotate_secret))
        .route("/webhooks/{id}/rotate-token", post(webhooks::rotate_token))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", get(deliveries::get))
        .route("/deliveries/{id}/retry", post(deliveries::retry))
        .route("/replays", post(replays::post).get(replays::list))
        .route("/replays/{id}", get(replays::get))
        .route("/plugins", get(plugins::list))
        .route("/plugins/{name}", get(plugins::get))
}

/// What every request passes, from the outside in: its id, the log, and the net under a panic.
fn around(router: Router<Api>, api: Api) -> Router {
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(api.clone())
        .layer(Extension(Budget::new()))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(from_fn_with_state(api, request_id::layer))
}

async fn no_such_path() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing at this path")
}

async fn no_such_method() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "this path takes other methods; the allow header has them")
}

/// The panic's text is for the log alone.
fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or_else(|_| "no text".into(), |t| (*t).into()),
    };
    Problem::internal(format_args!("panic: {text}")).into_response()
}

/// The path without its query: a query may hold a credential.
fn span(request: &Request<Body>) -> Span {
    let id = request.headers().get(request_id::HEADER).and_then(|id| id.to_str().ok());
    tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        request_id = id.unwrap_or("-"),
    )
}

#[cfg(test)]
mod tests;
