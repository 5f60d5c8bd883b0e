//! What went wrong, in words for an operator.

use std::{error::Error, io};

use transload_domain::{SendFailure, SendFailureKind};
use url::Url;

use crate::egress::NoAddress;

/// What a failed exchange with this URL means. The words name the place by host and port: a path can hold secrets.
pub(super) fn describe(error: &reqwest::Error, url: &Url) -> SendFailure {
    let chain: Vec<&(dyn Error + 'static)> =
        std::iter::successors(Some(error as &(dyn Error + 'static)), |error| cause(*error))
            .collect();
    let place = place(url);
    if let Some(no_address) = find::<NoAddress>(&chain) {
        let kind = match no_address {
            NoAddress::Unresolved { .. } => SendFailureKind::Resolve,
            NoAddress::Refused { .. } => SendFailureKind::Refused,
        };
        return SendFailure { kind, detail: no_address.to_string() };
    }
    if let Some(tls) = find::<rustls::Error>(&chain) {
        let detail = format!("no trusted TLS session with {place}: {tls}");
        return SendFailure { kind: SendFailureKind::Tls, detail };
    }
    let root = chain.last().map(ToString::to_string).unwrap_or_default();
    if error.is_connect() {
        let detail = match find::<io::Error>(&chain).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => format!("connection refused by {place}"),
            Some(io::ErrorKind::TimedOut) => format!("no connection to {place} in time"),
            _ if error.is_timeout() => format!("no connection to {place} in time"),
            _ => format!("no connection to {place}: {root}"),
        };
        let timeout = error.is_timeout();
        let kind = if timeout { SendFailureKind::Timeout } else { SendFailureKind::Connect };
        return SendFailure { kind, detail };
    }
    if error.is_timeout() {
        let detail = format!("{place} did not answer in time");
        return SendFailure { kind: SendFailureKind::Timeout, detail };
    }
    if error.is_builder() {
        let detail = format!("the request cannot be sent: {root}");
        return SendFailure { kind: SendFailureKind::Unsendable, detail };
    }
    let detail = format!("the exchange with {place} broke off: {root}");
    SendFailure { kind: SendFailureKind::Broken, detail }
}

fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the endpoint");
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn find<'a, T: Error + 'static>(chain: &[&'a (dyn Error + 'static)]) -> Option<&'a T> {
    chain.iter().find_map(|error| error.downcast_ref::<T>())
}

/// The next error in the chain. An I/O error that wraps another passes over it in its `source`.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
