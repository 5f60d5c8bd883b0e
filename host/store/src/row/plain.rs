//! Rows that are little more than a number or bytes.

use serde::{Deserialize, Serialize};
use transload_domain::Timestamp;

use super::Row;

/// Which layout the store has.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormatRow {
    pub(crate) format: u32,
    /// The program that made the store, for people.
    pub(crate) made_by: String,
}

/// A number: the last event, the last revision, an epoch, a count, an event by its identity.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NumberRow(pub(crate) u64);

/// A value of plugin state.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StateRow {
    pub(crate) revision: u64,
    #[serde(with = "super::bytes")]
    pub(crate) value: Vec<u8>,
}

/// An access record.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessRow {
    pub(crate) revision: u64,
    #[serde(with = "super::bytes")]
    pub(crate) value: Vec<u8>,
}

/// The recent failures of a webhook, oldest first, in microseconds since the epoch.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailuresRow(Vec<i64>);

impl FailuresRow {
    /// Adds a failure and keeps the latest `keep`.
    pub(crate) fn add(&mut self, at: Timestamp, keep: usize) {
        let place = self.0.partition_point(|known| *known <= at.as_micros());
        self.0.insert(place, at.as_micros());
        self.0.drain(..self.0.len().saturating_sub(keep));
    }

    /// The failures, oldest first.
    pub(crate) fn into_times(self) -> Vec<Timestamp> {
        self.0.into_iter().map(Timestamp::from_micros).collect()
    }
}

impl Row<'_> for FormatRow {}
impl Row<'_> for NumberRow {}
impl Row<'_> for StateRow {}
impl Row<'_> for AccessRow {}
impl Row<'_> for FailuresRow {}
