//! The request as it goes out.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{EXPECT, USER_AGENT},
};
use transload_domain::{ClientCredentials, DeliveryKey, Request, SendFailure, SendFailureKind};

use super::{HttpOptions, credentials, secrets::Secrets, signature, target::Endpoints};
use crate::Exchange;

/// How this host names itself, where a plugin does not name it.
pub(super) const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("transload/", env!("CARGO_PKG_VERSION")));
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A request as it goes out: the delivery's bytes, and what belongs to this attempt only.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What must not be found in what is kept of the answer.
    pub(super) secrets: Secrets,
}

impl Outgoing {
    pub(super) fn new(
        exchange: &Exchange,
        endpoints: &Endpoints,
        options: &HttpOptions,
    ) -> Result<Self, SendFailure> {
        let request = &exchange.request;
        let uri = endpoints.target(&exchange.endpoint, &request.path)?;
        let mut headers = plugin_headers(request)?;
        headers.entry(USER_AGENT).or_insert(AGENT);
        headers.insert(TRACEPARENT, traceparent(&exchange.delivery, options));
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
            uri,
            headers,
            body: Bytes::from_owner(Body(Arc::clone(request))),
            secrets,
        })
    }

    /// Puts a fetched token into its header, in place of an older one.
    pub(super) fn carry(
        &mut self,
        client: &ClientCredentials,
        token: &str,
    ) -> Result<(), SendFailure> {
        let (name, value) =
            credentials::filled(&client.header, &client.template, token, "the access token")?;
        self.headers.insert(name, value);
        self.secrets.add(token.to_owned());
        Ok(())
    }
}

/// The request's body, without a copy.
struct Body(Arc<Request>);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0.body
    }
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

pub(super) fn unsendable(why: &str) -> SendFailure {
    let detail = format!("the request cannot be sent: {why}");
    SendFailure { kind: SendFailureKind::Unsendable, detail }
}
