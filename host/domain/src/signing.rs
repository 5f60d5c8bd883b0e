//! How a request is signed, so that its receiver can tell that it is ours and unchanged.

use std::fmt;

use crate::{Sealed, Timestamp};

/// The keys by which a webhook's requests are signed, by the rules of Standard Webhooks 1.0.0.
///
/// There are several while a secret is being rotated: the first is the current one, the others still sign for as long
/// as their overlap lasts, so that a receiver that knows only the old one goes on without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The current key first; at most [`crate::limits::SIGNING_KEYS_MAX`].
    pub keys: Vec<SigningKey>,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// By which scheme it signs.
    pub scheme: SigningScheme,
    /// The key's bytes: 24 to 64 for `v1`, the 32 bytes of an Ed25519 seed for `v1a`.
    pub secret: Sealed,
    /// Until when it signs; the current key has no end.
    pub until: Option<Timestamp>,
}

/// The schemes of Standard Webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SigningScheme {
    /// HMAC-SHA256 with a shared secret (`whsec_`).
    #[default]
    V1,
    /// Ed25519, whose receiver knows only the public key (`whsk_`, `whpk_`).
    V1a,
}

impl SigningScheme {
    /// Every scheme.
    pub const ALL: [Self; 2] = [Self::V1, Self::V1a];

    /// Its name in the API and in front of a signature.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1a => "v1a",
        }
    }

    /// The scheme of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == name)
    }
}

impl fmt::Display for SigningScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Signing {
    /// The keys that sign at `now`.
    pub fn current(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        self.keys.iter().filter(move |key| key.until.is_none_or(|until| now < until))
    }
}
