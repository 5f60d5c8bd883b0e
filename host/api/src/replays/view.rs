//! How answers show a replay.

use serde::Serialize;
use transload_delivery::Backlog;
use transload_domain::Replay;

use crate::time::Rfc3339;

#[derive(Serialize)]
pub(crate) struct ReplayView {
    id: String,
    /// `null`: all of the organization's.
    webhook: Option<String>,
    statuses: Vec<&'static str>,
    from: Option<Rfc3339>,
    to: Option<Rfc3339>,
    out_of_order: bool,
    created_at: Rfc3339,
    /// `running`, `finished` or `failed`.
    state: &'static str,
    /// Deliveries that were looked at.
    seen: u64,
    /// Deliveries that go out again.
    moved: u64,
    /// Deliveries that were left out because the vendor has, or may have, a later state of the same subject.
    skipped: u64,
    /// Why it moves nothing for now.
    waits_because: Option<String>,
    finished_at: Option<Rfc3339>,
    /// Why it ended before its end.
    error: Option<String>,
}

impl ReplayView {
    pub(super) fn of(replay: Replay, backlog: &Backlog) -> Self {
        let waits =
            replay.progress.finished_at.is_none() && !backlog.admits_replay(&replay.organization);
        let open = backlog.deliveries_of(&replay.organization);
        let (selection, progress) = (replay.selection, replay.progress);
        let state = match (progress.finished_at, &progress.error) {
            (None, _) => "running",
            (Some(_), None) => "finished",
            (Some(_), Some(_)) => "failed",
        };
        Self {
            id: replay.id.to_string(),
            webhook: selection.webhook.map(|webhook| webhook.to_string()),
            statuses: selection.statuses.iter().map(|status| status.as_str()).collect(),
            from: selection.from.map(Rfc3339),
            to: selection.to.map(Rfc3339),
            out_of_order: selection.out_of_order,
            created_at: Rfc3339(replay.created_at),
            state,
            seen: progress.seen,
            moved: progress.moved,
            skipped: progress.skipped,
            waits_because: waits.then(|| why_it_waits(open)),
            finished_at: progress.finished_at.map(Rfc3339),
            error: progress.error,
        }
    }
}

fn why_it_waits(open: u64) -> String {
    format!(
        "{open} deliveries of the organization are open: a replay leaves room for new events, and goes on when fewer are. \
         Look for webhooks that are suspended or show a trouble: until they are mended, resumed or removed, their \
         deliveries wait"
    )
}
