//! Signatures of Standard Webhooks 1.0.0, and the text forms of their keys.
//!
//! What is signed is `<id>.<timestamp>.<body>`, the body being the bytes that go out. The specification names the
//! prefixes and leaves open what stands behind `whsk_`; by its only published implementation (svix-server) it is the
//! Ed25519 seed followed by the public key, 64 bytes, as libsodium keeps it. The bare seed of 32 bytes is read too.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use ring::{
    hmac::{self, HMAC_SHA256},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use transload_domain::SigningScheme;

/// The header that names the delivery; the same on every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the attempt, in whole seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// The least bytes of a `v1` secret.
pub const SHARED_SECRET_LEN_MIN: usize = 24;
/// The most bytes of a `v1` secret.
pub const SHARED_SECRET_LEN_MAX: usize = 64;
/// Bytes of a `v1a` secret: the seed of an Ed25519 key (RFC 8032).
pub const SEED_LEN: usize = 32;

/// Some encoders leave the padding out; it carries nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text or bytes are no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It begins with no known prefix.
    #[error(
        "a signing secret begins with whsec_ (shared secret, v1) or whsk_ (Ed25519 private key, v1a)"
    )]
    Prefix,
    /// It is a public key.
    #[error("a key that begins with whpk_ is public and cannot sign; give the one with whsk_")]
    Public,
    /// It is not base64.
    #[error("what follows the prefix of a signing secret is base64, and this is not")]
    Encoding,
    /// A shared secret is too short or too long.
    #[error(
        "a shared secret has {SHARED_SECRET_LEN_MIN} to {SHARED_SECRET_LEN_MAX} bytes, this one has {0}"
    )]
    SharedLength(usize),
    /// A private key has a length that no Ed25519 key has.
    #[error(
        "an Ed25519 private key has {SEED_LEN} bytes, or 64 with its public key, this one has {0}"
    )]
    KeyLength(usize),
    /// The two halves of a private key do not belong together.
    #[error("the public half of this Ed25519 key does not belong to its private half")]
    KeyPair,
}

/// The value of [`SIGNATURE_HEADER`]: one signature for each key, in their order, separated by spaces.
///
/// `id` and `timestamp` (seconds) are those of the other two headers; the secrets are bytes as [`parse_secret`] gives
/// them.
///
/// # Errors
/// When a secret has a length that its scheme does not know.
pub fn sign<'a>(
    id: &str,
    timestamp: i64,
    body: &[u8],
    keys: impl IntoIterator<Item = (SigningScheme, &'a [u8])>,
) -> Result<String, SecretError> {
    let head = format!("{id}.{timestamp}.");
    let mut whole = None;
    let mut signatures = Vec::new();
    for (scheme, secret) in keys {
        let signature = match scheme {
            SigningScheme::V1 => {
                let mut context = hmac::Context::with_key(&shared(secret)?);
                context.update(head.as_bytes());
                context.update(body);
                STANDARD.encode(context.sign())
            }
            SigningScheme::V1a => {
                // Ed25519 reads its message twice, so it wants it in one piece.
                let message = whole.get_or_insert_with(|| [head.as_bytes(), body].concat());
                STANDARD.encode(key_pair(secret)?.sign(message))
            }
        };
        signatures.push(format!("{scheme},{signature}"));
    }
    Ok(signatures.join(" "))
}

/// Reads a secret in its text form: its scheme and its bytes (for `v1a` the seed).
///
/// # Errors
/// In words for the person who gave it; they never repeat the secret.
pub fn parse_secret(text: &str) -> Result<(SigningScheme, Vec<u8>), SecretError> {
    let text = text.trim();
    let decode = |encoded: &str| LENIENT.decode(encoded).map_err(|_| SecretError::Encoding);
    if let Some(encoded) = text.strip_prefix("whsec_") {
        let secret = decode(encoded)?;
        shared(&secret)?;
        Ok((SigningScheme::V1, secret))
    } else if let Some(encoded) = text.strip_prefix("whsk_") {
        let mut key = decode(encoded)?;
        let (Some(seed), 32 | 64) = (key.get(..SEED_LEN), key.len()) else {
            return Err(SecretError::KeyLength(key.len()));
        };
        let pair = key_pair(seed)?;
        if key.len() > SEED_LEN && key[SEED_LEN..] != *pair.public_key().as_ref() {
            return Err(SecretError::KeyPair);
        }
        key.truncate(SEED_LEN);
        Ok((SigningScheme::V1a, key))
    } else if text.starts_with("whpk_") {
        Err(SecretError::Public)
    } else {
        Err(SecretError::Prefix)
    }
}

/// A secret in its text form, to be shown once to the person who asked for it.
///
/// # Errors
/// When it has a length that its scheme does not know.
pub fn format_secret(scheme: SigningScheme, secret: &[u8]) -> Result<String, SecretError> {
    match scheme {
        SigningScheme::V1 => {
            shared(secret)?;
            Ok(format!("whsec_{}", STANDARD.encode(secret)))
        }
        SigningScheme::V1a => {
            let pair = key_pair(secret)?;
            let both = [secret, pair.public_key().as_ref()].concat();
            Ok(format!("whsk_{}", STANDARD.encode(both)))
        }
    }
}

/// The public key of a `v1a` secret in its text form (`whpk_`): what a receiver checks signatures with.
///
/// # Errors
/// When the secret is no seed of an Ed25519 key.
pub fn public_key_text(secret: &[u8]) -> Result<String, SecretError> {
    Ok(format!("whpk_{}", STANDARD.encode(key_pair(secret)?.public_key())))
}

fn shared(secret: &[u8]) -> Result<hmac::Key, SecretError> {
    if (SHARED_SECRET_LEN_MIN..=SHARED_SECRET_LEN_MAX).contains(&secret.len()) {
        Ok(hmac::Key::new(HMAC_SHA256, secret))
    } else {
        Err(SecretError::SharedLength(secret.len()))
    }
}

fn key_pair(seed: &[u8]) -> Result<Ed25519KeyPair, SecretError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SecretError::KeyLength(seed.len()))
}

#[cfg(test)]
mod tests;
