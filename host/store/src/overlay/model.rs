//! Rows over a base against a plain map: whatever is written, removed, looked at, cut off and opened again.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use transload_domain::{EventNo, Status, WebhookId};

use super::*;
use crate::{MemoryRows, cut_off::CutOff};

/// So little that rows go to the base all the time.
const SMALL: Bounds = Bounds { row_bytes: 6_000, log_bytes: 3_000, logs: 12 };

/// Keys and values: SplitMix64, and the newest block so far.
struct Random {
    state: u64,
    newest: u64,
}

impl Random {
    fn of(seed: u64) -> Self {
        Self { state: seed, newest: 0 }
    }

    fn next(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// Keys of kinds that are overlaid and of others that lie before, between and behind them.
    fn key(&mut self) -> Vec<u8> {
        let kind = *b"SbcSbcNPagx".get(self.next(11) as usize).unwrap();
        let (of, block) = (self.next(3) as u8, self.newest.saturating_sub(self.next(15)));
        match kind {
            b'S' => keys::listed(Status::Dead, WebhookId::from_random([of; 16]), block),
            b'b' => [&[kind, of, 0][..], &block.to_be_bytes()].concat(),
            _ => [kind, of, block as u8].to_vec(),
        }
    }

    fn batch(&mut self) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        self.newest += self.next(6) / 5;
        let removes = self.next(10);
        let rows = (0..self.next(20)).map(|_| {
            let value = (self.next(10) >= removes).then(|| vec![self.next(9) as u8; 30]);
            (self.key(), value)
        });
        rows.collect()
    }
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn change(model: &mut Model, batch: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) {
    for (key, value) in batch {
        match value {
            Some(value) => model.insert(key.clone(), value.clone()),
            None => model.remove(key),
        };
    }
}

/// Opens rows over a base that has rows of no block where it has no log.
fn open<B: Rows>(base: B) -> Overlay<B> {
    Overlay::bounded(base, Blocks::default(), SMALL, |_| panic!("nothing is damaged")).unwrap()
}

fn all(rows: &impl Rows) -> Model {
    let found = rows::collect(rows, &b""[..]..&b"~"[..], Order::Ascending, usize::MAX);
    found.unwrap().into_iter().collect()
}

fn agree(rows: &impl Rows, model: &Model, random: &mut Random) {
    for _ in 0..5 {
        let key = random.key();
        assert_eq!(rows.get(&key).unwrap().as_ref(), model.get(&key), "{key:?}");
    }
    let (one, other) = (random.key(), random.key());
    let range = match random.next(3) {
        0 => keys::under(&one[..1]),
        1 => one.min(other.clone())..other,
        _ => vec![]..vec![b'~'],
    };
    let max = if random.next(2) == 0 { usize::MAX } else { 1 + random.next(9) as usize };
    let found = |order| rows::collect(rows, &range.start..&range.end, order, max).unwrap();
    let wanted: Vec<_> = model.clone().into_iter().filter(|(key, _)| range.contains(key)).collect();
    assert!(found(Order::Ascending).iter().eq(wanted.iter().take(max)));
    assert!(found(Order::Descending).iter().eq(wanted.iter().rev().take(max)));
}

#[test]
fn rows_over_a_base_are_what_a_map_is() {
    for seed in 0..20 {
        let (mut random, mut model) = (Random::of(seed), Model::new());
        let mut rows = open(MemoryRows::default());
        for _ in 0..200 {
            let batch = random.batch();
            change(&mut model, &batch);
            rows.write(batch.into_iter().collect()).unwrap();
            agree(&rows, &model, &mut random);
            if random.next(20) == 0 {
                rows = open(rows.base);
            }
        }
        assert_eq!(all(&rows), model);
        assert!(rows.seen().is_within(SMALL), "seed {seed}");
    }
}

/// One life after the other, over a base that has rows from before there were logs.
#[test]
fn i1_no_row_is_lost_wherever_a_write_is_cut_off() {
    for seed in 0..60 {
        let (mut random, mut model) = (Random::of(seed), Model::new());
        let base = Arc::<CutOff>::default();
        for _ in 0..random.next(20) {
            let batch = random.batch();
            change(&mut model, &batch);
            base.rows.write(batch.into_iter().collect()).unwrap();
        }
        let blocks = Blocks::of_numbers([random.newest; 2]);
        for _ in 0..4 {
            base.writes.store(random.next(100) as usize, SeqCst);
            base.takes_effect.store(random.next(2) == 0, SeqCst);
            let none = |_: &Arc<CutOff>| panic!("nothing is damaged");
            let rows = Overlay::bounded(Arc::clone(&base), blocks, SMALL, none).unwrap();
            assert_eq!(all(&rows), model, "seed {seed}");
            agree(&rows, &model, &mut random);
            let mut batch = random.batch();
            while rows.write(batch.clone().into_iter().collect()).is_ok() {
                change(&mut model, &batch);
                agree(&rows, &model, &mut random);
                batch = random.batch();
            }
            if base.takes_effect.load(SeqCst) {
                change(&mut model, &batch);
            }
        }
    }
}

#[test]
fn what_comes_and_goes_is_never_a_row_of_the_base() {
    let rows = open(MemoryRows::default());
    let listed = |no: u64| keys::listed(Status::Scheduled, webhook(), no);
    let count = b"c".to_vec();
    for no in 0..500_u64 {
        let gone = no.checked_sub(3).map(|no| (listed(no), None));
        let mut batch = vec![(listed(no), Some(vec![1])), (count.clone(), Some(vec![no as u8]))];
        batch.extend(gone);
        rows.write(batch).unwrap();
        let in_base = rows::collect(&rows.base, &b"S"[..]..&b"d"[..], Order::Ascending, 9).unwrap();
        assert!(in_base.is_empty(), "{in_base:?} after {no}");
    }
    assert_eq!(all(&rows).len(), 4);
}

#[test]
fn where_a_log_is_damaged_rows_are_made_anew_and_all_logs_go() {
    for damage in [vec![], vec![0xee], vec![1, 0]] {
        let rows = open(MemoryRows::default());
        for no in 0..5_u8 {
            rows.write(vec![(vec![b'S', no], Some(vec![no]))]).unwrap();
        }
        rows.base.write(vec![(keys::log(2), Some(damage))]).unwrap();
        let mend = |base: &MemoryRows| base.write(vec![(b"S9".to_vec(), Some(vec![9]))]);
        let rows = Overlay::bounded(rows.base, Blocks::default(), SMALL, mend).unwrap();
        assert!(all(&rows).into_keys().eq([b"S9".to_vec()]));
        let rows = open(rows.base);
        assert!(all(&rows).into_keys().eq([b"S9".to_vec()]));
    }
}

/// The logs that are left may tell of an older state, and of fewer blocks than the base has rows of by then.
#[test]
fn i1_rows_are_made_anew_wherever_that_is_cut_off() {
    let listed = |block| keys::listed(Status::Dead, webhook(), block);
    // By how many more writes it is cut off, and whether the last takes effect.
    for (cut_off, takes_effect) in (0..9).flat_map(|cut_off| [(cut_off, false), (cut_off, true)]) {
        let base = Arc::<CutOff>::default();
        base.writes.store(usize::MAX, SeqCst);
        base.takes_effect.store(takes_effect, SeqCst);
        let none = |_: &Arc<CutOff>| panic!("nothing is damaged");
        let rows = Overlay::open(Arc::clone(&base), Blocks::default(), none).unwrap();
        rows.write(vec![(listed(5), Some(vec![5])), (listed(6), Some(vec![6]))]).unwrap();
        for no in 0..3 * LOGS_PER_PAGE {
            let gone = (listed(6), None);
            rows.write(vec![(b"c".to_vec(), Some(vec![no as u8])), gone]).unwrap();
        }
        let model = all(&rows);
        base.write(vec![(keys::log(7), Some(vec![0xee]))]).unwrap();

        let open = || {
            let made = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), Some(value.clone()));
            let mend = |base: &Arc<CutOff>| base.write(model.iter().map(made).collect());
            Overlay::open(Arc::clone(&base), Blocks::up_to(EventNo(5 * 256)), mend)
        };
        base.writes.store(cut_off, SeqCst);
        let _cut_off = open();
        base.writes.store(usize::MAX, SeqCst);
        let rows = open().unwrap();
        assert_eq!(all(&rows), model, "cut off after {cut_off} writes");
        for (key, value) in &model {
            assert_eq!(rows.get(key).unwrap().as_ref(), Some(value), "{cut_off}: {key:?}");
        }
    }
}

fn webhook() -> WebhookId {
    WebhookId::from_random([7; 16])
}

/// Lets the readers end, also where the writer panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn readers_see_no_older_value_after_a_newer_one_and_miss_no_row() {
    const ROWS: u64 = 300;
    let key = |no: u64| keys::listed(Status::Dead, webhook(), no);
    let version = |value: &[u8]| u64::from_be_bytes(*value.first_chunk().unwrap());
    let rows = open(MemoryRows::default());
    let row = |no, version: u64| (key(no), Some(version.to_be_bytes().to_vec()));
    rows.write((0..ROWS).map(|no| row(no, 0)).collect()).unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for reader in 0..3 {
            let (rows, is_over) = (&rows, &is_over);
            scope.spawn(move || {
                let mut seen = vec![0; ROWS as usize];
                let mut no = reader;
                while !is_over.load(SeqCst) {
                    no = (no + 17) % ROWS;
                    let found = version(&rows.get(&key(no)).unwrap().expect("it is always there"));
                    assert!(found >= seen[no as usize]);
                    seen[no as usize] = found;
                    let order = if no % 2 == 0 { Order::Ascending } else { Order::Descending };
                    let mut count = 0;
                    rows.scan(&key(0)..&key(ROWS), order, &mut |key, value| {
                        let newest = &mut seen[keys::number_in(key).unwrap().0 as usize];
                        assert!(version(value) >= *newest);
                        *newest = version(value);
                        count += 1;
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                    assert_eq!(count, ROWS);
                }
            });
        }
        let _over = Over(&is_over);
        for version in 1..=1_500 {
            // Some rows at a time, so that the others go to the base.
            let some = (0..9).map(|n| row((version * 7 + n * 31) % ROWS, version));
            rows.write(some.collect()).unwrap();
        }
    });
}
