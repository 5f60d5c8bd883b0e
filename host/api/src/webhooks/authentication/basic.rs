//! User name and password (RFC 7617).

use transload_domain::Authentication;

use super::{SECRET_BYTES_MAX, TEXT_BYTES_MAX, seal};
use crate::{
    Api,
    webhooks::{definition::AuthenticationDefinition, faults::Faults},
};

pub(super) fn resolve(
    api: &Api,
    definition: &AuthenticationDefinition,
    former: Option<&Authentication>,
    faults: &mut Faults,
) -> Option<Authentication> {
    let username = definition.username.clone().unwrap_or_default();
    faults.line("username", &username, 1, TEXT_BYTES_MAX);
    if username.contains(':') {
        faults.member("username", "a user name has no colon: the password begins behind it");
    }
    let password = match (&definition.password, former) {
        (Some(password), _) => {
            faults.line("password", password, 0, SECRET_BYTES_MAX);
            seal(api, password)
        }
        (None, Some(Authentication::Basic { password, .. })) => password.clone(),
        (None, _) => {
            faults.member("password", "password is missing");
            return None;
        }
    };
    Some(Authentication::Basic { username, password })
}
