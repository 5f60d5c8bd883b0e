//! How answers show success, retries and suspension, of profiles and of webhooks: in the form in which profiles are
//! written.

use serde::Serialize;
use transload_domain::{RetryPolicy, Success, Suspend, SuspendRule};

use crate::duration::written;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SuccessView<'a> {
    Statuses(&'a [u16]),
    Any(&'static str),
}

#[derive(Serialize)]
pub(crate) struct RetryView {
    schedule: Vec<String>,
    repeat_last: bool,
    max_attempts: u32,
    jitter_percent: u8,
}

/// A rule, or that there is none.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum SuspendView {
    Never { never: bool },
    After { more_than: u32, within: String },
}

impl<'a> SuccessView<'a> {
    pub(crate) fn of(success: &'a Success) -> Self {
        match success {
            Success::Any2xx => Self::Any("2xx"),
            Success::Exactly(statuses) => Self::Statuses(statuses),
        }
    }
}

impl RetryView {
    pub(crate) fn of(policy: &RetryPolicy) -> Self {
        Self {
            schedule: policy.schedule.iter().copied().map(written).collect(),
            repeat_last: policy.repeat_last,
            max_attempts: policy.max_attempts,
            jitter_percent: policy.jitter_percent,
        }
    }
}

impl SuspendView {
    pub(crate) fn of(suspend: Suspend) -> Self {
        match suspend {
            Suspend::Never => Self::Never { never: true },
            Suspend::After(rule) => Self::rule(rule),
        }
    }

    pub(crate) fn rule(rule: SuspendRule) -> Self {
        Self::After { more_than: rule.more_than, within: written(rule.within) }
    }
}
