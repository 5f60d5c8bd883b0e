//! A fixed token.

use transload_domain::{Authentication, Profile, Random, Sealed, Vault};

use super::{Resolved, SECRET_BYTES_MAX, header};
use crate::{
    Api,
    keys::hex,
    webhooks::{definition::AuthenticationDefinition, faults::Faults},
};

/// Random bytes of a token that we make: 30 lower-case hex digits, as ReadyCloud's sample has them.
const TOKEN_RANDOM_BYTES: usize = 15;

pub(super) fn resolve(
    api: &Api,
    definition: &AuthenticationDefinition,
    profile: &Profile,
    former: Option<&Authentication>,
    faults: &mut Faults,
) -> Option<Resolved> {
    let header = header::resolve(definition, profile, faults);
    let (token, shown) = match (&definition.token, former) {
        (None, Some(Authentication::Token { token, .. })) => (token.clone(), None),
        (given, _) => {
            let token = given.clone().unwrap_or_else(|| generate(api.random.as_ref()));
            faults.line("token", &token, 1, SECRET_BYTES_MAX);
            (seal(api, &token), Some(token))
        }
    };
    let authentication =
        Authentication::Token { header: header.name, template: header.template, token };
    Some(Resolved { authentication, token: shown })
}

/// A fresh token.
pub(in crate::webhooks) fn generate(random: &dyn Random) -> String {
    let mut bytes = [0; TOKEN_RANDOM_BYTES];
    random.fill(&mut bytes);
    hex(&bytes)
}

/// A secret as it is stored.
pub(in crate::webhooks) fn seal(api: &Api, secret: impl AsRef<[u8]>) -> Sealed {
    let mut nonce = [0; Vault::NONCE_LEN];
    api.random.fill(&mut nonce);
    api.vault.seal(secret.as_ref(), nonce)
}
