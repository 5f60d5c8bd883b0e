//! Who asks.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use transload_domain::Organization;
use transload_store::{Key, Record};

use crate::{
    Api,
    keys::{KeyRecord, PresentedKey},
    problem::{Kind, Problem},
};

/// The holder of a good API key.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The key's organization: all that this caller sees belongs to it.
    pub(crate) organization: Organization,
}

/// Lets a request through that has a good API key, with its [`Caller`].
///
/// The record is read for each request, so a removed key stops working with the next one.
pub(crate) async fn layer(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = authenticate(&api, request.headers()).await?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The caller whom these headers prove.
///
/// # Errors
/// 401, the same for a key that is unknown, removed, malformed or has a wrong secret.
pub(crate) async fn authenticate(api: &Api, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(refuse(
            "Bearer realm=\"transload\"",
            "send an API key: `Authorization: Bearer tl_...`; `transload key create` makes one",
        ));
    };
    let wrong = || {
        refuse(
            "Bearer realm=\"transload\", error=\"invalid_token\"",
            "the API key is not known here; `transload key create` makes a new one",
        )
    };
    let key = value.to_str().ok().and_then(bearer).and_then(PresentedKey::parse);
    let key = key.ok_or_else(wrong)?;
    let found = api.ledger.read(api.shard, Key::Access(key.id().to_owned())).await?;
    let Some(Record::Access(_, bytes)) = found else { return Err(wrong()) };
    let record = KeyRecord::from_bytes(&bytes).map_err(Problem::internal)?;
    if key.opens(&record) { Ok(Caller { organization: record.organization }) } else { Err(wrong()) }
}

/// What follows `Bearer`, whose case does not matter (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn refuse(challenge: &'static str, detail: &str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}
