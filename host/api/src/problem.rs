//! Every answer that is not what was asked for: problem details (RFC 9457).

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use transload_store as store;

use crate::{page, pointer::Pointer};

/// What went wrong, in words that say what to do next.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<InputError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One fault of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputError {
    /// What is wrong and what would be right.
    pub(crate) detail: String,
    /// Where.
    pub(crate) pointer: Pointer,
}

/// The kinds of problem. Clients branch on the `type` that comes of one: never change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidRequest,
    InvalidEvent,
    InvalidCursor,
    Unauthenticated,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    EventDiffers,
    Conflict,
    PreconditionFailed,
    TooLarge,
    UnsupportedMediaType,
    InvalidWebhook,
    InvalidKey,
    BacklogFull,
    Busy,
    Internal,
    StoreUnavailable,
}

impl Kind {
    /// Status, last part of the type, and title.
    fn facts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => {
                (StatusCode::BAD_REQUEST, "invalid-request", "The request cannot be understood")
            }
            Self::InvalidEvent => {
                (StatusCode::BAD_REQUEST, "invalid-event", "The event is not valid")
            }
            Self::InvalidCursor => {
                (StatusCode::BAD_REQUEST, "invalid-cursor", "The cursor is not valid")
            }
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, "unauthenticated", "An API key is needed")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
            Self::RequestTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "request-timeout", "The request took too long")
            }
            Self::EventDiffers => (
                StatusCode::CONFLICT,
                "event-differs",
                "An event with this source and id exists and has other content",
            ),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "Not possible as things are now"),
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "precondition-failed",
                "It was changed since it was read",
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The content type is not supported",
            ),
            Self::InvalidWebhook => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-webhook", "The webhook is not valid")
            }
            Self::InvalidKey => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-key",
                "The API key's description is not valid",
            ),
            Self::BacklogFull => {
                (StatusCode::TOO_MANY_REQUESTS, "backlog-full", "Too many deliveries wait")
            }
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once"),
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "transload is at fault")
            }
            Self::StoreUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "The store is unavailable")
            }
        }
    }
}

impl Problem {
    /// A problem of that kind.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// Input with these faults; at least one.
    pub(crate) fn of_input(kind: Kind, errors: Vec<InputError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.pointer, only.detail),
            many => format!("{} faults; see errors", many.len()),
        };
        Self { kind, detail, errors, headers: Vec::new() }
    }

    /// Something that does not exist, or belongs to another organization: the two look the same.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("there is no such {what}"))
    }

    /// A fault of ours. What happened is for the log alone.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "answer a request");
        Self::new(Kind::Internal, "something went wrong here; the log has the details")
    }

    /// With one more header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With the time after which to try again.
    #[must_use]
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }
}

impl InputError {
    /// A fault at that place.
    pub(crate) fn new(pointer: Pointer, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), pointer }
    }
}

/// Seconds after which a store that refuses is asked again.
const STORE_RETRY_S: u32 = 5;

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) => {
                tracing::error!(%error, "use the store");
                let detail = "the store cannot be reached or refuses writes; nothing was \
                              acknowledged: send the request again";
                Self::new(Kind::StoreUnavailable, detail).retry_after(STORE_RETRY_S)
            }
            store::Error::NotFound(_) => Self::not_found("object"),
            store::Error::Cursor => page::bad_cursor(),
            other => Self::internal(other),
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorMember<'a>>,
}

#[derive(Serialize)]
struct ErrorMember<'a> {
    detail: &'a str,
    pointer: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, slug, title) = self.kind.facts();
        let errors = self
            .errors
            .iter()
            .map(|error| ErrorMember { detail: &error.detail, pointer: error.pointer.to_string() });
        let document = Document {
            r#type: format!("/problems/{slug}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            errors: errors.collect(),
        };
        let text = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().extend(self.headers);
        response
    }
}
