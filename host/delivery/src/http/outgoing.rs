//! The request as it goes out.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::EXPECT};
use transload_domain::{DeliveryKey, Request, SendFailure, SendFailureKind};
use url::Url;

use super::{HttpOptions, credentials, secrets::Secrets, signature};
use crate::{Exchange, egress::EndpointError};

/// A request as it goes out: the delivery's bytes, and what belongs to this attempt only.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What must not be found in what is kept of the answer.
    pub(super) secrets: Secrets,
}

impl Outgoing {
    pub(super) fn new(exchange: &Exchange, options: &HttpOptions) -> Result<Self, SendFailure> {
        let request = &exchange.request;
        let endpoint =
            options.egress.check_endpoint(&exchange.endpoint).map_err(|error| refused(&error))?;
        let mut headers = plugin_headers(request)?;
        headers.insert("traceparent", traceparent(&exchange.delivery, options));
        if exchange.expect_continue && !request.body.is_empty() {
            // RFC 9110, section 10.1.1: only with a body; and a client need not wait for the 100 before it goes on.
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        }
        let mut secrets = Secrets::default();
        if let Some((name, value)) = credentials::header(exchange, options, &mut secrets)? {
            headers.insert(name, value);
        }
        if let Some(signing) = &exchange.signing {
            signature::add(&mut headers, exchange, signing, options)?;
        }
        Ok(Self {
            method: Method::from_bytes(request.method.as_str().as_bytes())
                .map_err(|_| unsendable("its method is not one of HTTP"))?,
            url: target(endpoint, &request.path)?,
            headers,
            body: Bytes::from_owner(Body(Arc::clone(request))),
            secrets,
        })
    }
}

/// The request's body, without a copy.
struct Body(Arc<Request>);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0.body
    }
}

/// The endpoint with the request's path appended, before the endpoint's own query. Where one ends and the other
/// begins with a slash, one slash remains. A path cannot lead out of the endpoint.
fn target(mut endpoint: Url, path: &str) -> Result<Url, SendFailure> {
    if path.is_empty() {
        return Ok(endpoint);
    }
    let (path, query) =
        path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    if !path.is_empty() {
        let base = endpoint.path().trim_end_matches('/').to_owned();
        endpoint.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        if !endpoint.path().starts_with(&format!("{base}/")) {
            return Err(unsendable("its path leads out of the endpoint"));
        }
    }
    if let Some(query) = query {
        let both = endpoint.query().map_or(query.to_owned(), |own| format!("{own}&{query}"));
        endpoint.set_query(Some(&both));
    }
    Ok(endpoint)
}

fn plugin_headers(request: &Request) -> Result<HeaderMap, SendFailure> {
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 4);
    for (name, value) in &request.headers {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        let Some((name, value)) = parsed else {
            return Err(unsendable(&format!("its header {name:?} cannot be sent")));
        };
        headers.append(name, value);
    }
    Ok(headers)
}

/// W3C Trace Context, version 00: all attempts of a delivery are one trace, named by the delivery's id, and each is a
/// span of its own. Not sampled: this host keeps no spans.
fn traceparent(delivery: &DeliveryKey, options: &HttpOptions) -> HeaderValue {
    let mut span = [0; 8];
    options.random.fill(&mut span);
    // All zeros would be invalid.
    let span = u64::from_be_bytes(span) | 1;
    let text = format!("00-{}-{span:016x}-00", delivery.id().0.simple());
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

pub(super) fn refused(error: &EndpointError) -> SendFailure {
    let kind = match error {
        EndpointError::Refused(_) | EndpointError::Name(_) | EndpointError::PlainHttp => {
            SendFailureKind::Refused
        }
        _ => SendFailureKind::Unsendable,
    };
    SendFailure { kind, detail: format!("the endpoint cannot be used: {error}") }
}

pub(super) fn unsendable(why: &str) -> SendFailure {
    let detail = format!("the request cannot be sent: {why}");
    SendFailure { kind: SendFailureKind::Unsendable, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_appended_to_the_endpoint_and_stays_within_it() {
        for (endpoint, path, expected) in [
            ("https://v.example", "", Some("https://v.example/")),
            ("https://v.example/hook", "", Some("https://v.example/hook")),
            ("https://v.example/hook/", "", Some("https://v.example/hook/")),
            ("https://v.example/hook", "/5", Some("https://v.example/hook/5")),
            ("https://v.example/hook/", "/5", Some("https://v.example/hook/5")),
            ("https://v.example/hook?k=1", "/5/", Some("https://v.example/hook/5/?k=1")),
            ("https://v.example/hook?k=1", "?a=2", Some("https://v.example/hook?k=1&a=2")),
            ("https://v.example/hook", "/5?a=2", Some("https://v.example/hook/5?a=2")),
            ("https://v.example/hook", "/a#b", Some("https://v.example/hook/a%23b")),
            ("https://v.example/hook", "/../admin", None),
            ("https://v.example/hook", "/%2e%2e/admin", None),
            ("https://v.example/hook", "/../hook2", None),
        ] {
            let joined = target(Url::parse(endpoint).unwrap(), path);
            assert_eq!(joined.ok().as_ref().map(Url::as_str), expected, "{endpoint} {path}");
        }
    }
}
