//! `POST /v1/events`: accept events.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use serde::Serialize;
use transload_delivery::Full;
use transload_domain::{
    Event, EventId, Organization, Timestamp,
    limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BYTES_MAX},
};
use transload_store as store;

use super::{binary, draft::Draft, one, structured};
use crate::{
    Api,
    access::Caller,
    body::{self, MediaType, ReadBody},
    budget::Budget,
    json::Answer,
    pointer::Pointer,
    problem::{InputError, Kind, Problem},
    raw::Items,
};

/// Why events are not accepted. Nothing of the request is stored then.
#[derive(Debug, thiserror::Error)]
enum PostError {
    #[error("events are not valid")]
    Invalid(Vec<InputError>),
    #[error("the backlog is full")]
    BacklogFull(Full),
    #[error("{0}")]
    Ledger(store::Error, Form),
    #[error("the request cannot be served")]
    Other(Problem),
}

impl From<PostError> for Problem {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Invalid(faults) => Self::of_input(Kind::InvalidEvent, faults),
            PostError::BacklogFull(full) => one::backlog_full(full),
            PostError::Ledger(store::Error::Differs { position }, form) => {
                let detail = "an event with this source and id was accepted before and has other \
                              content; give a new event a new id";
                let error = InputError::new(form.pointer(position), detail);
                Self::of_input(Kind::EventDiffers, vec![error])
            }
            PostError::Ledger(other, _) => other.into(),
            PostError::Other(problem) => problem,
        }
    }
}

/// CloudEvents' three forms over HTTP; the content type tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Structured,
    Binary,
    Batch,
}

/// What a caller gets who posted events: they are on disk.
#[derive(Serialize)]
pub(crate) struct Accepted {
    events: Vec<AcceptedEvent>,
}

#[derive(Serialize)]
struct AcceptedEvent {
    id: String,
    event_id: String,
    source: String,
    duplicate: bool,
}

/// Accepts one event or a batch: all of it, durably, or nothing.
///
/// 202 says that the events are on disk. An event that was there already changes nothing and is a `duplicate`.
pub(crate) async fn post(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Extension(budget): Extension<Budget>,
    request: Request,
) -> Result<(StatusCode, Answer<Accepted>), Problem> {
    let accepted = accept(&api, caller, &budget, request).await;
    accepted.map(|accepted| (StatusCode::ACCEPTED, Answer(accepted))).map_err(Problem::from)
}

async fn accept(
    api: &Api,
    caller: Caller,
    budget: &Budget,
    request: Request,
) -> Result<Accepted, PostError> {
    let (parts, body) = request.into_parts();
    let form = Form::of(&parts.headers).map_err(PostError::Other)?;
    one::admit(api, &caller.organization).map_err(PostError::BacklogFull)?;
    let read = body::read(budget, &parts.headers, body, form.bytes_max(), form.what()).await;
    let ReadBody { bytes, share } = read.map_err(PostError::Other)?;
    let receiver = Receiver { organization: caller.organization.clone(), now: api.clock.now() };
    let events = if bytes.len() <= PARSED_HERE_BYTES_MAX {
        receiver.parse(form, &parts.headers, &bytes)?
    } else {
        let parse = move || receiver.parse(form, &parts.headers, &bytes);
        let parsed = tokio::task::spawn_blocking(parse).await;
        parsed.map_err(|error| PostError::Other(Problem::internal(error)))??
    };
    if events.is_empty() {
        return Ok(Accepted { events: Vec::new() });
    }
    let names: Vec<_> =
        events.iter().map(|event| (event.id.clone(), event.source.clone())).collect();
    let receipts = api.ledger.accept(api.shard, events).await.map_err(|error| {
        if let store::Error::Unavailable(why) = &error {
            api.health.store_failed(why);
        }
        PostError::Ledger(error, form)
    })?;
    // The ledger has the events now.
    drop(share);
    let fresh = receipts.iter().filter(|receipt| receipt.fresh).count();
    api.metrics.accepted(fresh);
    tracing::debug!(organization = %caller.organization, events = receipts.len(), fresh, "accepted");
    let events = names.into_iter().zip(receipts).map(|((event_id, source), receipt)| {
        let id = EventId::new(receipt.no, &caller.organization, &source, &event_id).to_string();
        AcceptedEvent { id, event_id, source, duplicate: !receipt.fresh }
    });
    Ok(Accepted { events: events.collect() })
}

/// Bytes that are parsed where the request is served; more would keep other requests waiting for milliseconds.
const PARSED_HERE_BYTES_MAX: usize = 256 << 10;

/// Whose events come in, and when.
struct Receiver {
    organization: Organization,
    now: Timestamp,
}

impl Receiver {
    fn parse(&self, form: Form, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Event>, PostError> {
        let judge = |draft: Draft| draft.judge(self.organization.clone(), self.now);
        let one = |text: &[u8], at: &Pointer| structured::read(text, at).and_then(judge);
        let event = match form {
            Form::Batch => return batch(body, one),
            Form::Binary => judge(binary::read(headers, body)),
            Form::Structured => one(body, &Pointer::root()),
        };
        event.map(|event| vec![event]).map_err(PostError::Invalid)
    }
}

/// The faults of a batch that are told; a caller that has more learns from these.
const FAULTS_TOLD_MAX: usize = 100;

fn batch(
    body: &[u8],
    one: impl Fn(&[u8], &Pointer) -> Result<Event, Vec<InputError>>,
) -> Result<Vec<Event>, PostError> {
    let batch: Items<'_, BATCH_EVENTS_MAX> = serde_json::from_slice(body).map_err(|error| {
        let detail = format!("a batch is a JSON array of events: {error}");
        PostError::Invalid(vec![InputError::new(Pointer::root(), detail)])
    })?;
    if batch.count > BATCH_EVENTS_MAX {
        let detail =
            format!("a batch has at most {BATCH_EVENTS_MAX} events, this one has {}", batch.count);
        return Err(PostError::Other(Problem::new(Kind::TooLarge, detail)));
    }
    let mut events = Vec::with_capacity(batch.items.len());
    let mut faults = Vec::new();
    for (index, item) in batch.items.iter().enumerate() {
        let at = Pointer::root().item(index);
        if item.get().len() > EVENT_BYTES_MAX {
            return Err(PostError::Other(body::too_large(
                &format!("the event {at}"),
                EVENT_BYTES_MAX,
            )));
        }
        match one(item.get().as_bytes(), &at) {
            Ok(event) => events.push(event),
            Err(found) => faults.extend(found),
        }
        if faults.len() >= FAULTS_TOLD_MAX {
            faults.truncate(FAULTS_TOLD_MAX);
            break;
        }
    }
    if faults.is_empty() { Ok(events) } else { Err(PostError::Invalid(faults)) }
}

impl Form {
    /// Told from the content type (CloudEvents 1.0.2, HTTP protocol binding, section 3).
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        const ASK: &str = "send application/cloudevents+json, application/cloudevents-batch+json, or JSON \
                           data as application/json with the attributes in ce- headers; all in UTF-8";
        let media = match MediaType::of(headers)? {
            Some(media) if media.is_utf8() => media,
            // Without data there is nothing whose type could be said.
            None if binary::is_meant(headers) => return Ok(Self::Binary),
            _ => return Err(body::unsupported(ASK)),
        };
        match media.essence.as_str() {
            "application/cloudevents+json" => Ok(Self::Structured),
            "application/cloudevents-batch+json" => Ok(Self::Batch),
            other if other.starts_with("application/cloudevents") => Err(body::unsupported(ASK)),
            _ if media.is_json() && binary::is_meant(headers) => Ok(Self::Binary),
            _ if media.is_json() => {
                let detail =
                    format!("this has no ce- headers, so it is no event in binary mode; {ASK}");
                Err(body::unsupported(&detail))
            }
            _ => Err(body::unsupported(ASK)),
        }
    }

    fn bytes_max(self) -> usize {
        match self {
            Self::Structured | Self::Binary => EVENT_BYTES_MAX,
            Self::Batch => BATCH_BYTES_MAX,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Structured | Self::Binary => "an event",
            Self::Batch => "a batch",
        }
    }

    fn pointer(self, position: usize) -> Pointer {
        match self {
            Self::Structured | Self::Binary => Pointer::root(),
            Self::Batch => Pointer::root().item(position),
        }
    }
}

#[cfg(test)]
mod tests;
