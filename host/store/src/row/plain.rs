//! Rows that are little more than a number or bytes.

use serde::{Deserialize, Serialize};

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
    pub(crate) value: Vec<u8>,
}

/// An access record.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessRow {
    pub(crate) revision: u64,
    pub(crate) value: Vec<u8>,
}
