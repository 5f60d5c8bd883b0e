//! `POST /v1/webhooks/{id}/rotate-token`: give a webhook another token.

use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use transload_domain::Authentication;

use super::{
    authentication::{SECRET_BYTES_MAX, generate, seal},
    change::{answer, change, parse_id},
    faults::Faults,
    resolve::News,
};
use crate::{
    Api,
    access::Caller,
    budget::Budget,
    etag::IfMatch,
    json,
    path::Named,
    pointer::Pointer,
    problem::{Kind, Problem},
};

/// Bytes of a request: a token, each byte of which may be written as `\u00xx`.
const REQUEST_BYTES_MAX: usize = 8 * SECRET_BYTES_MAX;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a JSON object with a token, or nothing")]
struct RotateRequest {
    /// Generated where it is left out.
    token: Option<String>,
}

/// Makes or takes another token, which counts from the next attempt on. It is in this answer and in no other.
pub(crate) async fn rotate_token(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let (parts, body) = request.into_parts();
    let wanted = IfMatch::of(&parts.headers)?;
    let (max, what) = (REQUEST_BYTES_MAX, "a token");
    let kind = Kind::InvalidRequest;
    let asked: RotateRequest =
        json::read_or_default(&budget, &parts.headers, body, max, what, kind).await?;
    let token = asked.token.unwrap_or_else(|| generate(api.random.as_ref()));
    let mut faults = Faults::at(Pointer::root());
    faults.line("token", &token, 1, SECRET_BYTES_MAX);
    if !faults.is_empty() {
        return Err(Problem::of_input(kind, faults.into_vec()));
    }
    let rotated = change(&api, &caller, id, &wanted, |webhook| match &mut webhook.authentication {
        Authentication::Token { token: sealed, .. } => {
            *sealed = seal(&api, &token);
            Ok(())
        }
        other => {
            let detail = format!(
                "this webhook has authentication {}, which has no token of ours; \
                 PATCH authentication instead",
                other.kind()
            );
            Err(Problem::new(Kind::Conflict, detail))
        }
    });
    let (revision, webhook, ()) = rotated.await?;
    tracing::info!(organization = %caller.organization, webhook = %id, "webhook's token rotated");
    let news = News { token: Some(token), ends_trouble: true, ..News::default() };
    Ok(answer(&api, revision, &webhook, &news))
}

#[cfg(test)]
mod tests;
