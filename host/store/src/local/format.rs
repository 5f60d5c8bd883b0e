//! Which layout a store has.

use crate::{
    Error, Result, keys,
    row::{self, FormatRow},
    rows::Rows,
};

/// The layout that this program writes.
const FORMAT: u32 = 2;

/// Whether a store is there. One of an older layout is brought to this one; one that a later program made is
/// refused.
pub(crate) fn is_present(rows: &impl Rows) -> Result<bool> {
    let Some(bytes) = rows.get(keys::FORMAT)? else { return Ok(false) };
    let FormatRow { format, made_by } = row::decode(&bytes)?;
    match format {
        FORMAT => Ok(true),
        // Its rows are readable, and become rows of this layout when they change.
        1 => begin(rows).map(|()| true),
        _ => Err(Error::Corrupt(format!(
            "the store has format {format}, made by {made_by}, and this program reads up to format \
             {FORMAT}: start the program that made it, or a later one"
        ))),
    }
}

/// Marks a store as one of this layout.
pub(crate) fn begin(rows: &impl Rows) -> Result<()> {
    let made_by = concat!("transload ", env!("CARGO_PKG_VERSION")).to_owned();
    let row = row::encode(&FormatRow { format: FORMAT, made_by });
    rows.write(vec![(keys::FORMAT.to_vec(), Some(row))])
}
