//! One try at sending a delivery.

use std::{fmt, time::Duration};

use crate::{DeliveryKey, Timestamp, Verdict};

/// One try at sending a delivery, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which delivery.
    pub delivery: DeliveryKey,
    /// Which try, from 1.
    pub number: u32,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What the vendor answered, or why there is no answer.
    pub outcome: AttemptOutcome,
    /// What was decided.
    pub verdict: Verdict,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The vendor answered.
    Answered(Answer),
    /// There was no answer, or none that could be read.
    Failed(SendFailure),
}

/// A vendor's answer, cut to what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers, at most [`crate::limits::ANSWER_HEADERS_MAX`].
    pub headers: Vec<(String, String)>,
    /// The body's beginning, at most [`crate::limits::ANSWER_BYTES_KEPT_MAX`].
    pub body: Vec<u8>,
    /// Whether the body was longer than what is kept.
    pub cut: bool,
    /// How long the vendor asks to wait (`Retry-After`, both forms), counted from the answer's arrival.
    pub retry_after: Option<Duration>,
    /// Whether the request was sent twice within this attempt: the first was answered with 401, so a new access
    /// token was fetched. This is the second answer.
    pub resent: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendFailure {
    /// What kind of failure.
    pub kind: SendFailureKind,
    /// The same in words, for the operator.
    pub detail: String,
}

/// Kinds of failure to exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendFailureKind {
    /// The name could not be resolved.
    Resolve,
    /// The egress guard refused the address.
    Refused,
    /// No connection.
    Connect,
    /// No trusted TLS session.
    Tls,
    /// The deadline passed.
    Timeout,
    /// The connection ended in the middle, or the answer was no HTTP.
    Broken,
    /// No access token could be had: the token endpoint is down, or answered what cannot be used. It may pass.
    Token,
    /// The token endpoint refuses the credentials: the webhook's configuration is wrong, and asking again does not
    /// help until it is changed (RFC 6749, section 5.2).
    Credentials,
    /// The request cannot be made: endpoint, header or secret is unusable.
    Unsendable,
}

impl SendFailureKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Resolve,
        Self::Refused,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Broken,
        Self::Token,
        Self::Credentials,
        Self::Unsendable,
    ];

    /// Its name in the API, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Refused => "refused",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::Token => "token",
            Self::Credentials => "credentials",
            Self::Unsendable => "unsendable",
        }
    }
}

impl fmt::Display for SendFailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
