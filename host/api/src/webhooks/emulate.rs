//! `POST /v1/webhooks/{id}/emulate`: send an example or a given event for real.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use transload_domain::{Event, LoadedPlugin, Webhook, limits::EVENT_BYTES_MAX};
use uuid::Builder;

use super::{
    change::{find, parse_id},
    example,
};
use crate::{
    Api,
    access::Caller,
    body,
    budget::Budget,
    events::{self, Draft, EventSummary},
    json::{self, Answer},
    path::Named,
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
};

/// Bytes of a request: an event, and room for the members around it.
const REQUEST_BYTES_MAX: usize = EVENT_BYTES_MAX + (4 << 10);
/// The `source` of an event that says none.
const SOURCE: &str = "/transload/emulator";

/// What is to be sent: the plugin's example, or an event.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a JSON object with hook, or event, or nothing")]
pub(super) struct EmulateRequest {
    /// Of which hook type an example is to be sent.
    pub(super) hook: Option<String>,
    /// Of which event type, where the hook has several examples.
    pub(super) event_type: Option<String>,
    /// An event in its JSON form. `specversion`, `id` and `source` may be left out.
    event: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Emulated<'a> {
    event: EventSummary,
    /// The types of the webhook's hooks that the event goes to; `null` while the plugin is missing.
    hooks: Option<Vec<&'a str>>,
    /// Where its deliveries are to be seen.
    deliveries: String,
}

/// Accepts an event for this webhook alone: its vendor gets it like any other. It is marked as emulated, and its
/// failures do not count towards suspension. The webhook's filter is not asked.
pub(crate) async fn emulate(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    Named(id): Named,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let (parts, body) = request.into_parts();
    let (_, webhook) = find(&api, &caller, id).await?;
    let (max, what, kind) = (REQUEST_BYTES_MAX, "an emulation", Kind::InvalidRequest);
    let asked: EmulateRequest =
        json::read_or_default(&budget, &parts.headers, body, max, what, kind).await?;
    if webhook.suspended_at.is_some() {
        let detail = "the webhook is suspended, so nothing is sent; resume it first";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let catalog = api.catalog();
    let plugin = catalog.get(&webhook.plugin).map(|plugin| plugin.as_ref());
    let event = event(&api, &asked, &webhook, plugin)?;
    let hooks = plugin.map(|plugin| accepting(&webhook, plugin, &event));
    if hooks.as_ref().is_some_and(Vec::is_empty) {
        let detail = "no hook of this webhook takes events of this type; GET /v1/plugins/{name} \
                      tells which do";
        return Err(invalid(Pointer::root().member("event").member("type"), detail));
    }
    let summary = events::accept_one(&api, event).await?;
    tracing::info!(organization = %caller.organization, webhook = %id, event = summary.id, "emulated");
    let location = HeaderValue::from_str(&format!("/v1/events/{}", summary.id));
    let deliveries = format!("/v1/deliveries?event={}", summary.id);
    let view = Emulated { event: summary, hooks, deliveries };
    let mut response = (StatusCode::ACCEPTED, Answer(view)).into_response();
    // A URL path with a UUID in it is always a header's value.
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The event that is meant, for this webhook alone.
fn event(
    api: &Api,
    asked: &EmulateRequest,
    webhook: &Webhook,
    plugin: Option<&LoadedPlugin>,
) -> Result<Event, Problem> {
    let mut draft = match &asked.event {
        Some(_) if asked.hook.is_some() || asked.event_type.is_some() => {
            let detail = "send either an event, or hook and event_type to choose an example";
            return Err(invalid(Pointer::root().member("event"), detail));
        }
        Some(event) if event.get().len() > EVENT_BYTES_MAX => {
            return Err(body::too_large("an event", EVENT_BYTES_MAX));
        }
        Some(event) => {
            let at = Pointer::root().member("event");
            events::structured(event.get().as_bytes(), &at)
                .map_err(|faults| Problem::of_input(Kind::InvalidEvent, faults))?
        }
        None => {
            let example = example::choose(asked, webhook, plugin)?;
            let mut draft = Draft::new(Pointer::root().member("event"));
            draft.attribute("type", example.event_type.clone());
            draft.data("data", &example.data);
            draft
        }
    };
    let mut id = [0; 16];
    api.random.fill(&mut id);
    draft.attribute_or("specversion", || "1.0".to_owned());
    draft.attribute_or("id", || Builder::from_random_bytes(id).into_uuid().to_string());
    draft.attribute_or("source", || SOURCE.to_owned());
    let event = draft
        .judge(webhook.organization.clone(), api.clock.now())
        .map_err(|faults| Problem::of_input(Kind::InvalidEvent, faults))?;
    Ok(Event { emulated_for: Some(webhook.id), ..event })
}

/// The types of the webhook's hooks that take the event.
fn accepting<'a>(webhook: &'a Webhook, plugin: &LoadedPlugin, event: &Event) -> Vec<&'a str> {
    let takes = |kind| plugin.profile.hook(kind).is_some_and(|hook| hook.accepts(&event.kind));
    let hooks = webhook.hooks.iter().filter(|hook| takes(&hook.kind));
    hooks.map(|hook| hook.kind.as_str()).collect()
}

pub(super) fn invalid(at: Pointer, detail: impl Into<String>) -> Problem {
    Problem::of_input(Kind::InvalidRequest, vec![InputError::new(at, detail)])
}

#[cfg(test)]
mod tests;
