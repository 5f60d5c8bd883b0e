//! Which layout a store has.

use crate::{
    Error, Result, keys,
    row::{self, FormatRow},
    rows::Rows,
};

/// The layout that this program writes.
const FORMAT: u32 = 1;

/// Whether a store is there. Refuses one that a later program made.
pub(crate) fn is_present(rows: &impl Rows) -> Result<bool> {
    let Some(bytes) = rows.get(keys::FORMAT)? else { return Ok(false) };
    let FormatRow { format, made_by } = row::decode(&bytes)?;
    if format == FORMAT {
        return Ok(true);
    }
    Err(Error::Corrupt(format!(
        "the store has format {format}, made by {made_by}, and this program reads format {FORMAT}: \
         start the program that made it, or a later one"
    )))
}

/// Marks an empty store as one of this format.
pub(crate) fn begin(rows: &impl Rows) -> Result<()> {
    let made_by = concat!("transload ", env!("CARGO_PKG_VERSION")).to_owned();
    let row = row::encode(&FormatRow { format: FORMAT, made_by });
    rows.write(vec![(keys::FORMAT.to_vec(), Some(row))])
}
