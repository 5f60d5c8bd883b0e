//! Domain values as stored bytes: a version byte, then postcard.
//!
//! The domain knows nothing of this; each row type has its own shape and converts from and to the domain's. A
//! released shape is never edited: a change gets a new version byte and its own type, and the old one stays
//! readable. The files in `fixtures/rows` hold each released shape to that.

mod attempt;
mod delivery;
mod event;
#[cfg(test)]
mod golden;
mod plain;
mod profile;
mod webhook;

use serde::{Deserialize, Serialize};

pub(crate) use attempt::AttemptRow;
pub(crate) use delivery::{HeadRow, MadeRow};
pub(crate) use event::EventRow;
pub(crate) use plain::{AccessRow, FormatRow, NumberRow, StateRow};
pub(crate) use profile::ProfileRow;
pub(crate) use webhook::WebhookRow;

use crate::{Error, Result};

/// The version of every row type so far. No row begins with 0.
const VERSION: u8 = 1;

/// A row's bytes.
pub(crate) fn encode(row: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.push(VERSION);
    postcard::to_extend(row, bytes).expect(
        "postcard refuses only sequences of unknown length, which no row type has, and full buffers",
    )
}

/// A row from its bytes.
pub(crate) fn decode<'a, R: Deserialize<'a>>(bytes: &'a [u8]) -> Result<R> {
    let corrupt = |what: String| Error::Corrupt(format!("{}: {what}", std::any::type_name::<R>()));
    match bytes.split_first() {
        Some((&VERSION, rest)) => match postcard::take_from_bytes(rest) {
            Ok((row, [])) => Ok(row),
            Ok((_, rest)) => Err(corrupt(format!("{} bytes too many", rest.len()))),
            Err(error) => Err(corrupt(error.to_string())),
        },
        Some((version, _)) => Err(corrupt(format!("row version {version} is not known"))),
        None => Err(corrupt("an empty row".into())),
    }
}

/// What a stored text that is no valid name becomes.
fn invalid(error: impl std::fmt::Display) -> Error {
    Error::Corrupt(error.to_string())
}
