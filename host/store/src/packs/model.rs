//! Packs against a plain map: whatever is written, removed, looked at and opened again, in whatever order.

use std::{
    collections::BTreeMap,
    ops::{ControlFlow, Range},
};

use super::*;
use crate::MemoryRows;

impl Base for MemoryRows {
    fn apply(&self, batch: Batch) -> Result<()> {
        self.write(batch)
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// Keys of a few kinds, most near one another, some where new events come.
    fn key(&mut self, newest: u64) -> Vec<u8> {
        let kind = *b"aehmmhexc".get(self.next(9) as usize).unwrap();
        let no = match self.next(4) {
            0 => newest,
            1 => newest.saturating_sub(self.next(30)),
            _ => self.next(newest + 1),
        };
        let mut key = vec![kind];
        key.extend_from_slice(&no.to_be_bytes());
        if kind != b'e' {
            key.push(self.next(3) as u8);
        }
        key
    }

    /// Small values, large ones and some of more than a leaf; like one another or not.
    fn value(&mut self) -> Vec<u8> {
        let len = match self.next(40) {
            0 => APART_BYTES as u64 + self.next(50_000),
            1 => APART_BYTES as u64 - 1 + self.next(3),
            2..20 => self.next(40),
            _ => 500 + self.next(2_000),
        };
        let is_noise = self.next(3) == 0;
        (0..len).map(|n| if is_noise { self.next(256) as u8 } else { (n % 10) as u8 }).collect()
    }
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn shown(rows: &impl Rows, range: Range<&[u8]>, order: Order, max: usize) -> Vec<rows::Row> {
    rows::collect(rows, range, order, max).unwrap()
}

fn agree(packs: &Packs<MemoryRows>, model: &Model, random: &mut Random, newest: u64) {
    for _ in 0..4 {
        let key = random.key(newest);
        assert!(packs.get(&key).unwrap().as_ref() == model.get(&key), "{key:?}");
    }
    let (one, other) = (random.key(newest), random.key(newest));
    let (one, other) = if random.next(2) == 0 {
        (one, other)
    } else {
        // Of one kind.
        let range = keys::under(&one[..1 + random.next(one.len() as u64) as usize]);
        (range.start, range.end)
    };
    let max = if random.next(2) == 0 { usize::MAX } else { 1 + random.next(9) as usize };
    let wanted: Vec<_> = if one < other {
        model.range(one.clone()..other.clone()).map(|(k, v)| (k.clone(), v.clone())).collect()
    } else {
        Vec::new()
    };
    let up: Vec<_> = wanted.iter().take(max).cloned().collect();
    same(&shown(packs, &one..&other, Order::Ascending, max), &up);
    let down: Vec<_> = wanted.iter().rev().take(max).cloned().collect();
    same(&shown(packs, &one..&other, Order::Descending, max), &down);
}

/// Values may be long: where rows differ, their keys are told.
fn same(found: &[rows::Row], wanted: &[rows::Row]) {
    let keys = |rows: &[rows::Row]| rows.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(found), keys(wanted));
    assert!(found == wanted, "the keys are the same, and the values are not");
}

/// What the base has must be as lean as it is said to be.
fn is_lean(packs: &Packs<MemoryRows>, model: &Model) {
    let mut large = model
        .iter()
        .filter(|(key, value)| keys::packed_kind(key).is_some() && value.len() > APART_BYTES);
    packs
        .base
        .scan(&b"A"[..]..&b"n"[..], Order::Ascending, &mut |key, value| {
            match key[0] {
                APART => assert_eq!(&key[1..], large.next().unwrap().0, "nothing is left behind"),
                LEAF => {
                    let leaf = frame::decode(value, LEAF_BYTES_LIMIT).and_then(Leaf::decode);
                    let leaf = leaf.unwrap();
                    assert!(leaf.rows().next().is_some());
                    let good = keys::good_piece(key[1]);
                    let most = (2 * good).max(good + APART_BYTES + 300);
                    assert!(leaf.bytes().len() <= most && most < LEAF_BYTES_LIMIT);
                }
                kind => assert!(keys::packed_kind(&[kind]).is_none()),
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(large.next().is_none());
}

#[test]
fn packs_are_what_a_map_is() {
    for seed in 0..10 {
        let (mut random, mut model) = (Random(seed), Model::new());
        let mut packs = Packs::new(MemoryRows::default());
        let mut newest = 0;
        for _ in 0..100 {
            newest += random.next(20);
            let mut batch = BTreeMap::new();
            let removes = random.next(6);
            for _ in 0..random.next(60) {
                let value = (random.next(8) >= removes).then(|| random.value());
                batch.insert(random.key(newest), value);
            }
            if random.next(20) == 0 {
                // Old rows go, as they do in life.
                let old = random.next(newest + 1).to_be_bytes();
                let gone = model.keys().filter(|key| key[1..9] < old[..]).cloned();
                batch.extend(gone.map(|key| (key, None)).collect::<Vec<_>>());
            }
            for (key, value) in &batch {
                match value {
                    Some(value) => model.insert(key.clone(), value.clone()),
                    None => model.remove(key),
                };
            }
            packs.write(batch.into_iter().collect()).unwrap();
            agree(&packs, &model, &mut random, newest);
            if random.next(15) == 0 {
                packs = Packs::new(packs.base);
            }
        }
        let (start, end) = (&b""[..], &b"~"[..]);
        let all: Vec<_> = model.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        same(&shown(&packs, start..end, Order::Ascending, usize::MAX), &all);
        is_lean(&packs, &model);
        let gone = model.keys().map(|key| (key.clone(), None)).collect();
        packs.write(gone).unwrap();
        let left = shown(&packs.base, &b"\0"[..]..&b"\xff"[..], Order::Ascending, 9);
        assert!(left.is_empty(), "an empty leaf goes: {left:?}");
    }
}
