//! Secrets at rest.

use std::fmt;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// A secret as it is stored: nonce, ciphertext and tag (ChaCha20-Poly1305, RFC 8439).
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// A secret that this vault cannot open: sealed with another key, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret cannot be opened with this data directory's key")]
pub struct Unsealable;

/// Seals and opens secrets with one key.
pub struct Vault(LessSafeKey);

impl Vault {
    /// Bytes of a vault's key.
    pub const KEY_LEN: usize = 32;
    /// Bytes of a nonce; each secret is sealed with a fresh random one.
    pub const NONCE_LEN: usize = NONCE_LEN;

    /// A vault with this key.
    pub fn new(key: &[u8; Self::KEY_LEN]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key);
        Self(LessSafeKey::new(key.expect("a key of 32 bytes is what the algorithm takes")))
    }

    /// Seals a secret. `nonce` must be random and never used again with this key.
    pub fn seal(&self, secret: &[u8], nonce: [u8; Self::NONCE_LEN]) -> Sealed {
        let mut sealed = nonce.to_vec();
        let mut text = secret.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::empty(), &mut text);
        let tag = tag.expect("a secret is far shorter than the 256 GiB that one nonce can seal");
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        Sealed(sealed)
    }

    /// Opens a secret.
    ///
    /// # Errors
    /// When it was sealed with another key or is damaged.
    pub fn open(&self, sealed: &Sealed) -> Result<Vec<u8>, Unsealable> {
        let (nonce, text) = sealed.0.split_at_checked(NONCE_LEN).ok_or(Unsealable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut text = text.to_vec();
        let open = self.0.open_in_place(nonce, Aad::empty(), &mut text).map_err(|_| Unsealable)?;
        Ok(open.to_vec())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal(b"secret", [2; 12]);
        assert_eq!(vault.open(&sealed).unwrap(), b"secret");
        assert!(!sealed.0.windows(6).any(|window| window == b"secret"));
        assert_eq!(Vault::new(&[3; 32]).open(&sealed), Err(Unsealable));
        for at in 0..sealed.0.len() {
            let mut damaged = sealed.clone();
            damaged.0[at] ^= 1;
            assert_eq!(vault.open(&damaged), Err(Unsealable), "byte {at}");
        }
        assert_eq!(vault.open(&Sealed(vec![0; 5])), Err(Unsealable));
    }
}
