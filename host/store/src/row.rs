//! Domain values as stored bytes: a version byte, then postcard.
//!
//! The domain knows nothing of this; each row type has its own shape and converts from and to the domain's. A
//! released shape is never edited: a change gets a new version byte and its own type, and the old one stays
//! readable. The files in `fixtures/rows` hold each released shape to that.

mod attempt;
pub(crate) mod block;
mod bytes;
mod delivery;
mod event;
#[cfg(test)]
mod golden;
pub(crate) mod listed;
mod plain;
mod profile;
mod replay;
mod rules;
mod webhook;
mod wish;

use serde::{Deserialize, Serialize};

pub(crate) use attempt::AttemptRow;
pub(crate) use block::BlockRow;
pub(crate) use delivery::{HeadRow, MadeRow};
pub(crate) use event::EventRow;
pub(crate) use listed::ListedRow;
pub(crate) use plain::{AccessRow, FailuresRow, FormatRow, NumberRow, StateRow};
pub(crate) use profile::ProfileRow;
pub(crate) use replay::ReplayRow;
pub(crate) use webhook::WebhookRow;
pub(crate) use wish::WishRow;

use crate::{Error, Result};

/// What is stored as a row.
pub(crate) trait Row<'a>: Serialize + Deserialize<'a> {
    /// The version that is written. No row begins with 0.
    const VERSION: u8 = 1;

    /// Reads what an older program wrote; none where there was no such version.
    fn older(_version: u8, _bytes: &'a [u8]) -> Option<Result<Self>> {
        None
    }
}

/// A row's bytes.
pub(crate) fn encode<'a, R: Row<'a>>(row: &R) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.push(R::VERSION);
    postcard::to_extend(row, bytes).expect(
        "postcard refuses only sequences of unknown length, which no row type has, and full buffers",
    )
}

/// A row from its bytes.
pub(crate) fn decode<'a, R: Row<'a>>(bytes: &'a [u8]) -> Result<R> {
    match bytes.split_first() {
        Some((&version, rest)) if version == R::VERSION => take(rest),
        Some((&version, rest)) => R::older(version, rest).unwrap_or_else(|| {
            Err(corrupt::<R>(&format_args!("row version {version} is not known")))
        }),
        None => Err(corrupt::<R>(&"an empty row")),
    }
}

/// A value that takes up all of the bytes.
fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((row, [])) => Ok(row),
        Ok((_, rest)) => Err(corrupt::<T>(&format_args!("{} bytes too many", rest.len()))),
        Err(error) => Err(corrupt::<T>(&error)),
    }
}

fn corrupt<T>(what: &dyn std::fmt::Display) -> Error {
    Error::Corrupt(format!("{}: {what}", std::any::type_name::<T>()))
}

/// What a stored text that is no valid name becomes.
fn invalid(error: impl std::fmt::Display) -> Error {
    Error::Corrupt(error.to_string())
}

/// Leaves out what cannot be read, and says so: one damaged row must not hold up all the others.
pub(crate) fn readable<T>(read: Result<Option<T>>, what: impl Fn() -> String) -> Result<Option<T>> {
    match read {
        Err(Error::Corrupt(why)) => {
            tracing::error!(%why, "{} cannot be read and is left out", what());
            Ok(None)
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_damaged_row_is_left_out_and_a_store_that_fails_is_not_overlooked() {
        let what = || "event 7".to_owned();
        assert_eq!(readable(Ok(Some(7)), what), Ok(Some(7)));
        assert_eq!(readable::<u8>(Err(Error::Corrupt("bad version".into())), what), Ok(None));
        let gone = Error::Unavailable("no disk".into());
        assert_eq!(readable::<u8>(Err(gone.clone()), what), Err(gone));
    }
}
