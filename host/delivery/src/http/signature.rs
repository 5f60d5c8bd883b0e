//! The headers of a signed request.

use http::{HeaderMap, HeaderName, HeaderValue};
use transload_domain::{SendFailure, Signing};

use super::{HttpOptions, outgoing::unsendable};
use crate::{Exchange, auth::standard_webhooks};

const ID: HeaderName = HeaderName::from_static(standard_webhooks::ID_HEADER);
const TIMESTAMP: HeaderName = HeaderName::from_static(standard_webhooks::TIMESTAMP_HEADER);
const SIGNATURE: HeaderName = HeaderName::from_static(standard_webhooks::SIGNATURE_HEADER);

/// Signs a request by Standard Webhooks: the delivery's id, which stays the same, and the time of this attempt. What
/// a plugin has put into these headers is replaced: only the host vouches for a delivery.
pub(super) fn add(
    headers: &mut HeaderMap,
    exchange: &Exchange,
    signing: &Signing,
    options: &HttpOptions,
) -> Result<(), SendFailure> {
    let now = options.clock.now();
    let open = |key: &transload_domain::SigningKey| {
        let secret = options.vault.open(&key.secret);
        secret.map(|secret| (key.scheme, secret)).map_err(|error| unsendable(&error.to_string()))
    };
    let keys = signing.current(now).map(open).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        return Err(unsendable("its webhook has no signing key that is still good"));
    }
    let id = exchange.delivery.id().to_string();
    let timestamp = now.as_micros().div_euclid(1_000_000);
    let keys = keys.iter().map(|(scheme, secret)| (*scheme, secret.as_slice()));
    let signature = standard_webhooks::sign(&id, timestamp, &exchange.request.body, keys)
        .map_err(|error| unsendable(&format!("its webhook's signing key is unusable: {error}")))?;
    for (name, value) in [(ID, id), (TIMESTAMP, timestamp.to_string()), (SIGNATURE, signature)] {
        let value = HeaderValue::from_str(&value)
            .map_err(|_| unsendable("its signature is not one of HTTP"))?;
        headers.insert(name, value);
    }
    Ok(())
}
