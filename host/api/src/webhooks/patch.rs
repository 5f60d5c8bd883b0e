//! `PATCH /v1/webhooks/{id}`: change a webhook.

use axum::{
    Extension,
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use serde_json::value::RawValue;
use transload_domain::Webhook;

use super::{
    change::{TRIES_MAX, answer, crowded, find, parse_id, write},
    definition::Definition,
    endpoints,
    post::DEFINITION_BYTES_MAX,
    resolve::{News, Resolved, resolve},
    view::DefinitionView,
};
use crate::{
    Api,
    access::Caller,
    body::{self, MediaType},
    budget::Budget,
    etag::IfMatch,
    json,
    merge::merge,
    path::Named,
    problem::{Kind, Problem},
    raw::Members,
};

/// Members of a patch that is looked into.
const MEMBERS_MAX: usize = 100;

/// Changes a webhook by a JSON merge patch (RFC 7396) of its definition. What the patch does not name stays, secrets
/// included; the deliveries that wait go out by the new configuration, with the bytes that they have.
pub(crate) async fn patch(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let (parts, body) = request.into_parts();
    require_merge_patch(&parts.headers)?;
    let wanted = IfMatch::of(&parts.headers)?;
    let what = "a webhook's patch";
    let read = body::read(&budget, &parts.headers, body, DEFINITION_BYTES_MAX, what).await?;
    for _ in 0..TRIES_MAX {
        let (revision, former) = find(&api, &caller, id).await?;
        wanted.check(revision)?;
        let mut patched = patched(&api, &caller, &former, &read.bytes)?;
        let unchanged = Webhook { updated_at: former.updated_at, ..patched.webhook.clone() };
        if unchanged == former {
            return Ok(answer(&api, revision, &former, &News::default()));
        }
        patched.news.warnings = endpoints::check(&api, &patched.webhook, Some(&former)).await?;
        patched.news.ends_trouble = !former.counts_for(&patched.webhook);
        if let Some(revision) = write(&api, &patched.webhook, revision).await? {
            tracing::info!(organization = %caller.organization, webhook = %id, "webhook changed");
            return Ok(answer(&api, revision, &patched.webhook, &patched.news));
        }
    }
    Err(crowded())
}

/// The webhook that the patch makes of the former one.
fn patched(
    api: &Api,
    caller: &Caller,
    former: &Webhook,
    patch: &[u8],
) -> Result<Resolved, Problem> {
    let unsound = |error: serde_json::Error| {
        Problem::new(Kind::InvalidRequest, format!("the body is not sound JSON: {error}"))
    };
    let patch: &RawValue = serde_json::from_slice(patch).map_err(unsound)?;
    let nothing = News::default();
    let target = DefinitionView::new(None, former, &nothing);
    let target = serde_json::to_string(&target).map_err(Problem::internal)?;
    let target = without_what_is_replaced(&target, patch.get()).map_err(unsound)?;
    let definition = merge(&target, patch.get()).map_err(unsound)?;
    let definition: Definition = json::parse(definition.as_bytes(), Kind::InvalidWebhook)?;
    Ok(resolve(api, &caller.organization, &definition, Some(former))?)
}

/// The target without the members that have several forms, where the patch has the member in a form of its own: the
/// members of one form mean nothing in another.
fn without_what_is_replaced(target: &str, patch: &str) -> Result<String, serde_json::Error> {
    let Ok(Members(changes)) = serde_json::from_str::<Members<'_, MEMBERS_MAX>>(patch) else {
        // No object, or one with more members than a definition has: either is told when it is read as one.
        return Ok(target.to_owned());
    };
    let mut reset = Vec::new();
    for (name, value) in &changes {
        let value = value.get();
        let whole = match name.as_str() {
            "success" | "suspend" => value.starts_with('{'),
            "authentication" => is_another_kind(target, value),
            _ => false,
        };
        if whole {
            reset.push(format!("{}:null", serde_json::to_string(name)?));
        }
    }
    merge(target, &format!("{{{}}}", reset.join(",")))
}

/// Whether the patch names a kind of authentication, and the target has another.
fn is_another_kind(target: &str, patch: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Named {
        r#type: Option<String>,
        grant_type: Option<String>,
    }
    #[derive(serde::Deserialize)]
    struct Target {
        authentication: Named,
    }
    let Ok(asked) = serde_json::from_str::<Named>(patch) else { return false };
    let Ok(target) = serde_json::from_str::<Target>(target) else { return false };
    // doo's spelling says all there is to say.
    asked.grant_type.is_some()
        || asked.r#type.is_some_and(|kind| Some(kind) != target.authentication.r#type)
}

fn require_merge_patch(headers: &HeaderMap) -> Result<(), Problem> {
    let known = ["application/merge-patch+json", "application/json"];
    match MediaType::of(headers)? {
        Some(media) if known.contains(&media.essence.as_str()) && media.is_utf8() => Ok(()),
        _ => Err(body::unsupported("send a JSON merge patch as application/merge-patch+json")),
    }
}

#[cfg(test)]
mod tests;
