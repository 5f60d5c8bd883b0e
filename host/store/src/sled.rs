//! The ledger on disk: rows in sled, in packs.

mod tree;

use std::{ops::Range, path::Path, sync::Arc};

use transload_domain::{Clock, EventNo};

use crate::{
    Error, Local, Result,
    directory::{DataDirectory, OpenError},
    keys,
    local::{format, gone, rebuild},
    overlay::{Blocks, Overlay},
    packs::Packs,
    row::{self, NumberRow},
    rows::{Batch, Order, Rows, Visit},
    stats::Observer,
};
use tree::Tree;

/// A ledger on disk.
pub type Sled = Local<SledRows>;

impl Sled {
    /// Opens the ledger in a data directory, or makes it. The store lies in `<directory>/ledger`. `observer` is told
    /// of each durable write.
    ///
    /// # Errors
    /// When the directory cannot be used, another process uses it, or a later program made the store.
    pub fn open(
        directory: &Path,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Self, OpenError> {
        let rows = SledRows::open(directory)?;
        let path = rows.directory.path().join("ledger");
        let failed = |error: Error| OpenError::Store { path, reason: error.to_string() };
        Self::threaded(rows, clock, observer).map_err(failed)
    }
}

/// Rows in one sled tree: most as they are, some in packs, and what changes again soon in memory and in logs.
pub struct SledRows {
    rows: Overlay<Packs<Tree>>,
    directory: DataDirectory,
}

impl SledRows {
    /// Opens the rows in a data directory, or makes them.
    ///
    /// # Errors
    /// As [`Sled::open`].
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let directory = DataDirectory::open(directory)?;
        let path = directory.path().join("ledger");
        let failed = |reason| OpenError::Store { path: path.clone(), reason };
        let packs = Packs::new(Tree::open(&directory, &path).map_err(failed)?);
        let mark = path.join("made");
        let rows = begin_or_go_on(packs, &mark).map_err(failed)?;
        let marked = if mark.exists() { Ok(()) } else { directory.make_file(&mark) };
        marked.map_err(|error| failed(format!("{}: {error}", mark.display())))?;
        Ok(Self { rows, directory })
    }
}

/// sled takes a damaged file for an empty one. A file beside it, the mark, tells that there was a store.
fn begin_or_go_on(packs: Packs<Tree>, mark: &Path) -> Result<Overlay<Packs<Tree>>, String> {
    let is_present = is_present(&packs).map_err(|error| error.to_string())?;
    if !is_present {
        if mark.exists() {
            return Err(tree::DAMAGED.into());
        }
        format::begin(&packs).map_err(|error| error.to_string())?;
    }
    overlaid(packs).map_err(|error| error.to_string())
}

fn is_present(packs: &Packs<Tree>) -> Result<bool> {
    let is_present = format::is_present(packs, || packs.take_over())?;
    packs.begin_at(EventNo(last_event(packs)?.0 + 1))?;
    Ok(is_present)
}

/// The store is of this format now: only here may there be logs.
fn overlaid(packs: Packs<Tree>) -> Result<Overlay<Packs<Tree>>> {
    let blocks = Blocks::up_to(last_event(&packs)?);
    let rows = Overlay::open(packs, blocks, rebuild::lists)?;
    gone::complete(&rows)?;
    Ok(rows)
}

fn last_event(packs: &Packs<Tree>) -> Result<EventNo> {
    let last = packs.get(keys::LAST_EVENT)?;
    let last = last.map(|bytes| row::decode::<NumberRow>(&bytes)).transpose()?;
    Ok(EventNo(last.map_or(0, |row| row.0)))
}

impl Rows for SledRows {
    fn blocks(&self) -> bool {
        self.rows.blocks()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.rows.get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        self.rows.scan(range, order, visit)
    }

    fn write(&self, batch: Batch) -> Result<()> {
        self.rows.write(batch)
    }

    fn bytes(&self) -> Result<u64> {
        self.rows.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{row::FormatRow, rows};

    /// The rows of a store that the first release wrote.
    const FIRST_STORE: &str = include_str!("../fixtures/stores/v1.hex");

    fn unhex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        let digits = digits.map(|two| std::str::from_utf8(two).unwrap());
        digits.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
    }

    fn number(key: &[u8], number: u64) -> (Vec<u8>, Option<Vec<u8>>) {
        (key.to_vec(), Some(row::encode(&NumberRow(number))))
    }

    fn of_format(format: u32, mut rows: Batch) -> Batch {
        let format = FormatRow { format, made_by: "transload 0.1.0".into() };
        rows.retain(|(key, _)| key != keys::FORMAT);
        rows.push((keys::FORMAT.to_vec(), Some(row::encode(&format))));
        rows
    }

    fn first_store() -> Batch {
        let rows = FIRST_STORE.lines().map(|line| {
            let (key, value) = line.split_once(' ').unwrap();
            (unhex(key), Some(unhex(value)))
        });
        rows.collect()
    }

    /// Rows of each kind that is packed, small and in chunks, and some of a kind that is not.
    fn many_rows() -> Batch {
        let mut rows = vec![number(keys::LAST_EVENT, 3_000)];
        for kind in *b"aehmx" {
            for no in 1..=3_000_u64 {
                let len = if no.is_multiple_of(500) { 70_000 } else { 40 + no % 300 };
                let key = [&[kind][..], &no.to_be_bytes(), &[b'.'; DELIVERY_REST]].concat();
                rows.push((key, Some(vec![kind; len as usize])));
            }
        }
        rows
    }

    /// Bytes of a delivery's key behind the event's number.
    const DELIVERY_REST: usize = 18;

    /// All rows of the kinds that were packed, and what is kept under `x`.
    fn all(rows: &impl Rows) -> Vec<rows::Row> {
        let kinds = *b"aehmx";
        let found = kinds.map(|kind| {
            rows::collect(rows, &[kind][..]..&[kind + 1][..], Order::Ascending, usize::MAX).unwrap()
        });
        found.concat()
    }

    #[test]
    fn i1_every_row_of_an_older_store_is_there_whatever_its_format() {
        let stores = [
            ("format 1", of_format(1, first_store())),
            ("format 2", of_format(2, first_store())),
            ("format 3", of_format(3, first_store())),
            ("a large one of format 3", of_format(3, many_rows())),
            ("one that was cut off", {
                let mut rows = of_format(4, many_rows());
                rows.push(number(keys::FORMER, 3));
                rows
            }),
        ];
        for (what, rows) in stores {
            let place = tempfile::tempdir().unwrap();
            drop(SledRows::open(place.path()).unwrap());
            let before = {
                let directory = DataDirectory::open(place.path()).unwrap();
                let tree = Tree::open(&directory, &place.path().join("ledger")).unwrap();
                tree.write(rows).unwrap();
                all(&tree)
            };
            for _ in 0..2 {
                let rows = SledRows::open(place.path()).unwrap();
                assert!(all(&rows) == before, "{what}");
                assert_eq!(rows.get(keys::FORMER), Ok(None), "{what}");
                let format = rows.get(keys::FORMAT).unwrap().unwrap();
                assert_eq!(row::decode::<FormatRow>(&format).unwrap().format, 5, "{what}");
                let base = all(rows.rows.base().base());
                assert!(base.iter().all(|(key, _)| key[0] == b'x'), "{what}: packed");
            }
        }
    }
}
