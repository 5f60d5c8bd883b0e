//! Checks a host's signed bearer token against the keys that the host publishes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use transload_domain::Timestamp;

/// How far two clocks may differ, in seconds.
const SKEW_SECONDS: i64 = 60;
/// The longest time that a token may be good for, in seconds: CorrigoPro's are good for 20 minutes.
const LIFE_SECONDS_MAX: i64 = 20 * 60;

/// A compact JWS, taken apart and not yet believed.
pub(super) struct Token<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    header: Value,
    claims: Value,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// What is wrong with its form, in words.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('.').collect();
        let &[header, claims, signature] = parts.as_slice() else {
            return Err(format!("the token has {} parts and must have 3", parts.len()));
        };
        let bytes = |name: &str, part: &str| {
            URL_SAFE_NO_PAD.decode(part).map_err(|_| format!("the token's {name} is no base64url"))
        };
        let json = |name: &str, part: &str| {
            serde_json::from_slice::<Value>(&bytes(name, part)?)
                .map_err(|_| format!("the token's {name} is no JSON"))
        };
        let token = Self {
            signed: &text[..header.len() + 1 + claims.len()],
            signature: bytes("signature", signature)?,
            header: json("header", header)?,
            claims: json("claims", claims)?,
        };
        match token.header["alg"].as_str() {
            Some("EdDSA") => Ok(token),
            other => Err(format!("the token's alg is {other:?} and must be \"EdDSA\"")),
        }
    }

    /// The id of the key that is said to have signed it.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.header["kid"].as_str()
    }

    /// Checks the signature with the key of that id.
    ///
    /// # Errors
    /// In words.
    pub(super) fn verify(&self, jwks: &Value) -> Result<(), String> {
        let key = self.key_id().ok_or("the token names no key (kid)")?;
        let keys = jwks["keys"].as_array().ok_or("the published keys are no JWK set")?;
        let fits =
            |jwk: &&Value| jwk["kid"] == key && jwk["kty"] == "OKP" && jwk["crv"] == "Ed25519";
        let jwk = keys.iter().find(fits).ok_or("the token's key is not published")?;
        let public = jwk["x"].as_str().and_then(|x| URL_SAFE_NO_PAD.decode(x).ok());
        let public = public.ok_or("the published key is no base64url")?;
        UnparsedPublicKey::new(&ED25519, public)
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| "the token's signature does not fit the published key".to_owned())
    }

    /// Checks that the token is good now, and for this audience where one is demanded.
    ///
    /// # Errors
    /// In words.
    pub(super) fn check_claims(
        &self,
        now: Timestamp,
        audience: Option<&str>,
    ) -> Result<(), String> {
        let now = now.as_micros().div_euclid(1_000_000);
        let seconds = |name: &str| {
            self.claims[name].as_i64().ok_or_else(|| format!("the token has no {name}"))
        };
        let (issued, expires) = (seconds("iat")?, seconds("exp")?);
        if expires <= now - SKEW_SECONDS {
            return Err(format!("the token expired {} s ago", now - expires));
        }
        if issued > now + SKEW_SECONDS {
            return Err(format!("the token was issued {} s in the future", issued - now));
        }
        if expires - issued > LIFE_SECONDS_MAX {
            return Err(format!("the token is good for more than {LIFE_SECONDS_MAX} s"));
        }
        match audience {
            Some(wanted) if self.claims["aud"] != wanted => {
                Err(format!("the token's aud is {} and must be {wanted:?}", self.claims["aud"]))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use serde_json::json;
    use transload_delivery::auth::Signer;
    use transload_domain::Random;

    use super::*;

    struct Bytes(u8);
    impl Random for Bytes {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    pub(in crate::sandbox) fn signer(seed: u8) -> Signer {
        Signer::from_pkcs8("http://host", &Signer::generate_pkcs8(&Bytes(seed))).unwrap()
    }

    pub(in crate::sandbox) fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    fn judge(token: &str, jwks: &Value, now: u64, audience: Option<&str>) -> Result<(), String> {
        let token = Token::parse(token)?;
        token.verify(jwks)?;
        token.check_claims(at(now), audience)
    }

    #[test]
    fn a_hosts_token_is_believed_and_no_other() {
        let good =
            signer(1).bearer(Some("corrigo"), "w", at(1000), Duration::from_secs(300), [0; 16]);
        let long =
            signer(1).bearer(Some("corrigo"), "w", at(1000), Duration::from_secs(9000), [0; 16]);
        let jwks = signer(1).jwks();
        assert_eq!(judge(&good, &jwks, 1001, Some("corrigo")), Ok(()));
        assert_eq!(judge(&good, &jwks, 1001, None), Ok(()));

        let (head, signature) = good.rsplit_once('.').unwrap();
        let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
        let unsigned = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        let cases = [
            (good.as_str(), jwks.clone(), 1400, Some("corrigo"), "expired 100 s ago"),
            (&good, jwks.clone(), 100, Some("corrigo"), "in the future"),
            (&good, jwks.clone(), 1001, Some("other"), "must be \"other\""),
            (&good, signer(2).jwks(), 1001, None, "not published"),
            (&good, json!({}), 1001, None, "no JWK set"),
            (&long, jwks.clone(), 1001, None, "more than 1200 s"),
            (&forged, jwks.clone(), 1001, None, "signature"),
            (&unsigned, jwks.clone(), 1001, None, "must be \"EdDSA\""),
            ("one.two", jwks, 1001, None, "2 parts"),
        ];
        for (token, jwks, now, audience, words) in cases {
            let error = judge(token, &jwks, now, audience).unwrap_err();
            assert!(error.contains(words), "{error:?} does not say {words:?}");
        }
    }
}
