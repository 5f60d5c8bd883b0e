//! What proves where a request comes from, where that needs nobody else.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use transload_domain::{Authentication, Sealed, SendFailure};

use super::{HttpOptions, outgoing::unsendable, secrets::Secrets};
use crate::{Exchange, auth::BEARER_TIME};

/// Where the token goes in a header's value.
const PLACE: &str = "%ACCESS_TOKEN%";

/// The header by which this exchange proves where it comes from. None where there is nothing to prove, and where the
/// token is to be fetched first.
pub(super) fn header(
    exchange: &Exchange,
    options: &HttpOptions,
    secrets: &mut Secrets,
) -> Result<Option<(HeaderName, HeaderValue)>, SendFailure> {
    match &exchange.authentication {
        Authentication::None | Authentication::ClientCredentials(_) => Ok(None),
        Authentication::Token { header, template, token } => {
            let token = opened(token, options, "token")?;
            let filled = filled(header, template, &token, "the webhook's token")?;
            secrets.add(token);
            Ok(Some(filled))
        }
        Authentication::Basic { username, password } => {
            let password = opened(password, options, "password")?;
            let value = basic(username, &password)?;
            secrets.add(password);
            secrets.add(value.trim_start_matches("Basic ").to_owned());
            Ok(Some((AUTHORIZATION, sensitive(&value, "the webhook's password")?)))
        }
        Authentication::SignedBearer { audience } => {
            let mut id = [0; 16];
            options.random.fill(&mut id);
            let subject = format!("{}/{}", exchange.organization, exchange.delivery.webhook);
            let now = options.clock.now();
            let token = options.signer.bearer(audience.as_deref(), &subject, now, BEARER_TIME, id);
            let value = sensitive(&format!("Bearer {token}"), "the signed token")?;
            secrets.add(token);
            Ok(Some((AUTHORIZATION, value)))
        }
    }
}

/// A header with a token in it. Visible characters pass unchanged, whatever RFC 6750 allows: CorrigoPro's own tokens
/// hold '<' and '>'. `what` names the token in words.
pub(super) fn filled(
    header: &str,
    template: &str,
    token: &str,
    what: &str,
) -> Result<(HeaderName, HeaderValue), SendFailure> {
    let name = HeaderName::from_bytes(header.as_bytes())
        .map_err(|_| unsendable("the name of the token's header is not one of HTTP"))?;
    Ok((name, sensitive(&template.replace(PLACE, token), what)?))
}

/// RFC 7617: the user name has no colon, and neither part has control characters; both are sent as UTF-8.
fn basic(username: &str, password: &str) -> Result<String, SendFailure> {
    if username.contains(':') {
        return Err(unsendable("a user name for basic authentication has no colon (RFC 7617)"));
    }
    if username.chars().chain(password.chars()).any(char::is_control) {
        return Err(unsendable(
            "the webhook's user name or password holds control characters (RFC 7617)",
        ));
    }
    Ok(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
}

/// A secret of the webhook as text. `what` names it in words.
pub(super) fn opened(
    sealed: &Sealed,
    options: &HttpOptions,
    what: &str,
) -> Result<String, SendFailure> {
    let secret = options.vault.open(sealed).map_err(|error| unsendable(&error.to_string()))?;
    String::from_utf8(secret).map_err(|_| unsendable(&format!("the webhook's {what} is not text")))
}

fn sensitive(value: &str, what: &str) -> Result<HeaderValue, SendFailure> {
    let refused = || unsendable(&format!("{what} holds control characters"));
    if value.chars().any(char::is_control) {
        return Err(refused());
    }
    let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| refused())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_as_the_rfc_shows_it() {
        // RFC 7617, sections 2 and 2.1.
        assert_eq!(basic("Aladdin", "open sesame").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("test", "123\u{a3}").unwrap(), "Basic dGVzdDoxMjPCow==");
        assert_eq!(basic("me", "").unwrap(), "Basic bWU6");
        assert_eq!(basic("", "a:b").unwrap(), "Basic OmE6Yg==");
        for (username, password) in [("a:b", "c"), ("a\n", "c"), ("a", "c\0"), ("a", "\u{7f}")] {
            let refusal = basic(username, password).unwrap_err().detail;
            assert!(refusal.contains("RFC 7617"), "{refusal}");
        }
    }
}
