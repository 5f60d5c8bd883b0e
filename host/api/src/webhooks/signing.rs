//! How a webhook's requests are to be signed: by the rules of Standard Webhooks.

use transload_delivery::auth::standard_webhooks::{SEED_LEN, format_secret, parse_secret};
use transload_domain::{Signing, SigningKey, SigningScheme};

use super::{authentication::seal, definition::SigningDefinition, faults::Faults};
use crate::Api;

/// The one kind of signing.
pub(super) const STANDARD_WEBHOOKS: &str = "standard_webhooks";
/// Bytes of a secret's text form that is looked into; the longest has some hundred.
pub(super) const SECRET_TEXT_BYTES_MAX: usize = 256;
/// Random bytes of a shared secret that we make: as many as the digest has; the specification asks for 24 to 64.
const SHARED_SECRET_BYTES: usize = 32;

/// A key, and its secret as text: to be shown once.
pub(super) struct NewKey {
    pub(super) key: SigningKey,
    pub(super) secret: String,
}

/// The signing that is meant, and the secret where one was made or given. Where neither scheme nor secret is another,
/// the keys of `former` stay; otherwise the new key takes the place of all of them at once.
pub(super) fn resolve(
    api: &Api,
    definition: Option<&SigningDefinition>,
    former: Option<&Signing>,
    faults: &mut Faults,
) -> (Option<Signing>, Option<String>) {
    let Some(definition) = definition else { return (None, None) };
    let at = faults.place("signing");
    if definition.r#type.as_deref().is_some_and(|name| name != STANDARD_WEBHOOKS) {
        faults.add(at.member("type"), format!("the only type of signing is {STANDARD_WEBHOOKS}"));
    }
    let current = former.and_then(|former| former.keys.first()).map(|key| key.scheme);
    let scheme = definition.scheme.as_deref().map(scheme).transpose();
    let scheme = scheme.map_err(|detail| ("scheme", detail));
    if let Some(former) = former
        && definition.secret.is_none()
        && matches!(scheme, Ok(asked) if asked.or(current) == current)
    {
        return (Some(former.clone()), None);
    }
    let new = scheme.and_then(|asked| {
        new_key(api, asked, definition.secret.as_deref(), current.unwrap_or_default())
    });
    match new {
        Ok(new) => (Some(Signing { keys: vec![new.key] }), Some(new.secret)),
        Err((member, detail)) => {
            faults.add(at.member(member), detail);
            (None, None)
        }
    }
}

/// The scheme of that name.
pub(super) fn scheme(name: &str) -> Result<SigningScheme, String> {
    SigningScheme::parse(name).ok_or_else(|| {
        let known = SigningScheme::ALL.map(SigningScheme::as_str).join(" or ");
        format!("scheme is {known}")
    })
}

/// A key of this secret, or a fresh one, of the scheme that was asked for, or else of the usual one.
///
/// # Errors
/// The member that is wrong, and what is wrong with it; never the secret.
pub(super) fn new_key(
    api: &Api,
    asked: Option<SigningScheme>,
    secret: Option<&str>,
    usual: SigningScheme,
) -> Result<NewKey, (&'static str, String)> {
    let (scheme, bytes) = match secret {
        Some(text) if text.len() > SECRET_TEXT_BYTES_MAX => {
            return Err(("secret", format!("secret has at most {SECRET_TEXT_BYTES_MAX} bytes")));
        }
        Some(text) => parse_secret(text).map_err(|error| ("secret", error.to_string()))?,
        None => {
            let scheme = asked.unwrap_or(usual);
            let mut bytes = match scheme {
                SigningScheme::V1 => vec![0; SHARED_SECRET_BYTES],
                SigningScheme::V1a => vec![0; SEED_LEN],
            };
            api.random.fill(&mut bytes);
            (scheme, bytes)
        }
    };
    if let Some(asked) = asked
        && asked != scheme
    {
        return Err(("scheme", format!("the secret is one of scheme {scheme}, not of {asked}")));
    }
    let text = format_secret(scheme, &bytes).map_err(|error| ("secret", error.to_string()))?;
    let key = SigningKey { scheme, secret: seal(api, &bytes), until: None };
    Ok(NewKey { key, secret: text })
}
