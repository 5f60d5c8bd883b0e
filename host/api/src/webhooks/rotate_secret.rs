//! `POST /v1/webhooks/{id}/rotate-secret`: give a webhook another signing key.

use std::time::Duration;

use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use transload_domain::{Signing, SigningKey, Timestamp, limits::SIGNING_KEYS_MAX};

use super::{
    change::{answer, change, parse_id},
    resolve::News,
    signing::{self, SECRET_TEXT_BYTES_MAX},
};
use crate::{
    Api,
    access::Caller,
    budget::Budget,
    duration::{self, written},
    etag::IfMatch,
    json,
    path::Named,
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
    time::Rfc3339,
};

/// Bytes of a request: a secret, each byte of which may be written as `\u00xx`, and as much again.
const REQUEST_BYTES_MAX: usize = 16 * SECRET_TEXT_BYTES_MAX;
/// How long the former keys go on signing, where nothing is said: a day for the receiver to learn the new one.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a rotation, a JSON object, or nothing")]
struct RotateRequest {
    /// Made where it is left out.
    secret: Option<String>,
    /// The current key's where it is left out.
    scheme: Option<String>,
    /// How long the former keys go on signing.
    overlap: Option<String>,
}

/// Puts a new key in front. The former ones sign beside it for the overlap, so that a receiver that knows only them
/// goes on without a gap; an overlap of `0s` ends them at once. The secret is in this answer and in no other.
pub(crate) async fn rotate_secret(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let (parts, body) = request.into_parts();
    let wanted = IfMatch::of(&parts.headers)?;
    let (max, what, kind) = (REQUEST_BYTES_MAX, "a rotation", Kind::InvalidRequest);
    let asked: RotateRequest =
        json::read_or_default(&budget, &parts.headers, body, max, what, kind).await?;
    let overlap = asked.overlap.as_deref().map(duration::parse).transpose();
    let overlap = overlap.map_err(|detail| invalid("overlap", detail))?.unwrap_or(OVERLAP);
    let scheme = asked.scheme.as_deref().map(signing::scheme).transpose();
    let scheme = scheme.map_err(|detail| invalid("scheme", detail))?;
    let now = api.clock.now();
    let rotated = change(&api, &caller, id, &wanted, |webhook| {
        let Some(signing) = &mut webhook.signing else { return Err(unsigned()) };
        let usual = signing.keys.first().map(|key| key.scheme).unwrap_or_default();
        let new = signing::new_key(&api, scheme, asked.secret.as_deref(), usual)
            .map_err(|(member, detail)| invalid(member, detail))?;
        rotate(signing, new.key, now, overlap).map(|()| new.secret)
    });
    let (revision, webhook, secret) = rotated.await?;
    let (organization, overlap) = (&caller.organization, written(overlap));
    tracing::info!(%organization, webhook = %id, overlap, "webhook's signing secret rotated");
    let news = News { signing: Some(secret), ends_trouble: true, ..News::default() };
    Ok(answer(&api, revision, &webhook, &news))
}

/// Puts the key in front; the others end with the overlap, or earlier where they were to.
fn rotate(
    signing: &mut Signing,
    new: SigningKey,
    now: Timestamp,
    overlap: Duration,
) -> Result<(), Problem> {
    let end = now.after(overlap);
    let former = signing.keys.drain(..).map(|key| {
        let until = key.until.map_or(end, |until| until.min(end));
        SigningKey { until: Some(until), ..key }
    });
    let keys: Vec<SigningKey> = [new]
        .into_iter()
        .chain(former.filter(|key| key.until.is_none_or(|until| now < until)))
        .collect();
    if keys.len() > SIGNING_KEYS_MAX {
        let next = keys.iter().filter_map(|key| key.until).min();
        let next =
            next.map_or_else(String::new, |at| format!(" (the first ends at {})", Rfc3339(at)));
        let detail = format!(
            "at most {SIGNING_KEYS_MAX} keys sign at the same time{next}; wait, or end the former ones now \
             with \"overlap\": \"0s\""
        );
        return Err(Problem::new(Kind::Conflict, detail));
    }
    signing.keys = keys;
    Ok(())
}

fn unsigned() -> Problem {
    let detail = "this webhook's requests are not signed; PATCH signing first, like \
                  {\"signing\": {\"type\": \"standard_webhooks\"}}";
    Problem::new(Kind::Conflict, detail)
}

fn invalid(member: &str, detail: String) -> Problem {
    let error = InputError::new(Pointer::root().member(member), detail);
    Problem::of_input(Kind::InvalidRequest, vec![error])
}

#[cfg(test)]
mod tests;
