//! OAuth 2.0 client credentials, in our own spelling and in doo's.
//!
//! doo's definition has `credentials: {client_id, client_secret}` and `header_format`; ours has `client_id`,
//! `client_secret` and `header`. What a member means is the same in both.

use transload_domain::{Authentication, ClientAuthentication, ClientCredentials, Profile};

use super::{SECRET_BYTES_MAX, TEXT_BYTES_MAX, header, seal};
use crate::{
    Api,
    webhooks::{
        definition::{AuthenticationDefinition, CredentialsDefinition},
        faults::Faults,
    },
};

/// Whether this is doo's form with nothing in it: its document says that OAuth is left out when the endpoint is empty.
pub(super) fn is_empty(definition: &AuthenticationDefinition) -> bool {
    let none = CredentialsDefinition::default();
    let credentials = definition.credentials.as_ref().unwrap_or(&none);
    let texts = [
        &definition.endpoint,
        &definition.client_id,
        &definition.client_secret,
        &credentials.client_id,
        &credentials.client_secret,
    ];
    texts.iter().all(|text| text.as_deref().is_none_or(str::is_empty))
}

pub(super) fn resolve(
    api: &Api,
    definition: &AuthenticationDefinition,
    profile: &Profile,
    former: Option<&Authentication>,
    faults: &mut Faults,
) -> Option<ClientCredentials> {
    let endpoint = endpoint(api, definition, faults);
    let doos = definition.credentials.as_ref();
    let client_id = doos.and_then(|credentials| credentials.client_id.as_deref());
    let client_id =
        credential("client_id", client_id, definition.client_id.as_deref(), TEXT_BYTES_MAX, faults);
    let secret = doos.and_then(|credentials| credentials.client_secret.as_deref());
    let ours = definition.client_secret.as_deref();
    let given = credential("client_secret", secret, ours, SECRET_BYTES_MAX, faults);
    let client_secret = match (given, former) {
        (Some(secret), _) => Some(seal(api, secret)),
        (None, Some(Authentication::ClientCredentials(client))) => {
            Some(client.client_secret.clone())
        }
        (None, _) => {
            missing(definition, "client_secret", faults);
            None
        }
    };
    if client_id.is_none() {
        missing(definition, "client_id", faults);
    }
    let scope = definition.scope.clone().filter(|scope| !scope.is_empty());
    if scope.as_deref().is_some_and(|scope| scope.len() > TEXT_BYTES_MAX || !is_scope(scope)) {
        let detail = format!(
            "scope has at most {TEXT_BYTES_MAX} bytes: words of visible ASCII without '\"' and '\\', one space between"
        );
        faults.member("scope", detail);
    }
    let client_authentication = match definition.client_authentication.as_deref() {
        None | Some("body") => ClientAuthentication::Body,
        Some("basic") => ClientAuthentication::Basic,
        Some(_) => {
            faults.member("client_authentication", "it is \"body\" or \"basic\"");
            return None;
        }
    };
    let header = header::resolve(definition, profile, faults);
    Some(ClientCredentials {
        endpoint: endpoint?,
        client_id: client_id?,
        client_secret: client_secret?,
        scope,
        client_authentication,
        header: header.name,
        template: header.template,
    })
}

/// The token endpoint, which is guarded as hooks' endpoints are.
fn endpoint(
    api: &Api,
    definition: &AuthenticationDefinition,
    faults: &mut Faults,
) -> Option<String> {
    let Some(endpoint) = &definition.endpoint else {
        faults.member("endpoint", "endpoint is missing: the vendor's token endpoint, an https URL");
        return None;
    };
    if let Err(error) = api.egress.check_endpoint(endpoint) {
        faults.member("endpoint", error.to_string());
    }
    Some(endpoint.clone())
}

/// A credential in either spelling.
fn credential(
    member: &str,
    doos: Option<&str>,
    ours: Option<&str>,
    max: usize,
    faults: &mut Faults,
) -> Option<String> {
    let (at, text) = match (doos, ours) {
        (Some(_), Some(text)) => {
            faults.member(member, format!("{member} stands in credentials too; say it once"));
            return Some(text.to_owned());
        }
        (Some(text), None) => (faults.place("credentials").member(member), text),
        (None, Some(text)) => (faults.place(member), text),
        (None, None) => return None,
    };
    // The text is not repeated: it may be the secret.
    if text.is_empty() || text.len() > max || text.chars().any(char::is_control) {
        faults.add(at, format!("{member} has 1 to {max} bytes and no control characters"));
    }
    Some(text.to_owned())
}

fn missing(definition: &AuthenticationDefinition, member: &str, faults: &mut Faults) {
    let at = match &definition.credentials {
        Some(_) => faults.place("credentials").member(member),
        None => faults.place(member),
    };
    faults.add(at, format!("{member} is missing"));
}

/// RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    text.split(' ').all(|word| !word.is_empty() && word.bytes().all(allowed))
}
