//! How a webhook's requests are to prove where they come from.

mod basic;
mod client;
mod header;
mod token;

use transload_domain::{Authentication, AuthenticationKind, Profile};

use super::{definition::AuthenticationDefinition, faults::Faults};
use crate::{Api, pointer::Pointer, problem::InputError};

pub(super) use token::{generate, seal};

/// Bytes of a secret that a caller brings.
pub(super) const SECRET_BYTES_MAX: usize = 4_096;
/// Bytes of a header's name or value template, of an audience, a user name, a client id or a scope.
const TEXT_BYTES_MAX: usize = 1_024;

/// An authentication, and the token where one was made or given: it is shown once and never again.
pub(super) struct Resolved {
    pub(super) authentication: Authentication,
    pub(super) token: Option<String>,
}

/// What the definition means for this vendor. A secret that it leaves out is kept from `former`, where that is of the
/// same kind.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn resolve(
    api: &Api,
    definition: Option<&AuthenticationDefinition>,
    profile: &Profile,
    former: Option<&Authentication>,
) -> Result<Resolved, Vec<InputError>> {
    let mut faults = Faults::at(Pointer::root().member("authentication"));
    let nothing = AuthenticationDefinition::default();
    let kind = match definition {
        Some(definition) => kind(definition, profile, &mut faults),
        None => default_kind(profile, &mut faults),
    };
    let Some(kind) = kind else { return Err(faults.into_vec()) };
    let definition = definition.unwrap_or(&nothing);
    refuse_strangers(definition, kind, &mut faults);
    let resolved = match kind {
        AuthenticationKind::None => Some(Authentication::None.into()),
        AuthenticationKind::SignedBearer => {
            let audience = definition.audience.clone();
            if let Some(audience) = &audience {
                faults.line("audience", audience, 1, TEXT_BYTES_MAX);
            }
            Some(Authentication::SignedBearer { audience }.into())
        }
        AuthenticationKind::Token => token::resolve(api, definition, profile, former, &mut faults),
        AuthenticationKind::Basic => {
            basic::resolve(api, definition, former, &mut faults).map(Resolved::from)
        }
        AuthenticationKind::ClientCredentials => {
            client::resolve(api, definition, profile, former, &mut faults)
                .map(|client| Authentication::ClientCredentials(client).into())
        }
    };
    match resolved {
        Some(resolved) if faults.is_empty() => Ok(resolved),
        _ => Err(faults.into_vec()),
    }
}

impl From<Authentication> for Resolved {
    fn from(authentication: Authentication) -> Self {
        Self { authentication, token: None }
    }
}

/// Where nothing is said: the vendor's first kind that asks nothing of the caller. doo's document lets the whole
/// object be left out, and then sends without a token.
fn default_kind(profile: &Profile, faults: &mut Faults) -> Option<AuthenticationKind> {
    let asks = |kind: &AuthenticationKind| {
        matches!(kind, AuthenticationKind::Basic | AuthenticationKind::ClientCredentials)
    };
    if profile.authentication.is_empty() {
        return Some(AuthenticationKind::None);
    }
    let kind = profile.authentication.iter().copied().find(|kind| !asks(kind));
    if kind.is_none() {
        faults.whole(format!("{}; say how", takes(profile)));
    }
    kind
}

/// Which kind is meant, if it is one that the vendor takes.
fn kind(
    definition: &AuthenticationDefinition,
    profile: &Profile,
    faults: &mut Faults,
) -> Option<AuthenticationKind> {
    let allowed = |kind: &AuthenticationKind| profile.authentication.contains(kind);
    if let Some(grant) = &definition.grant_type {
        let client = AuthenticationKind::ClientCredentials;
        if grant != "client_credentials" {
            faults.member("grant_type", "the only grant_type is \"client_credentials\"");
            return None;
        }
        if definition.r#type.as_deref().is_some_and(|name| name != client.as_str()) {
            faults.member("type", format!("with grant_type, type is {client} or left out"));
            return None;
        }
        let kind = if client::is_empty(definition) { AuthenticationKind::None } else { client };
        if !allowed(&kind) {
            faults.member("grant_type", takes(profile));
            return None;
        }
        return Some(kind);
    }
    let Some(name) = &definition.r#type else {
        return Some(profile.authentication.first().copied().unwrap_or(AuthenticationKind::None));
    };
    let kind = AuthenticationKind::parse(name).filter(allowed);
    if kind.is_none() {
        faults.member("type", takes(profile));
    }
    kind
}

fn takes(profile: &Profile) -> String {
    let names: Vec<&str> = profile.authentication.iter().map(|kind| kind.as_str()).collect();
    format!("plugin {} takes {}", profile.name, names.join(" or "))
}

/// Notes each member that belongs to another kind.
fn refuse_strangers(
    definition: &AuthenticationDefinition,
    kind: AuthenticationKind,
    faults: &mut Faults,
) {
    use AuthenticationKind::{Basic, ClientCredentials, SignedBearer, Token};
    let doos_empty_form = definition.grant_type.is_some() && kind == AuthenticationKind::None;
    for (member, present, kinds) in [
        ("token", definition.token.is_some(), &[Token][..]),
        ("username", definition.username.is_some(), &[Basic]),
        ("password", definition.password.is_some(), &[Basic]),
        ("endpoint", definition.endpoint.is_some(), &[ClientCredentials]),
        ("client_id", definition.client_id.is_some(), &[ClientCredentials]),
        ("client_secret", definition.client_secret.is_some(), &[ClientCredentials]),
        ("credentials", definition.credentials.is_some(), &[ClientCredentials]),
        ("scope", definition.scope.is_some(), &[ClientCredentials]),
        ("client_authentication", definition.client_authentication.is_some(), &[ClientCredentials]),
        ("header", definition.header.is_some(), &[Token, ClientCredentials]),
        ("header_format", definition.header_format.is_some(), &[ClientCredentials]),
        (
            "header_value_format",
            definition.header_value_format.is_some(),
            &[Token, ClientCredentials],
        ),
        ("audience", definition.audience.is_some(), &[SignedBearer]),
    ] {
        if present && !kinds.contains(&kind) && !doos_empty_form {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            let detail = format!("{member} belongs to type {}, not to {kind}", kinds.join(" or "));
            faults.member(member, detail);
        }
    }
}

#[cfg(test)]
mod tests;
