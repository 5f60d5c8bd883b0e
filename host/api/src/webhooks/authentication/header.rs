//! The header that carries a token to the vendor.

use axum::http::{HeaderName, HeaderValue};
use transload_domain::{Profile, TokenHeader};

use super::TEXT_BYTES_MAX;
use crate::webhooks::{definition::AuthenticationDefinition, faults::Faults};

/// Where the token goes in a value template.
const PLACE: &str = "%ACCESS_TOKEN%";
/// Headers that belong to the exchange or to its signature and that no token may take.
const NOT_FOR_TOKENS: [&str; 11] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// The header's name and value template; the vendor's own where nothing is said. `header_format` is doo's word for
/// the name.
pub(super) fn resolve(
    definition: &AuthenticationDefinition,
    profile: &Profile,
    faults: &mut Faults,
) -> TokenHeader {
    let (member, name) = match (&definition.header, &definition.header_format) {
        (Some(_), Some(_)) => {
            faults.member("header_format", "header_format and header are the same; say one");
            ("header", &profile.token_header.name)
        }
        (Some(name), None) => ("header", name),
        (None, Some(name)) => ("header_format", name),
        (None, None) => ("header", &profile.token_header.name),
    };
    let template =
        definition.header_value_format.as_ref().unwrap_or(&profile.token_header.template);
    let parsed: Option<HeaderName> = name.parse().ok().filter(|_| name.len() <= TEXT_BYTES_MAX);
    if parsed.is_none_or(|name| NOT_FOR_TOKENS.contains(&name.as_str())) {
        let detail = format!("{member} must be the name of a header that is free for a token");
        faults.member(member, detail);
    }
    if !template.contains(PLACE)
        || template.len() > TEXT_BYTES_MAX
        || HeaderValue::from_str(template).is_err()
    {
        let detail = format!("header_value_format must be a header's value with {PLACE} in it");
        faults.member("header_value_format", detail);
    }
    TokenHeader { name: name.clone(), template: template.clone() }
}
