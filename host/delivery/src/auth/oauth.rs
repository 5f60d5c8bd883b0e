//! The client credentials grant of OAuth 2.0 (RFC 6749, section 4.4): what is asked, and what the answer means.

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use transload_domain::{ClientAuthentication, ClientCredentials, limits};
use url::form_urlencoded::{Serializer, byte_serialize};

/// Bytes read of a token endpoint's answer. Tokens have some hundred bytes, those with many claims some thousand.
pub const TOKEN_ANSWER_BYTES_MAX: usize = 64 << 10;
/// Bytes of an access token: common servers take 8 KiB for one header.
pub const TOKEN_BYTES_MAX: usize = 8 << 10;
/// How long a token is taken to be good when its answer does not say (doo's does not). A token that ends earlier is
/// noticed by its 401.
pub const TOKEN_LIFE_DEFAULT: Duration = Duration::from_secs(5 * 60);
/// The longest that a token is kept, whatever its answer says: credentials that were withdrawn show after a day.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes kept of an `error_description`.
const DESCRIPTION_BYTES_MAX: usize = 300;

/// The errors of RFC 6749, section 5.2: each says that the configuration is wrong, and none passes by itself.
const CONFIGURATION_ERRORS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// What is sent to the token endpoint: a form, and the header `Authorization` where the client proves itself there.
pub(crate) struct TokenRequest {
    pub(crate) form: String,
    pub(crate) authorization: Option<String>,
}

/// An access token as the endpoint issued it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccessToken {
    /// As it is: nothing is checked but that a header can carry it.
    pub(crate) text: String,
    /// How long it is good, from when it was asked for.
    pub(crate) life: Duration,
}

/// Why there is no token, in words that may repeat what the endpoint said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// The endpoint refuses this client or what it asks for; asking again does not help.
    Refused(String),
    /// The endpoint is not well, or does not speak OAuth 2.0 now.
    Unusable(String),
}

impl TokenRequest {
    /// Credentials in the form or in the header, never in both: a server refuses more than one (section 5.2).
    pub(crate) fn new(client: &ClientCredentials, secret: &str) -> Self {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        let authorization = match client.client_authentication {
            ClientAuthentication::Body => {
                form.append_pair("client_id", &client.client_id);
                form.append_pair("client_secret", secret);
                None
            }
            ClientAuthentication::Basic => Some(basic(&client.client_id, secret)),
        };
        if let Some(scope) = &client.scope {
            form.append_pair("scope", scope);
        }
        Self { form: form.finish(), authorization }
    }
}

/// Section 2.3.1: id and secret are form-encoded first, so that either may hold a colon.
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

/// What a token endpoint's answer means. Unknown members are ignored (section 5.1).
pub(crate) fn read(status: u16, body: &[u8]) -> Result<AccessToken, NoToken> {
    let members = match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    if let Some(error) = members.get("error").and_then(Value::as_str) {
        return Err(named_error(status, error, &members));
    }
    match status {
        200..=299 => token(&members),
        // Even without a word: 401 means nothing but that the client is not known (RFC 9110, section 15.5.2).
        401 => Err(NoToken::Refused("status 401, without saying why".to_owned())),
        300..=399 => Err(unusable(&format!("status {status}, and a redirect is not followed"))),
        _ => Err(unusable(&format!("status {status}"))),
    }
}

fn named_error(status: u16, error: &str, members: &Map<String, Value>) -> NoToken {
    let describe = |name: &str| members.get(name).and_then(Value::as_str).map(shown);
    let description = describe("error_description").filter(|text| !text.is_empty());
    let mut words = format!("status {status}, {}", shown(error));
    if let Some(description) = description {
        words.push_str(": ");
        words.push_str(&description);
    }
    // Some servers send these errors with 403 or even 200; one that is not well may send anything.
    if status < 500 && status != 429 && (CONFIGURATION_ERRORS.contains(&error) || status == 401) {
        NoToken::Refused(words)
    } else {
        NoToken::Unusable(words)
    }
}

fn token(members: &Map<String, Value>) -> Result<AccessToken, NoToken> {
    let Some(text) = members.get("access_token").and_then(Value::as_str) else {
        return Err(unusable("its answer is not JSON with an access_token"));
    };
    if let Some(kind) = members.get("token_type").and_then(Value::as_str)
        && !["bearer", "bearertoken"].contains(&&*kind.to_ascii_lowercase())
    {
        // Section 7.1. "BearerToken" is what Apigee says.
        return Err(unusable(&format!(
            "its token is of type {}; only bearer is known",
            shown(kind)
        )));
    }
    if text.is_empty() || text.len() > TOKEN_BYTES_MAX {
        let length = text.len();
        return Err(unusable(&format!("its token has {length} bytes; 1 to {TOKEN_BYTES_MAX} fit")));
    }
    if text.chars().any(char::is_control) {
        return Err(unusable("its token holds control characters"));
    }
    let life = members.get("expires_in").and_then(seconds).unwrap_or(TOKEN_LIFE_DEFAULT);
    Ok(AccessToken { text: text.to_owned(), life })
}

/// A number of seconds; some servers write it as text.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    // What is more than the longest life is cut to it, so that every number left is a duration.
    (number >= 0.0).then(|| Duration::from_secs_f64(number.min(TOKEN_LIFE_MAX.as_secs_f64())))
}

fn unusable(why: &str) -> NoToken {
    NoToken::Unusable(why.to_owned())
}

/// What others wrote, short and on one line.
fn shown(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    limits::cut(line.trim(), DESCRIPTION_BYTES_MAX).to_owned()
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("life", &self.life).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use transload_domain::Sealed;

    use super::*;

    fn client(authentication: ClientAuthentication, scope: Option<&str>) -> ClientCredentials {
        ClientCredentials {
            endpoint: "https://vendor.example/token".into(),
            client_id: "doo".into(),
            client_secret: Sealed(vec![]),
            scope: scope.map(str::to_owned),
            client_authentication: authentication,
            header: "Authorization".into(),
            template: "Bearer %ACCESS_TOKEN%".into(),
        }
    }

    #[test]
    fn the_client_proves_itself_in_the_form_or_in_the_header() {
        let request = TokenRequest::new(&client(ClientAuthentication::Body, None), "s&c=r t");
        assert_eq!(
            (&*request.form, request.authorization),
            ("grant_type=client_credentials&client_id=doo&client_secret=s%26c%3Dr+t", None)
        );
        let basic = client(ClientAuthentication::Basic, Some("orders:read events"));
        let request = TokenRequest::new(&basic, "a:b c");
        assert_eq!(request.form, "grant_type=client_credentials&scope=orders%3Aread+events");
        let expected = format!("Basic {}", STANDARD.encode("doo:a%3Ab+c"));
        assert_eq!(request.authorization, Some(expected));
    }

    #[test]
    fn a_token_is_read_as_vendors_write_it() {
        let (minutes, seconds) = (TOKEN_LIFE_DEFAULT, Duration::from_secs);
        for (body, text, life) in [
            // Relocity, CorrigoPro, doo.
            (
                r#"{"token_type":"Bearer","expires_in":36000,"access_token":"a.b.c"}"#,
                "a.b.c",
                seconds(36_000),
            ),
            (
                r#"{"access_token":"e30<---->c2ln","token_type":"bearer","expires_in":1199}"#,
                "e30<---->c2ln",
                seconds(1_199),
            ),
            (r#"{"access_token":"t","message":"m","description":"d"}"#, "t", minutes),
            (
                r#"{"access_token":"t","token_type":null,"expires_in":"3600","x":[1]}"#,
                "t",
                seconds(3_600),
            ),
            (r#"{"access_token":"t","expires_in":0}"#, "t", seconds(0)),
            (r#"{"access_token":"t","expires_in":59.5}"#, "t", Duration::from_millis(59_500)),
            (r#"{"access_token":"t","expires_in":-1}"#, "t", minutes),
            (r#"{"access_token":"t","expires_in":"NaN"}"#, "t", minutes),
            (r#"{"access_token":"t","expires_in":"soon"}"#, "t", minutes),
            (r#"{"access_token":"t","expires_in":99999999999999999999999}"#, "t", TOKEN_LIFE_MAX),
            (r#"{"access_token":"t","expires_in":1e300}"#, "t", TOKEN_LIFE_MAX),
            (r#"{"access_token":"tökén \u00e9","token_type":"BearerToken"}"#, "tökén é", minutes),
        ] {
            let token = read(200, body.as_bytes()).unwrap();
            assert_eq!((&*token.text, token.life), (text, life), "{body}");
        }
    }

    #[test]
    fn a_wrong_configuration_is_told_apart_from_an_endpoint_that_is_not_well() {
        let refused = |words: &str| NoToken::Refused(words.to_owned());
        for (status, body, expected) in [
            // Relocity's own answer.
            (
                401,
                r#"{"error":"invalid_client","error_description":"Client authentication failed","message":"x"}"#,
                refused("status 401, invalid_client: Client authentication failed"),
            ),
            (400, r#"{"error":"invalid_scope"}"#, refused("status 400, invalid_scope")),
            (400, r#"{"error":"invalid_grant"}"#, refused("status 400, invalid_grant")),
            (400, r#"{"error":"invalid_request"}"#, refused("status 400, invalid_request")),
            (400, r#"{"error":"unauthorized_client"}"#, refused("status 400, unauthorized_client")),
            (
                400,
                r#"{"error":"unsupported_grant_type"}"#,
                refused("status 400, unsupported_grant_type"),
            ),
            (403, r#"{"error":"invalid_client"}"#, refused("status 403, invalid_client")),
            (
                200,
                r#"{"error":"invalid_client","access_token":"t"}"#,
                refused("status 200, invalid_client"),
            ),
            (401, "", refused("status 401, without saying why")),
            (401, r#"{"error":"x\r\ny"}"#, refused("status 401, x  y")),
            (400, r#"{"error":"slow_down"}"#, unusable("status 400, slow_down")),
            (503, r#"{"error":"invalid_client"}"#, unusable("status 503, invalid_client")),
            (429, r#"{"error":"invalid_request"}"#, unusable("status 429, invalid_request")),
            (500, "<html>", unusable("status 500")),
            (404, "{}", unusable("status 404")),
            (302, "", unusable("status 302, and a redirect is not followed")),
            (200, "<html>", unusable("its answer is not JSON with an access_token")),
            (200, "[]", unusable("its answer is not JSON with an access_token")),
            (200, r#"{"access_token":7}"#, unusable("its answer is not JSON with an access_token")),
            (200, r#"{"access_token":""}"#, unusable("its token has 0 bytes; 1 to 8192 fit")),
            (200, r#"{"access_token":"a\r\nb"}"#, unusable("its token holds control characters")),
            (
                200,
                r#"{"access_token":"a","token_type":"mac"}"#,
                unusable("its token is of type mac; only bearer is known"),
            ),
        ] {
            assert_eq!(read(status, body.as_bytes()), Err(expected), "{status} {body}");
        }
        let long =
            format!(r#"{{"error":"invalid_client","error_description":"{}"}}"#, "x".repeat(9_000));
        let Err(NoToken::Refused(words)) = read(401, long.as_bytes()) else { panic!() };
        assert!(words.len() < 400, "{words}");
    }
}
