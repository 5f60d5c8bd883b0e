//! Rows in one sled tree. No other file knows sled.
//!
//! What this file does against sled's ways, each found in its source:
//! - `flush` on Linux is `sync_file_range`, which neither writes metadata nor empties the disk's cache, so an
//!   `fdatasync` of sled's file follows it.
//! - A tree's page with more than 128 KiB goes to a file of its own (a "blob") that is never synced. A page has
//!   some 16 rows, so values are cut into chunks that keep every page below that.
//! - A batch that breaks off because a page cannot be read is there by half after a restart, so each page that a batch
//!   changes is read before, and the one to which it may be joined. Where it meets another one (sled moves pages while it
//!   writes), it is applied again: then it gets by.
//! - Space is reclaimed by the periodic flusher only, so it stays on.
//! - Some errors at opening are panics; they become errors here.
//! - Its threads may hold the lock on its files for a moment after the last handle is gone, so opening waits for them.

use std::{
    fs::File,
    io,
    ops::{ControlFlow, Range},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

use ::sled::{Config, Db};
use transload_domain::Digest;

use crate::{
    Error, Result,
    directory::DataDirectory,
    keys,
    packs::Base,
    rows::{Batch, Order, Rows, Visit},
};

/// Bytes of pages that sled keeps in memory. Its own default of 1 GB was no faster when measured.
const CACHE_BYTES: u64 = 64 << 20;
/// Milliseconds between the runs of sled's flusher, which also reclaims space.
const FLUSH_EVERY_MS: u64 = 500;
/// Bytes of a chunk. 16 rows and their siblings at a merge stay far below the 128 KiB of a page.
const CHUNK_BYTES: usize = 4 << 10;
/// How long a store that was closed in this process may take to let go of its files.
const CLOSING_MAX: Duration = Duration::from_secs(5);
/// How often that is looked at.
const CLOSING_LOOK: Duration = Duration::from_millis(10);
/// The first byte of a value that is cut into chunks. No other value begins with it: rows begin with a version.
const CHUNKED: u8 = 0;
/// How often a batch that breaks off is applied again, before it is given up.
const TRIES_MAX: u32 = 5;
/// A page with fewer rows than this is joined to the one before it.
const JOINED_BELOW: usize = 4;
/// How often a value is read that is replaced again and again meanwhile.
const READS_MAX: u32 = 100;
/// The first byte of the keys of chunks. No other key begins with it.
const CHUNK_KEY: u8 = 0xff;

/// Rows in one sled tree, as they are.
pub(super) struct Tree {
    db: Db,
    /// sled's file, to be synced.
    file: File,
}

impl Tree {
    /// Opens the tree in a folder of the data directory, or makes it.
    pub(super) fn open(directory: &DataDirectory, path: &Path) -> Result<Self, String> {
        let db = open_db(path)?;
        let file = synced_file(directory, path).map_err(|error| error.to_string())?;
        Ok(Self { db, file })
    }

    /// Puts the chunks of a value together; none where they are not of one write, because the value was replaced
    /// between two reads.
    fn whole(&self, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(header) = Header::of(value) else { return Ok(Some(value.to_vec())) };
        let mut whole = value[Header::LEN..].to_vec();
        for number in 1..=header.further_chunks() {
            let Some(chunk) = self.db.get(chunk_key(key, number)).map_err(error)? else {
                return Ok(None);
            };
            whole.extend_from_slice(&chunk);
        }
        Ok((Header::new(&whole) == header).then_some(whole))
    }

    /// Applies all of the batch, whatever has been applied of it before.
    fn apply_whole(&self, writes: &Batch) -> Result<()> {
        let mut all = ::sled::Batch::default();
        for (key, value) in writes {
            self.read_page(key, value.is_none())?;
            match value {
                Some(value) => all.insert(&**key, &**value),
                None => all.remove(&**key),
            }
        }
        self.db.apply_batch(all).map_err(error)
    }

    /// Reads the page that a row is in, or would be; and the one before it, to which what is left of a page is joined.
    fn read_page(&self, key: &[u8], is_removed: bool) -> Result<()> {
        self.db.contains_key(key).map_err(error)?;
        if is_removed {
            for row in self.db.range(..key).rev().take(JOINED_BELOW) {
                row.map_err(error)?;
            }
        }
        Ok(())
    }

    /// How many chunks a value has beyond its first.
    fn chunks_of(&self, key: &[u8]) -> Result<u32> {
        if !keys::may_be_large(key) {
            return Ok(0);
        }
        let value = self.db.get(key).map_err(error)?;
        Ok(value.and_then(|value| Header::of(&value)).map_or(0, |header| header.further_chunks()))
    }
}

impl Rows for Tree {
    fn blocks(&self) -> bool {
        true
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        for _ in 0..READS_MAX {
            let Some(value) = self.db.get(key).map_err(error)? else { return Ok(None) };
            if let Some(whole) = self.whole(key, &value)? {
                return Ok(Some(whole));
            }
        }
        Err(Error::Corrupt("the chunks of a value do not fit together".into()))
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let mut found = self.db.range(range);
        while let Some(row) = match order {
            Order::Ascending => found.next(),
            Order::Descending => found.next_back(),
        } {
            let (key, value) = row.map_err(error)?;
            let flow = if Header::of(&value).is_none() {
                visit(&key, &value)
            } else {
                match self.get(&key) {
                    Ok(Some(whole)) => visit(&key, &whole),
                    Ok(None) => continue,
                    // No large value is empty: whoever looks sees that this one is damaged, and the others.
                    Err(Error::Corrupt(why)) => {
                        tracing::error!(%why, "a part of the store is damaged");
                        visit(&key, &[])
                    }
                    Err(error) => return Err(error),
                }
            };
            if flow == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn write(&self, batch: Batch) -> Result<()> {
        self.apply(batch)?;
        self.sync()
    }

    fn bytes(&self) -> Result<u64> {
        self.db.size_on_disk().map_err(error)
    }
}

impl Base for Tree {
    fn apply(&self, batch: Batch) -> Result<()> {
        let mut writes = Batch::with_capacity(batch.len());
        for (key, value) in batch {
            let is_new = value.is_some() && keys::is_written_once(&key);
            let old = if is_new { 0 } else { self.chunks_of(&key)? };
            let new = match &value {
                Some(value) if value.len() > CHUNK_BYTES => insert_chunks(&mut writes, &key, value),
                _ => 0,
            };
            writes.extend((new..old).map(|number| (chunk_key(&key, number + 1), None)));
            if new == 0 {
                writes.push((key, value));
            }
        }
        let mut tried = self.apply_whole(&writes);
        for _ in 1..TRIES_MAX {
            if tried.is_ok() {
                break;
            }
            tried = self.apply_whole(&writes);
        }
        tried
    }

    fn sync(&self) -> Result<()> {
        self.db.flush().map_err(error)?;
        self.file.sync_data().map_err(|cause| Error::Unavailable(format!("sync: {cause}")))
    }
}

pub(super) const DAMAGED: &str = "its files are damaged; restore them from a copy";

/// Opens sled's files, which this process has to itself: where they are locked, a store that this process closed a
/// moment ago still writes its last pages.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing tells when sled's threads have ended; the wait is bounded"
)]
fn open_db(path: &Path) -> Result<Db, String> {
    let config =
        Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS));
    let begun = Instant::now();
    loop {
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(error)) if is_locked(&error) && begun.elapsed() < CLOSING_MAX => {
                std::thread::sleep(CLOSING_LOOK);
            }
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(DAMAGED.into()),
        }
    }
}

/// sled wraps the error of the lock in one of its own, so that only its words tell.
fn is_locked(error: &::sled::Error) -> bool {
    matches!(error, ::sled::Error::Io(cause) if cause.to_string().contains("could not acquire lock"))
}

/// Opens sled's file for syncing, and makes durable that the files are there.
fn synced_file(directory: &DataDirectory, path: &Path) -> io::Result<File> {
    let file = File::open(path.join("db"))?;
    file.sync_all()?;
    File::open(path.join("conf"))?.sync_all()?;
    directory.sync_names(path)?;
    Ok(file)
}

/// What stands before the first chunk, after the mark: how long the whole value is, and the beginning of its
/// digest, which tells whether the chunks belong together.
#[derive(PartialEq, Eq)]
struct Header {
    total: u32,
    digest: [u8; 8],
}

impl Header {
    const LEN: usize = 1 + 4 + 8;

    fn new(value: &[u8]) -> Self {
        let mut digest = [0; 8];
        digest.copy_from_slice(&Digest::of(value).0[..8]);
        // A value is far below 4 GiB: events and bodies have 1 MiB at most.
        Self { total: u32::try_from(value.len()).unwrap_or(u32::MAX), digest }
    }

    /// The header of a stored value that is cut into chunks.
    fn of(value: &[u8]) -> Option<Self> {
        let (total, rest) = value.strip_prefix(&[CHUNKED])?.split_first_chunk()?;
        Some(Self { total: u32::from_be_bytes(*total), digest: *rest.first_chunk()? })
    }

    fn further_chunks(&self) -> u32 {
        self.total.div_ceil(CHUNK_BYTES as u32).saturating_sub(1)
    }

    fn with(&self, first: &[u8]) -> Vec<u8> {
        [&[CHUNKED][..], &self.total.to_be_bytes(), &self.digest, first].concat()
    }
}

/// Writes a value in chunks. Returns how many there are beyond the first.
fn insert_chunks(writes: &mut Batch, key: &[u8], value: &[u8]) -> u32 {
    let header = Header::new(value);
    let (first, rest) = value.split_at(CHUNK_BYTES.min(value.len()));
    writes.push((key.to_vec(), Some(header.with(first))));
    for (number, part) in (1..).zip(rest.chunks(CHUNK_BYTES)) {
        writes.push((chunk_key(key, number), Some(part.to_vec())));
    }
    header.further_chunks()
}

fn chunk_key(key: &[u8], number: u32) -> Vec<u8> {
    [&[CHUNK_KEY], key, &number.to_be_bytes()].concat()
}

fn error(error: ::sled::Error) -> Error {
    match error {
        ::sled::Error::Corruption { .. } => Error::Corrupt(error.to_string()),
        other => Error::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ROWS: u64 = 5_000;
    /// One of the first, so that much was written behind it.
    const DAMAGED: u64 = 100;

    fn key(no: u64) -> Vec<u8> {
        [&b"i"[..], &no.to_be_bytes()].concat()
    }

    fn row(no: u64, version: &str) -> (Vec<u8>, Option<Vec<u8>>) {
        (key(no), Some(format!("row {no:06} {version} {}", ".".repeat(300)).into_bytes()))
    }

    /// Spoils what the file has of a row, as a bad sector does.
    fn spoil(path: &Path, no: u64) {
        let mut bytes = fs::read(path).unwrap();
        let what = format!("row {no:06} ").into_bytes();
        let places: Vec<_> =
            (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&what)).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at] ^= 0xff;
        }
        fs::write(path, bytes).unwrap();
    }

    /// A store with a bad sector.
    struct Damaged {
        directory: DataDirectory,
        _place: tempfile::TempDir,
    }

    impl Damaged {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            let directory = DataDirectory::open(place.path()).unwrap();
            let store = Self { directory, _place: place };
            let tree = store.open();
            for first in (0..ROWS).step_by(100) {
                tree.write((first..first + 100).map(|no| row(no, "old")).collect()).unwrap();
            }
            drop(tree);
            // What is there when it is opened is not read through again the next time.
            drop(store.open());
            spoil(&store.path().join("db"), DAMAGED);
            store
        }

        fn path(&self) -> std::path::PathBuf {
            self.directory.path().join("ledger")
        }

        fn open(&self) -> Tree {
            Tree::open(&self.directory, &self.path()).unwrap()
        }

        /// Nothing of this batch, which cannot be written, is there after a restart.
        fn takes_nothing_of(&self, batch: Batch) {
            let tree = self.open();
            assert!(matches!(tree.write(batch.clone()), Err(Error::Corrupt(_))));
            drop(tree);
            let tree = self.open();
            for (key, value) in batch {
                // sled moves pages now and then, so that a good one may not be read at once either.
                assert!(tree.get(&key) != Ok(value), "row {:?}", keys::number_in(&key));
            }
        }
    }

    #[test]
    fn i4_a_write_that_meets_a_bad_sector_has_not_happened() {
        let batch = (0..ROWS).step_by(50).map(|no| row(no, "new"));
        Damaged::new().takes_nothing_of(batch.collect());
    }

    /// A page that loses its rows is joined to the one before it.
    #[test]
    fn i4_a_write_that_meets_a_bad_sector_beside_what_it_removes_has_not_happened() {
        let store = Damaged::new();
        let tree = store.open();
        let next = (DAMAGED..).find(|no| tree.get(&key(*no)).is_ok()).unwrap();
        drop(tree);
        let removed = (next..next + 100).map(|no| (key(no), None));
        let new = (next + 100..ROWS).step_by(50).map(|no| row(no, "new"));
        store.takes_nothing_of(removed.chain(new).collect());
    }

    /// sled moves pages while it writes, one that cannot be read among them.
    #[test]
    fn i4_a_write_beside_a_bad_sector_is_there_as_a_whole_or_not_at_all() {
        for _ in 0..6 {
            let store = Damaged::new();
            let mut tree = store.open();
            for round in 0..10 {
                let new = |no| row(no, &format!("round {round}"));
                let batch: Batch = (2_000..ROWS).step_by(7).map(new).collect();
                let is_written = tree.write(batch.clone()).is_ok();
                if !is_written {
                    drop(tree);
                    tree = store.open();
                }
                // What it meets on the way may keep it from being read at once.
                let read = |key| (0..20).find_map(|_| tree.get(key).ok()).flatten();
                let there = batch.iter().filter(|(key, value)| read(key) == *value).count();
                assert!(there == batch.len() || !is_written && there == 0, "{there} in {round}");
            }
        }
    }
}
