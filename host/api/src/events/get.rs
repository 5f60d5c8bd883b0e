//! `GET /v1/events/{id}`: an event and what became of it.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use transload_domain::{Event, EventId, EventNo};
use transload_store::{Key, Record};
use uuid::Uuid;

use super::view::CloudEvent;
use crate::{
    Api,
    access::Caller,
    deliveries::{DeliverySummary, of_event},
    json::Answer,
    path::Named,
    problem::Problem,
    time::Rfc3339,
};

/// Deliveries that come with their event; `GET /v1/deliveries?event=` has the rest.
const DELIVERIES_WITH_EVENT_MAX: usize = 100;

/// An event, as it is answered.
#[derive(Serialize)]
struct EventView<'a> {
    id: String,
    accepted_at: Rfc3339,
    event: CloudEvent<'a>,
    deliveries: Vec<DeliverySummary>,
    /// Cursor for `GET /v1/deliveries?event=`; `null` when all are here.
    next: Option<String>,
}

/// Shows an event, as it was accepted, with its deliveries.
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let (no, event) = find(&api, &caller, &id).await?;
    let (deliveries, next) = of_event(&api, no, &event, DELIVERIES_WITH_EVENT_MAX).await?;
    let view = EventView {
        id: EventId::new(no, &event.organization, &event.source, &event.id).to_string(),
        accepted_at: Rfc3339(event.accepted_at),
        event: CloudEvent(&event),
        deliveries,
        next,
    };
    Ok(Answer(view).into_response())
}

/// The event with that public id, if it is the caller's.
pub(crate) async fn find(
    api: &Api,
    caller: &Caller,
    id: &str,
) -> Result<(EventNo, Box<Event>), Problem> {
    let missing = || Problem::not_found("event");
    let id = EventId(Uuid::parse_str(id).map_err(|_| missing())?);
    let Some(Record::Event(no, event)) = api.ledger.read(api.shard, Key::Event(id.no())).await?
    else {
        return Err(missing());
    };
    // The number alone finds an event; only the whole id names it, and only its own organization may see it.
    let same = EventId::new(no, &event.organization, &event.source, &event.id) == id;
    if same && event.organization == caller.organization { Ok((no, event)) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Host, get, order, structured};

    #[tokio::test]
    async fn another_organizations_event_is_not_found() {
        let host = Host::new().await;
        let other = host.key_of("other").await;
        let accepted = host.send(structured(&order("1"))).await;
        let id = accepted.json["events"][0]["id"].as_str().unwrap();
        let path = format!("/v1/events/{id}");
        assert_eq!(host.send(get(&path)).await.status, 200);
        let theirs = host.send_with(&other, get(&path)).await;
        theirs.is_problem(404, "not-found");
        // A stranger learns nothing: it looks like an id that nobody has.
        let nobodys = host.send(get("/v1/events/00000000-0063-8000-8000-000000000000")).await;
        assert_eq!(theirs.json, nobodys.json);
    }

    #[tokio::test]
    async fn an_event_is_found_by_its_whole_id_only() {
        let host = Host::new().await;
        let accepted = host.send(structured(&order("1"))).await;
        let id = accepted.json["events"][0]["id"].as_str().unwrap().to_owned();
        let last = if id.ends_with('0') { "1" } else { "0" };
        for wrong in [format!("{}{last}", &id[..id.len() - 1]), "1".into(), "x".into()] {
            let answer = host.send(get(&format!("/v1/events/{wrong}"))).await;
            answer.is_problem(404, "not-found");
        }
    }
}
