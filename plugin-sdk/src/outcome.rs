//! What became of an event.

use crate::Request;

/// What a transform made of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Requests for the vendor; at least one, at most 16.
    Deliver(Vec<Request>),
    /// Nothing is to be sent, and why.
    Skip(String),
}

/// One request or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests(Vec<Request>);

/// These requests go to the vendor. Each becomes a delivery of its own, with its own retries.
pub fn deliver(requests: impl Into<Requests>) -> Outcome {
    Outcome::Deliver(requests.into().0)
}

/// Nothing is to be sent, and why.
pub fn skip(reason: impl Into<String>) -> Outcome {
    Outcome::Skip(reason.into())
}

impl From<Request> for Requests {
    fn from(request: Request) -> Self {
        Self(vec![request])
    }
}

impl From<Vec<Request>> for Requests {
    fn from(requests: Vec<Request>) -> Self {
        Self(requests)
    }
}

impl<const N: usize> From<[Request; N]> for Requests {
    fn from(requests: [Request; N]) -> Self {
        Self(requests.into())
    }
}
