//! What the names of a webhook's endpoints lead to.

use std::collections::BTreeSet;

use tokio::time::{Instant, timeout_at};
use transload_delivery::egress::{RESOLVE_CHECK_TIME_MAX, Resolved};
use transload_domain::{Authentication, Webhook};

use crate::{
    Api,
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
};

/// Checks what the endpoints lead to that `former` does not have: hooks' and the token endpoint's. Gives what the
/// maker should know though it is no fault.
///
/// All of them share the time that one may take, because somebody waits for the answer. A name that was not looked at
/// in time is let through: each connection checks again, and this check only tells early.
///
/// # Errors
/// 422, when a name leads to an address that is refused.
pub(super) async fn check(
    api: &Api,
    webhook: &Webhook,
    former: Option<&Webhook>,
) -> Result<Vec<String>, Problem> {
    let known: BTreeSet<&str> =
        former.into_iter().flat_map(places).map(|(_, endpoint)| endpoint).collect();
    let end = Instant::now() + RESOLVE_CHECK_TIME_MAX;
    let (mut seen, mut faults, mut warnings) = (known, Vec::new(), Vec::new());
    for (at, endpoint) in places(webhook) {
        if !seen.insert(endpoint) {
            continue;
        }
        let checking = api.egress.check_resolved(api.lookup.as_ref(), endpoint);
        match timeout_at(end, checking).await {
            Ok(Ok(Resolved::Allowed(_))) | Err(_) => {}
            Ok(Ok(Resolved::Unknown { warning })) => warnings.push(format!("{at}: {warning}")),
            Ok(Err(error)) => faults.push(InputError::new(at, error.to_string())),
        }
    }
    if faults.is_empty() {
        Ok(warnings)
    } else {
        Err(Problem::of_input(Kind::InvalidWebhook, faults))
    }
}

/// Each endpoint and its place in the definition.
fn places(webhook: &Webhook) -> Vec<(Pointer, &str)> {
    let root = Pointer::root();
    let hooks = webhook.hooks.iter().enumerate().map(|(index, hook)| {
        (root.member("hooks").item(index).member("endpoint"), hook.endpoint.as_str())
    });
    let token = match &webhook.authentication {
        Authentication::ClientCredentials(client) => {
            Some((root.member("authentication").member("endpoint"), client.endpoint.as_str()))
        }
        _ => None,
    };
    hooks.chain(token).collect()
}
