//! Sending again what was sent, or was not, by query.

use crate::{Organization, ReplayId, Status, Timestamp, WebhookId};

/// A job that makes deliveries go out again. Its progress is in the ledger, so that it survives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// Whose deliveries.
    pub organization: Organization,
    /// Which deliveries.
    pub selection: Selection,
    /// When it was asked for. Deliveries that moved after it are left alone, so that none is moved twice.
    pub created_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
}

/// Which deliveries are to go out again: those to which all of it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Of this webhook; of all of the organization where absent.
    pub webhook: Option<WebhookId>,
    /// In one of these statuses, which are closed ones; at least one.
    pub statuses: Vec<Status>,
    /// Whose event was accepted at this time or later.
    pub from: Option<Timestamp>,
    /// Whose event was accepted before this time.
    pub to: Option<Timestamp>,
}

/// How far a replay is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Deliveries that were looked at.
    pub seen: u64,
    /// Deliveries that go out again.
    pub moved: u64,
    /// Where it goes on: opaque, the ledger's.
    pub next: Option<Vec<u8>>,
    /// Which of the webhooks and statuses is being looked at.
    pub stage: u32,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it ended before its end.
    pub error: Option<String>,
}
