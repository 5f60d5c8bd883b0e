//! A replay as stored, with its revision.

use serde::{Deserialize, Serialize};
use transload_domain::{
    Organization, Progress, Replay, ReplayId, Selection, Status, Timestamp, WebhookId,
};
use uuid::Uuid;

use super::{Row, delivery::StatusRow, invalid, take};
use crate::{Error, Result, Revision};

/// Version 2. Postcard has no names, so that the first shape and what came later stand one after the other.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReplayRow {
    first: FirstReplayRow,
    out_of_order: bool,
    skipped: u64,
}

/// Version 1.
#[derive(Debug, Serialize, Deserialize)]
struct FirstReplayRow {
    revision: Revision,
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

impl Row<'_> for ReplayRow {
    const VERSION: u8 = 2;

    fn older(version: u8, bytes: &[u8]) -> Option<Result<Self>> {
        let first = |first| Self { first, out_of_order: false, skipped: 0 };
        (version == 1).then(|| take(bytes).map(first))
    }
}

impl ReplayRow {
    pub(crate) fn new(revision: Revision, replay: &Replay) -> Self {
        let Selection { webhook, statuses, from, to, out_of_order } = &replay.selection;
        let progress = &replay.progress;
        let first = FirstReplayRow {
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
        };
        Self { first, out_of_order: *out_of_order, skipped: progress.skipped }
    }

    pub(crate) fn revision(&self) -> Revision {
        self.first.revision
    }

    /// When it was asked for.
    pub(crate) fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.first.created_at)
    }

    /// Whether it has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.first.finished_at.is_some()
    }
}

impl TryFrom<ReplayRow> for Replay {
    type Error = Error;

    fn try_from(ReplayRow { first: row, out_of_order, skipped }: ReplayRow) -> Result<Self> {
        let selection = Selection {
            webhook: row.webhook.map(|id| WebhookId(Uuid::from_bytes(id))),
            statuses: row.statuses.into_iter().map(Status::from).collect(),
            from: row.from.map(Timestamp::from_micros),
            to: row.to.map(Timestamp::from_micros),
            out_of_order,
        };
        let progress = Progress {
            seen: row.seen,
            moved: row.moved,
            skipped,
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
