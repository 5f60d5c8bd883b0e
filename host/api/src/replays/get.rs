//! `GET /v1/replays/{id}`: how far a replay is.

use axum::{Extension, extract::State};
use transload_domain::ReplayId;
use transload_store::{Key, Record};
use uuid::Uuid;

use super::view::ReplayView;
use crate::{Api, access::Caller, json::Answer, path::Named, problem::Problem};

/// Shows a replay with its progress.
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
) -> Result<Answer<ReplayView>, Problem> {
    let missing = || Problem::not_found("replay");
    let id = ReplayId(Uuid::parse_str(&id).map_err(|_| missing())?);
    let key = Key::Replay(caller.organization.clone(), id);
    match api.ledger.read(api.shard, key).await? {
        Some(Record::Replay(_, replay)) if replay.organization == caller.organization => {
            Ok(Answer(ReplayView::of(*replay, &api.backlog)))
        }
        _ => Err(missing()),
    }
}
