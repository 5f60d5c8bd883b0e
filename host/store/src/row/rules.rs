//! The rules by which answers are judged, as stored: in a profile, and where a webhook overrides it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use transload_domain::{Overrides, RetryPolicy, Success, Suspend, SuspendRule};

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum SuccessRow {
    Any2xx,
    Exactly(Vec<u16>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RetryRow {
    schedule: Vec<Duration>,
    repeat_last: bool,
    max_attempts: u32,
    jitter_percent: u8,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SuspendRow {
    more_than: u32,
    within: Duration,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct OverridesRow {
    success: Option<SuccessRow>,
    final_statuses: Option<Vec<u16>>,
    retry: Option<RetryRow>,
    suspend: Option<SuspendOverrideRow>,
}

#[derive(Debug, Serialize, Deserialize)]
enum SuspendOverrideRow {
    Never,
    After(SuspendRow),
}

impl From<Success> for SuccessRow {
    fn from(success: Success) -> Self {
        match success {
            Success::Any2xx => Self::Any2xx,
            Success::Exactly(statuses) => Self::Exactly(statuses),
        }
    }
}

impl From<SuccessRow> for Success {
    fn from(row: SuccessRow) -> Self {
        match row {
            SuccessRow::Any2xx => Self::Any2xx,
            SuccessRow::Exactly(statuses) => Self::Exactly(statuses),
        }
    }
}

impl From<RetryPolicy> for RetryRow {
    fn from(policy: RetryPolicy) -> Self {
        let RetryPolicy { schedule, repeat_last, max_attempts, jitter_percent } = policy;
        Self { schedule, repeat_last, max_attempts, jitter_percent }
    }
}

impl From<RetryRow> for RetryPolicy {
    fn from(row: RetryRow) -> Self {
        let RetryRow { schedule, repeat_last, max_attempts, jitter_percent } = row;
        Self { schedule, repeat_last, max_attempts, jitter_percent }
    }
}

impl From<SuspendRule> for SuspendRow {
    fn from(rule: SuspendRule) -> Self {
        Self { more_than: rule.more_than, within: rule.within }
    }
}

impl From<SuspendRow> for SuspendRule {
    fn from(row: SuspendRow) -> Self {
        Self { more_than: row.more_than, within: row.within }
    }
}

impl From<Suspend> for SuspendOverrideRow {
    fn from(suspend: Suspend) -> Self {
        match suspend {
            Suspend::Never => Self::Never,
            Suspend::After(rule) => Self::After(rule.into()),
        }
    }
}

impl From<SuspendOverrideRow> for Suspend {
    fn from(row: SuspendOverrideRow) -> Self {
        match row {
            SuspendOverrideRow::Never => Self::Never,
            SuspendOverrideRow::After(rule) => Self::After(rule.into()),
        }
    }
}

impl From<Overrides> for OverridesRow {
    fn from(overrides: Overrides) -> Self {
        Self {
            success: overrides.success.map(SuccessRow::from),
            final_statuses: overrides.final_statuses,
            retry: overrides.retry.map(RetryRow::from),
            suspend: overrides.suspend.map(SuspendOverrideRow::from),
        }
    }
}

impl From<OverridesRow> for Overrides {
    fn from(row: OverridesRow) -> Self {
        Self {
            success: row.success.map(Success::from),
            final_statuses: row.final_statuses,
            retry: row.retry.map(RetryPolicy::from),
            suspend: row.suspend.map(Suspend::from),
        }
    }
}
