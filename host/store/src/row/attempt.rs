//! An attempt as stored. Its delivery is in the row's key.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use transload_domain::{
    Answer, Attempt, AttemptOutcome, DeliveryKey, SendFailure, SendFailureKind, Timestamp, Verdict,
};

use super::{Row, take};
use crate::Result;

/// Version 2.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AttemptRow {
    first: FirstAttemptRow,
    /// Whether its answer is one to a request that was sent again with a new token.
    resent: bool,
}

/// Version 1.
#[derive(Debug, Serialize, Deserialize)]
struct FirstAttemptRow {
    number: u32,
    started: i64,
    took: Duration,
    outcome: OutcomeRow,
    verdict: VerdictRow,
}

#[derive(Debug, Serialize, Deserialize)]
enum OutcomeRow {
    Answered(AnswerRow),
    Failed { kind: FailureRow, detail: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct AnswerRow {
    status: u16,
    headers: Vec<(String, String)>,
    #[serde(with = "super::bytes")]
    body: Vec<u8>,
    cut: bool,
    retry_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum FailureRow {
    Resolve,
    Refused,
    Connect,
    Tls,
    Timeout,
    Broken,
    Unsendable,
    Token,
    Credentials,
}

#[derive(Debug, Serialize, Deserialize)]
enum VerdictRow {
    Delivered,
    Retry { at: i64, reason: String },
    Dead { reason: String },
}

impl Row<'_> for AttemptRow {
    const VERSION: u8 = 2;

    fn older(version: u8, bytes: &[u8]) -> Option<Result<Self>> {
        (version == 1).then(|| Ok(Self { first: take(bytes)?, resent: false }))
    }
}

impl From<&Attempt> for AttemptRow {
    fn from(attempt: &Attempt) -> Self {
        let resent = matches!(&attempt.outcome, AttemptOutcome::Answered(answer) if answer.resent);
        Self { first: attempt.into(), resent }
    }
}

impl From<&Attempt> for FirstAttemptRow {
    fn from(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            started: attempt.started.as_micros(),
            took: attempt.took,
            outcome: (&attempt.outcome).into(),
            verdict: (&attempt.verdict).into(),
        }
    }
}

impl AttemptRow {
    pub(crate) fn into_attempt(self, delivery: DeliveryKey) -> Attempt {
        let Self { first, resent } = self;
        let mut outcome = first.outcome.into();
        if let AttemptOutcome::Answered(answer) = &mut outcome {
            answer.resent = resent;
        }
        Attempt {
            delivery,
            number: first.number,
            started: Timestamp::from_micros(first.started),
            took: first.took,
            outcome,
            verdict: first.verdict.into(),
        }
    }
}

impl From<&AttemptOutcome> for OutcomeRow {
    fn from(outcome: &AttemptOutcome) -> Self {
        match outcome.clone() {
            AttemptOutcome::Answered(answer) => Self::Answered(AnswerRow {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
                cut: answer.cut,
                retry_after: answer.retry_after,
            }),
            AttemptOutcome::Failed(failure) => {
                Self::Failed { kind: failure.kind.into(), detail: failure.detail }
            }
        }
    }
}

impl From<OutcomeRow> for AttemptOutcome {
    fn from(row: OutcomeRow) -> Self {
        match row {
            OutcomeRow::Answered(row) => Self::Answered(Answer {
                status: row.status,
                headers: row.headers,
                body: row.body,
                cut: row.cut,
                retry_after: row.retry_after,
                resent: false,
            }),
            OutcomeRow::Failed { kind, detail } => {
                Self::Failed(SendFailure { kind: kind.into(), detail })
            }
        }
    }
}

impl From<SendFailureKind> for FailureRow {
    fn from(kind: SendFailureKind) -> Self {
        match kind {
            SendFailureKind::Resolve => Self::Resolve,
            SendFailureKind::Refused => Self::Refused,
            SendFailureKind::Connect => Self::Connect,
            SendFailureKind::Tls => Self::Tls,
            SendFailureKind::Timeout => Self::Timeout,
            SendFailureKind::Broken => Self::Broken,
            SendFailureKind::Unsendable => Self::Unsendable,
            SendFailureKind::Token => Self::Token,
            SendFailureKind::Credentials => Self::Credentials,
        }
    }
}

impl From<FailureRow> for SendFailureKind {
    fn from(row: FailureRow) -> Self {
        match row {
            FailureRow::Resolve => Self::Resolve,
            FailureRow::Refused => Self::Refused,
            FailureRow::Connect => Self::Connect,
            FailureRow::Tls => Self::Tls,
            FailureRow::Timeout => Self::Timeout,
            FailureRow::Broken => Self::Broken,
            FailureRow::Unsendable => Self::Unsendable,
            FailureRow::Token => Self::Token,
            FailureRow::Credentials => Self::Credentials,
        }
    }
}

impl From<&Verdict> for VerdictRow {
    fn from(verdict: &Verdict) -> Self {
        match verdict.clone() {
            Verdict::Delivered => Self::Delivered,
            Verdict::Retry { at, reason } => Self::Retry { at: at.as_micros(), reason },
            Verdict::Dead { reason } => Self::Dead { reason },
        }
    }
}

impl From<VerdictRow> for Verdict {
    fn from(row: VerdictRow) -> Self {
        match row {
            VerdictRow::Delivered => Self::Delivered,
            VerdictRow::Retry { at, reason } => {
                Self::Retry { at: Timestamp::from_micros(at), reason }
            }
            VerdictRow::Dead { reason } => Self::Dead { reason },
        }
    }
}
