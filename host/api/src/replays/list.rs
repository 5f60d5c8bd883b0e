//! `GET /v1/replays`: an organization's replays.

use axum::{Extension, extract::State};
use serde::Serialize;
use transload_store::{Query, Record};

use super::view::ReplayView;
use crate::{
    Api,
    access::Caller,
    json::Answer,
    page::{self, PageParams, Params},
    problem::Problem,
};

#[derive(Serialize)]
pub(crate) struct Replays {
    replays: Vec<ReplayView>,
    next: Option<String>,
}

/// Lists replays, newest first.
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Params(params): Params<PageParams>,
) -> Result<Answer<Replays>, Problem> {
    let (limit, after) = params.read()?;
    let query = Query::Replays(caller.organization.clone());
    let found = api.ledger.page(api.shard, query, after, limit).await?;
    let replays = found.records.into_iter().filter_map(|record| match record {
        Record::Replay(_, replay) if replay.organization == caller.organization => {
            Some(ReplayView::of(*replay, &api.backlog))
        }
        _ => None,
    });
    Ok(Answer(Replays { replays: replays.collect(), next: found.next.map(page::encode) }))
}
