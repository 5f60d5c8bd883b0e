//! Short-lived tokens that a receiver can verify with our published keys.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use transload_domain::{Random, Timestamp};

/// How long a token is good for. CorrigoPro's are good for 20 minutes; ours is made anew for each attempt and needs
/// to outlive one exchange and two clocks that differ.
pub const BEARER_TIME: Duration = Duration::from_secs(5 * 60);

/// Signs short-lived bearer tokens: compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037), claims of RFC 7519.
///
/// It signs with one key and may publish more: a new key is published before it signs, and an old one for as long as
/// its tokens are good.
pub struct Signer {
    issuer: String,
    key: Ed25519KeyPair,
    key_id: String,
    also_published: Vec<Vec<u8>>,
}

/// Bytes that are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 private key in PKCS#8 form (DER)")]
pub struct UnusableKey;

/// The PKCS#8 frame of an Ed25519 private key; the 32 bytes of the seed follow. Source: RFC 8410, section 7.
const PKCS8_FRAME: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl Signer {
    /// A new key, in PKCS#8 form (DER), to be kept by the caller.
    pub fn generate_pkcs8(random: &dyn Random) -> Vec<u8> {
        let mut seed = [0; 32];
        random.fill(&mut seed);
        [&PKCS8_FRAME[..], &seed].concat()
    }

    /// A signer that names itself `issuer` in its tokens.
    ///
    /// # Errors
    /// When the bytes are no Ed25519 key in PKCS#8 form.
    pub fn from_pkcs8(issuer: &str, pkcs8: &[u8]) -> Result<Self, UnusableKey> {
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| UnusableKey)?;
        let key_id = thumbprint(key.public_key().as_ref());
        Ok(Self { issuer: issuer.to_owned(), key, key_id, also_published: Vec::new() })
    }

    /// Publishes another key beside the one that signs: the next one, or the last one.
    ///
    /// # Errors
    /// When the bytes are no Ed25519 key in PKCS#8 form.
    pub fn also_publish(mut self, pkcs8: &[u8]) -> Result<Self, UnusableKey> {
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| UnusableKey)?;
        self.also_published.push(key.public_key().as_ref().to_vec());
        Ok(self)
    }

    /// The public keys as a JWK set (RFC 7517): key type OKP (RFC 8037), each key's id its thumbprint (RFC 7638).
    pub fn jwks(&self) -> Value {
        let keys = std::iter::once(self.key.public_key().as_ref())
            .chain(self.also_published.iter().map(Vec::as_slice));
        json!({ "keys": keys.map(jwk).collect::<Vec<_>>() })
    }

    /// A token about `subject` (the webhook), for `audience` where the receiver wants to be named, good from `now`
    /// for `good_for`. `id` is random, so that a receiver can tell two tokens apart.
    pub fn bearer(
        &self,
        audience: Option<&str>,
        subject: &str,
        now: Timestamp,
        good_for: Duration,
        id: [u8; 16],
    ) -> String {
        let seconds = now.as_micros().div_euclid(1_000_000);
        let expires = now.after(good_for).as_micros().div_euclid(1_000_000);
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.key_id });
        let mut claims = json!({
            "iss": self.issuer,
            "sub": subject,
            "iat": seconds,
            "exp": expires,
            "jti": URL_SAFE_NO_PAD.encode(id),
        });
        if let Some(audience) = audience {
            claims["aud"] = audience.into();
        }
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.key_id)
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn jwk(public: &[u8]) -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": URL_SAFE_NO_PAD.encode(public),
        "kid": thumbprint(public),
        "use": "sig",
        "alg": "EdDSA",
    })
}

/// RFC 7638: the digest of the required members, in the order of their names, without white space.
fn thumbprint(public: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    /// The key of RFC 8037, appendix A.1.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.copy_from_slice(&URL_SAFE_NO_PAD.decode(SEED).unwrap()[..buffer.len()]);
        }
    }

    fn signer() -> Signer {
        Signer::from_pkcs8("https://host.example", &Signer::generate_pkcs8(&Fixed)).unwrap()
    }

    #[test]
    fn publishes_the_key_as_the_rfc_shows_it() {
        // RFC 8037, appendix A.2 (the public key) and A.3 (its thumbprint).
        let jwks = signer().jwks();
        assert_eq!(jwks["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(jwks["keys"][0]["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert!(!jwks.to_string().contains(SEED));
    }

    #[test]
    fn a_token_verifies_with_the_published_key_and_says_what_it_is_for() {
        let signer = signer();
        let now = Timestamp::EPOCH.after(Duration::from_secs(1_000));
        let token = signer.bearer(Some("CorrigoProDirect"), "w1", now, BEARER_TIME, [1; 16]);
        let parts: Vec<&str> = token.split('.').collect();
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let header: Value = serde_json::from_slice(&decoded(parts[0])).unwrap();
        let claims: Value = serde_json::from_slice(&decoded(parts[1])).unwrap();
        assert_eq!(header["alg"], "EdDSA");
        assert_eq!(header["kid"], signer.jwks()["keys"][0]["kid"]);
        assert_eq!(
            claims,
            json!({ "iss": "https://host.example", "aud": "CorrigoProDirect", "sub": "w1", "iat": 1000,
                    "exp": 1300, "jti": "AQEBAQEBAQEBAQEBAQEBAQ" })
        );
        let published = signer.jwks()["keys"][0]["x"].as_str().map(decoded).unwrap();
        let signed = format!("{}.{}", parts[0], parts[1]);
        let key = UnparsedPublicKey::new(&ED25519, published);
        assert!(key.verify(signed.as_bytes(), &decoded(parts[2])).is_ok());
        assert!(key.verify(b"something else", &decoded(parts[2])).is_err());
    }

    #[test]
    fn a_key_can_be_published_before_it_signs() {
        struct Zero;
        impl Random for Zero {
            fn fill(&self, buffer: &mut [u8]) {
                buffer.fill(0);
            }
        }
        let signer = signer().also_publish(&Signer::generate_pkcs8(&Zero)).unwrap();
        let ids: Vec<Value> = (0..2).map(|n| signer.jwks()["keys"][n]["kid"].clone()).collect();
        assert_ne!(ids[0], ids[1]);
        assert!(Signer::from_pkcs8("x", b"no key").is_err());
    }
}
