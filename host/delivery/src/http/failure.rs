//! What went wrong, in words for an operator.

use std::{error::Error, io};

use http::Uri;
use transload_domain::{SendFailure, SendFailureKind};

use super::connect::NoConnection;
use crate::egress::NoAddress;

/// What a failed exchange means. The words name the place by host and port: a path can hold secrets.
pub(super) fn describe(error: &(dyn Error + 'static), uri: &Uri) -> SendFailure {
    let chain: Vec<&(dyn Error + 'static)> =
        std::iter::successors(Some(error), |error| cause(*error)).collect();
    let place = place(uri);
    if let Some(no_connection) = find::<NoConnection>(&chain) {
        return unconnected(no_connection, &place);
    }
    let root = chain.last().map(ToString::to_string).unwrap_or_default();
    let detail = format!("the exchange with {place} broke off: {root}");
    SendFailure { kind: SendFailureKind::Broken, detail }
}

fn unconnected(error: &NoConnection, place: &str) -> SendFailure {
    let (kind, detail) = match error {
        NoConnection::Address(no_address) => {
            let kind = match no_address {
                NoAddress::Unresolved { .. } => SendFailureKind::Resolve,
                NoAddress::Refused { .. } => SendFailureKind::Refused,
            };
            (kind, no_address.to_string())
        }
        NoConnection::Tcp(error) => {
            let detail = match error.kind() {
                io::ErrorKind::ConnectionRefused => format!("connection refused by {place}"),
                io::ErrorKind::TimedOut => format!("no connection to {place} in time"),
                _ => format!("no connection to {place}: {error}"),
            };
            (SendFailureKind::Connect, detail)
        }
        NoConnection::Tls(error) => {
            let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            let cause = rustls.map_or_else(|| error.to_string(), ToString::to_string);
            (SendFailureKind::Tls, format!("no trusted TLS session with {place}: {cause}"))
        }
        NoConnection::Time => {
            (SendFailureKind::Timeout, format!("no connection to {place} in time"))
        }
        NoConnection::Host => {
            (SendFailureKind::Unsendable, format!("{place} is no host to connect to"))
        }
    };
    SendFailure { kind, detail }
}

/// Host and port, as words name them.
pub(super) fn place(uri: &Uri) -> String {
    let host = uri.host().unwrap_or("the endpoint");
    let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    format!("{host}:{}", uri.port_u16().unwrap_or(default))
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
