//! Readers beside a writer: each sees every row that is always there, and never an older value after a newer one.

use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

use transload_domain::EventNo;

use super::*;
use crate::MemoryRows;

const ROWS: u64 = 60;
const WRITES: u64 = 400;

fn key(no: u64) -> Vec<u8> {
    keys::event(EventNo(10 * no))
}

/// A write of all rows at once, with rows between them that come and go, so that leaves are cut and go too.
fn write(packs: &Packs<MemoryRows>, version: u64) {
    let rows = (0..ROWS).map(|no| {
        let mut value = version.to_be_bytes().to_vec();
        // Now and then a value is kept apart.
        value.resize(if (version + no).is_multiple_of(7) { 9_000 } else { 300 }, 7);
        (key(no), Some(value))
    });
    let between = (0..ROWS).map(|no| {
        let is_there = (version / 3).is_multiple_of(2);
        (keys::event(EventNo(10 * no + 1)), is_there.then(|| vec![1; 2_000]))
    });
    packs.write(rows.chain(between).collect()).unwrap();
}

fn version(value: &[u8]) -> u64 {
    u64::from_be_bytes(*value.first_chunk().unwrap())
}

/// Lets the readers end, also where the writer panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn readers_see_each_write_all_at_once() {
    let packs = Packs::new(MemoryRows::default());
    write(&packs, 0);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for reader in 0..3 {
            let (packs, is_over) = (&packs, &is_over);
            scope.spawn(move || {
                let (mut no, mut newest) = (reader, 0);
                while !is_over.load(SeqCst) {
                    no = (no + 17) % ROWS;
                    let found = version(&packs.get(&key(no)).unwrap().expect("it is always there"));
                    assert!(found >= newest, "{found} after {newest}");
                    newest = found;
                    let order = if no % 2 == 0 { Order::Ascending } else { Order::Descending };
                    let mut seen = 0;
                    packs
                        .scan(&key(0)..&key(ROWS), order, &mut |key, value| {
                            if keys::number_in(key).unwrap().0.is_multiple_of(10) {
                                seen += 1;
                                assert!(version(value) >= newest);
                            }
                            ControlFlow::Continue(())
                        })
                        .unwrap();
                    assert_eq!(seen, ROWS);
                }
            });
        }
        let _over = Over(&is_over);
        for version in 1..=WRITES {
            write(&packs, version);
        }
    });
}

#[test]
fn what_was_read_before_a_write_is_not_kept_after_it() {
    let packs = Packs::new(MemoryRows::default());
    write(&packs, 1);
    let packs = Packs::new(packs.base);
    let writes = packs.seen.read().unwrap().writes;
    let Some(Found::Leaf(before)) = packs.load(b'e', Place::At(&key(0))).unwrap() else { panic!() };
    write(&packs, 2);
    packs.keep(before, writes);
    assert_eq!(version(&packs.get(&key(0)).unwrap().unwrap()), 2);
}
