//! A replay as stored, with its revision.

use serde::{Deserialize, Serialize};
use transload_domain::{
    Organization, Progress, Replay, ReplayId, Selection, Status, Timestamp, WebhookId,
};
use uuid::Uuid;

use super::{Row, delivery::StatusRow, invalid};
use crate::{Error, Result, Revision};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReplayRow {
    pub(crate) revision: Revision,
    id: [u8; 16],
    organization: String,
    webhook: Option<[u8; 16]>,
    statuses: Vec<StatusRow>,
    from: Option<i64>,
    to: Option<i64>,
    created_at: i64,
    seen: u64,
    moved: u64,
    next: Option<Vec<u8>>,
    stage: u32,
    finished_at: Option<i64>,
    error: Option<String>,
}

impl Row<'_> for ReplayRow {}

impl ReplayRow {
    pub(crate) fn new(revision: Revision, replay: &Replay) -> Self {
        let Selection { webhook, statuses, from, to } = &replay.selection;
        let progress = &replay.progress;
        Self {
            revision,
            id: replay.id.0.into_bytes(),
            organization: replay.organization.as_str().to_owned(),
            webhook: webhook.map(|id| id.0.into_bytes()),
            statuses: statuses.iter().map(|status| StatusRow::from(*status)).collect(),
            from: from.map(Timestamp::as_micros),
            to: to.map(Timestamp::as_micros),
            created_at: replay.created_at.as_micros(),
            seen: progress.seen,
            moved: progress.moved,
            next: progress.next.clone(),
            stage: progress.stage,
            finished_at: progress.finished_at.map(Timestamp::as_micros),
            error: progress.error.clone(),
        }
    }

    /// When it was asked for.
    pub(crate) fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at)
    }

    /// Whether it has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }
}

impl TryFrom<ReplayRow> for Replay {
    type Error = Error;

    fn try_from(row: ReplayRow) -> Result<Self> {
        let selection = Selection {
            webhook: row.webhook.map(|id| WebhookId(Uuid::from_bytes(id))),
            statuses: row.statuses.into_iter().map(Status::from).collect(),
            from: row.from.map(Timestamp::from_micros),
            to: row.to.map(Timestamp::from_micros),
        };
        let progress = Progress {
            seen: row.seen,
            moved: row.moved,
            next: row.next,
            stage: row.stage,
            finished_at: row.finished_at.map(Timestamp::from_micros),
            error: row.error,
        };
        Ok(Self {
            id: ReplayId(Uuid::from_bytes(row.id)),
            organization: Organization::new(&row.organization).map_err(invalid)?,
            selection,
            created_at: Timestamp::from_micros(row.created_at),
            progress,
        })
    }
}
