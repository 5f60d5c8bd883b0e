//! A name for each request, in its answer and in the log.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use transload_domain::WebhookId;

use crate::Api;

/// The header that carries it, both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Bytes of a caller's own request id; a longer one is replaced.
const ID_BYTES_MAX: usize = 128;

/// Takes the caller's request id where it is usable, makes one where it is not, and puts it on the answer.
pub(crate) async fn layer(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&HEADER).filter(|id| is_usable(id)).cloned();
    let id = given.unwrap_or_else(|| fresh(&api));
    request.headers_mut().insert(HEADER, id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, id);
    response
}

fn is_usable(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=ID_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

fn fresh(api: &Api) -> HeaderValue {
    let mut bytes = [0; 16];
    api.random.fill(&mut bytes);
    // A random UUID, like every other id that the API shows.
    let id = WebhookId::from_random(bytes).to_string();
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("-"))
}
