//! Bodies that come in: what they say they are, and how much is read of them.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};

use crate::{
    budget::{Budget, Share},
    problem::{Kind, Problem},
};

/// Time in which a body must have arrived. Eight megabytes in it are a slow line; more time would let idle callers
/// hold on to memory.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// A body that was read, with its share of the memory for bodies: hold it as long as something of the body is held.
pub(crate) struct ReadBody {
    /// The body.
    pub(crate) bytes: Bytes,
    /// Its share.
    pub(crate) share: Share,
}

/// Reads a body of at most `max` bytes.
///
/// # Errors
/// 413 when it is longer, before it is read where its length is announced; 503 when there is no memory for it; 408
/// when it does not arrive in time; 400 when it breaks off.
pub(crate) async fn read(
    budget: &Budget,
    headers: &HeaderMap,
    body: Body,
    max: usize,
    what: &str,
) -> Result<ReadBody, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        return Err(too_large(what, max));
    }
    let share = budget.reserve(announced.unwrap_or(max)).await?;
    // The time-out frees what a caller holds who sends nothing more; no decision depends on it.
    match tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, max)).await {
        Ok(Ok(bytes)) => Ok(ReadBody { bytes, share }),
        Ok(Err(error)) if is_over_limit(&error) => Err(too_large(what, max)),
        Ok(Err(error)) => {
            Err(Problem::new(Kind::InvalidRequest, format!("the body broke off: {error}")))
        }
        Err(_) => {
            let seconds = BODY_TIME_MAX.as_secs();
            let detail = format!("the body did not arrive within {seconds} seconds");
            Err(Problem::new(Kind::RequestTimeout, detail))
        }
    }
}

/// What a `Content-Type` says (RFC 9110, section 8.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// Type and subtype, lower case: `application/json`.
    pub(crate) essence: String,
    charset: Option<String>,
}

impl MediaType {
    /// Takes a text as a media type; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mime: mime::Mime = text.parse().ok()?;
        let charset = mime.get_param(mime::CHARSET).map(|name| name.as_str().to_ascii_lowercase());
        Some(Self { essence: mime.essence_str().to_ascii_lowercase(), charset })
    }

    /// The one in these headers; `Ok(None)` where there is none.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
        let parsed = value.to_str().ok().and_then(Self::parse);
        parsed.map(Some).ok_or_else(|| unsupported("the content-type header is no media type"))
    }

    /// Whether it is JSON: `application/json`, or a type that ends in `+json` (RFC 6839).
    pub(crate) fn is_json(&self) -> bool {
        self.essence == "application/json" || self.essence.ends_with("+json")
    }

    /// Whether its text is UTF-8, the only encoding of JSON that is exchanged (RFC 8259, section 8.1).
    pub(crate) fn is_utf8(&self) -> bool {
        self.charset.as_deref().is_none_or(|name| matches!(name, "utf-8" | "utf8" | "us-ascii"))
    }
}

/// Demands `application/json`.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    match MediaType::of(headers)? {
        Some(media) if media.essence == "application/json" && media.is_utf8() => Ok(()),
        _ => Err(unsupported("send the body as application/json in UTF-8")),
    }
}

/// 415.
pub(crate) fn unsupported(detail: &str) -> Problem {
    Problem::new(Kind::UnsupportedMediaType, detail)
}

/// 413.
pub(crate) fn too_large(what: &str, max: usize) -> Problem {
    Problem::new(Kind::TooLarge, format!("{what} may have at most {max} bytes"))
}

fn is_over_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
