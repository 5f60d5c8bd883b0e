//! The request as it goes out.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, EXPECT},
};
use transload_domain::{Authentication, DeliveryKey, Request, SendFailure, SendFailureKind};
use url::Url;

use super::{HttpOptions, secrets::Secrets};
use crate::{Exchange, auth::BEARER_TIME, egress::EndpointError};

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
        if let Some((name, mut value)) = authentication(exchange, options, &mut secrets)? {
            value.set_sensitive(true);
            headers.insert(name, value);
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

fn authentication(
    exchange: &Exchange,
    options: &HttpOptions,
    secrets: &mut Secrets,
) -> Result<Option<(HeaderName, HeaderValue)>, SendFailure> {
    match &exchange.authentication {
        Authentication::None => Ok(None),
        Authentication::Token { header, template, token } => {
            let opened =
                options.vault.open(token).map_err(|error| unsendable(&error.to_string()))?;
            let opened = String::from_utf8(opened)
                .map_err(|_| unsendable("the webhook's token is not text"))?;
            let value = template.replace("%ACCESS_TOKEN%", &opened);
            secrets.add(opened);
            let name = HeaderName::from_bytes(header.as_bytes())
                .map_err(|_| unsendable("the name of the token's header is not one of HTTP"))?;
            // Visible characters pass unchanged, whatever RFC 6750 allows: CorrigoPro's own tokens hold '<' and '>'.
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| unsendable("the webhook's token holds control characters"))?;
            Ok(Some((name, value)))
        }
        Authentication::Basic { .. } | Authentication::ClientCredentials(_) => {
            Err(unsendable("this kind of authentication is not built yet"))
        }
        Authentication::SignedBearer { audience } => {
            let mut id = [0; 16];
            options.random.fill(&mut id);
            let subject = format!("{}/{}", exchange.organization, exchange.delivery.webhook);
            let now = options.clock.now();
            let token = options.signer.bearer(audience.as_deref(), &subject, now, BEARER_TIME, id);
            let value = HeaderValue::from_bytes(format!("Bearer {token}").as_bytes())
                .map_err(|_| unsendable("the signed token cannot be sent"))?;
            secrets.add(token);
            Ok(Some((AUTHORIZATION, value)))
        }
    }
}

fn refused(error: &EndpointError) -> SendFailure {
    let kind = match error {
        EndpointError::Refused(_) | EndpointError::PlainHttp => SendFailureKind::Refused,
        _ => SendFailureKind::Unsendable,
    };
    SendFailure { kind, detail: format!("the endpoint cannot be used: {error}") }
}

fn unsendable(why: &str) -> SendFailure {
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
