//! How a webhook's requests are to prove where they come from.

use axum::http::{HeaderName, HeaderValue};
use transload_domain::{Authentication, AuthenticationKind, Profile, Random, Vault};

use super::definition::AuthenticationDefinition;
use crate::{keys::hex, pointer::Pointer, problem::InputError};

/// Bytes of a token that a caller brings.
const TOKEN_BYTES_MAX: usize = 4_096;
/// Bytes of a header's name or value template, and of an audience.
const TEXT_BYTES_MAX: usize = 1_024;
/// Random bytes of a token that we make: 30 lower-case hex digits, as ReadyCloud's sample has them.
const TOKEN_RANDOM_BYTES: usize = 15;
/// Where the token goes in a value template.
const PLACE: &str = "%ACCESS_TOKEN%";
/// Headers that belong to the exchange and that nobody may set.
const NOT_FOR_TOKENS: [&str; 8] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// An authentication, and the token where one was made or given: it is shown once and never again.
pub(super) struct Resolved {
    pub(super) authentication: Authentication,
    pub(super) token: Option<String>,
}

/// What the definition means for this vendor. Where it says nothing, the vendor's first kind is taken.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn resolve(
    definition: Option<&AuthenticationDefinition>,
    profile: &Profile,
    vault: &Vault,
    random: &dyn Random,
) -> Result<Resolved, Vec<InputError>> {
    let nothing = AuthenticationDefinition::default();
    let definition = definition.unwrap_or(&nothing);
    let mut faults = Faults::default();
    let kind = kind(definition, profile, &mut faults);
    let kind = kind.ok_or_else(|| std::mem::take(&mut faults.0))?;
    for (member, present, of) in [
        ("token", definition.token.is_some(), AuthenticationKind::Token),
        ("header", definition.header.is_some(), AuthenticationKind::Token),
        (
            "header_value_format",
            definition.header_value_format.is_some(),
            AuthenticationKind::Token,
        ),
        ("audience", definition.audience.is_some(), AuthenticationKind::SignedBearer),
    ] {
        if present && kind != of {
            faults.add(member, format!("{member} belongs to type {of}, not to {kind}"));
        }
    }
    let resolved = match kind {
        AuthenticationKind::None => Resolved { authentication: Authentication::None, token: None },
        AuthenticationKind::SignedBearer => {
            let audience = definition.audience.clone();
            if audience.as_ref().is_some_and(|a| a.is_empty() || a.len() > TEXT_BYTES_MAX) {
                faults.add("audience", format!("audience has 1 to {TEXT_BYTES_MAX} bytes"));
            }
            Resolved { authentication: Authentication::SignedBearer { audience }, token: None }
        }
        AuthenticationKind::Basic | AuthenticationKind::ClientCredentials => {
            faults.add("type", format!("{kind} is not served yet in this version"));
            Resolved { authentication: Authentication::None, token: None }
        }
        AuthenticationKind::Token => token(definition, profile, vault, random, &mut faults),
    };
    if faults.0.is_empty() { Ok(resolved) } else { Err(faults.0) }
}

/// Which kind is meant, if it is one that the vendor takes.
fn kind(
    definition: &AuthenticationDefinition,
    profile: &Profile,
    faults: &mut Faults,
) -> Option<AuthenticationKind> {
    if definition.grant_type.is_some() {
        faults.add("grant_type", "OAuth 2.0 is not served yet in this version; use another type");
        return None;
    }
    for (member, present) in [
        ("endpoint", definition.endpoint.is_some()),
        ("credentials", definition.credentials.is_some()),
        ("header_format", definition.header_format.is_some()),
    ] {
        if present {
            faults.add(member, format!("{member} belongs to OAuth 2.0, which is not served yet"));
        }
    }
    if !faults.0.is_empty() {
        return None;
    }
    let allowed = || {
        let names: Vec<&str> = profile.authentication.iter().map(|kind| kind.as_str()).collect();
        format!("plugin {} takes {}", profile.name, names.join(" or "))
    };
    let Some(name) = &definition.r#type else {
        return Some(profile.authentication.first().copied().unwrap_or(AuthenticationKind::None));
    };
    let known = AuthenticationKind::parse(name);
    let kind = known.filter(|kind| profile.authentication.contains(kind));
    if kind.is_none() {
        faults.add("type", allowed());
    }
    kind
}

fn token(
    definition: &AuthenticationDefinition,
    profile: &Profile,
    vault: &Vault,
    random: &dyn Random,
    faults: &mut Faults,
) -> Resolved {
    let header = definition.header.as_ref().unwrap_or(&profile.token_header.name);
    let template =
        definition.header_value_format.as_ref().unwrap_or(&profile.token_header.template);
    let named: Option<HeaderName> = header.parse().ok().filter(|_| header.len() <= TEXT_BYTES_MAX);
    if named.is_none_or(|name| NOT_FOR_TOKENS.contains(&name.as_str())) {
        faults.add("header", "header must be the name of a header that is free for a token");
    }
    if !template.contains(PLACE)
        || template.len() > TEXT_BYTES_MAX
        || HeaderValue::from_str(template).is_err()
    {
        let detail = format!("header_value_format must be a header's value with {PLACE} in it");
        faults.add("header_value_format", detail);
    }
    let token = definition.token.clone().unwrap_or_else(|| {
        let mut bytes = [0; TOKEN_RANDOM_BYTES];
        random.fill(&mut bytes);
        hex(&bytes)
    });
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX || token.chars().any(char::is_control) {
        // The token itself is not repeated.
        let detail = format!("token has 1 to {TOKEN_BYTES_MAX} bytes and no control characters");
        faults.add("token", detail);
    }
    let mut nonce = [0; Vault::NONCE_LEN];
    random.fill(&mut nonce);
    Resolved {
        authentication: Authentication::Token {
            header: header.clone(),
            template: template.clone(),
            token: vault.seal(token.as_bytes(), nonce),
        },
        token: Some(token),
    }
}

/// Faults of members of `authentication`.
#[derive(Default)]
struct Faults(Vec<InputError>);

impl Faults {
    fn add(&mut self, member: &str, detail: impl Into<String>) {
        let pointer = Pointer::root().member("authentication").member(member);
        self.0.push(InputError::new(pointer, detail));
    }
}
