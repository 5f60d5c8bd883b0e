//! What can still be done where a leaf is damaged.

use transload_domain::EventNo;

use super::{Base, Found, Packs, Place, damaged, frame, leaf::Leaf, leaf_key};
use crate::{Result, keys};

impl<B: Base> Packs<B> {
    /// Lets a new leaf begin at this event, the next one, where the last leaf of a kind is damaged: what is to come
    /// would lie in it too.
    pub(crate) fn begin_at(&self, no: EventNo) -> Result<()> {
        for (kind, _) in keys::PACKED {
            let last = self.find(kind, Place::Below(&[kind + 1]), false)?;
            let Some(Found::Damaged { start, .. }) = last else { continue };
            let error = damaged(&start);
            tracing::error!(%error, "a part of the store is damaged; what is to come is kept beside it");
            let begin = [&[kind][..], &no.0.to_be_bytes()].concat();
            if start < begin {
                let empty = frame::encode(Leaf::default().bytes());
                self.base.write(vec![(leaf_key(&begin), Some(empty))])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{
        Error, MemoryRows,
        packs::apart_key,
        rows::{self, Order, Rows},
    };

    fn event(no: u64) -> Vec<u8> {
        keys::event(EventNo(no))
    }

    fn value(no: u64) -> Vec<u8> {
        no.to_be_bytes().repeat(100)
    }

    /// Events 1 to 40 in some leaves; the starts of these.
    fn packs() -> (Packs<MemoryRows>, Vec<Vec<u8>>) {
        let packs = Packs::new(MemoryRows::default());
        packs.write((1..=40).map(|no| (event(no), Some(value(no)))).collect()).unwrap();
        let mut starts = Vec::new();
        let all = leaf_key(&event(0))..leaf_key(&event(99));
        packs
            .base
            .scan(&all.start..&all.end, Order::Ascending, &mut |key, _| {
                starts.push(key[1..].to_vec());
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(starts.len() >= 3);
        (packs, starts)
    }

    /// The same packs, opened anew with one leaf spoiled.
    fn spoil(packs: Packs<MemoryRows>, start: &[u8], bytes: Vec<u8>) -> Packs<MemoryRows> {
        packs.base.write(vec![(leaf_key(start), Some(bytes))]).unwrap();
        Packs::new(packs.base)
    }

    fn is_damaged<T: std::fmt::Debug>(answer: Result<T>) {
        let Err(Error::Corrupt(what)) = answer else { panic!("{answer:?}") };
        assert!(what.contains("event "), "{what}");
    }

    #[test]
    fn a_damaged_leaf_harms_only_its_own_rows() {
        let (_, starts) = packs();
        let first = |n: usize| keys::number_in(&starts[n]).unwrap().0;
        for bytes in [vec![], vec![0xee], frame::encode(b"no leaf"), frame::encode(&[7; 70_000])] {
            let packs = spoil(packs().0, &starts[1], bytes);
            for no in 1..=40 {
                match packs.get(&event(no)) {
                    found if (first(1)..first(2)).contains(&no) => is_damaged(found),
                    found => assert_eq!(found.unwrap(), Some(value(no))),
                }
            }
            for order in [Order::Ascending, Order::Descending] {
                let all = rows::collect(&packs, &event(0)..&event(99), order, 99).unwrap();
                let mut found: Vec<_> =
                    all.iter().map(|(key, _)| keys::number_in(key).unwrap().0).collect();
                found.sort_unstable();
                assert!(found.into_iter().eq((1..=first(1)).chain(first(2)..=40)));
                let damaged = all.iter().find(|(key, _)| *key == starts[1]).unwrap();
                assert!(damaged.1.is_empty(), "no row is so");
                let inside = event(first(1) + 1);
                is_damaged(rows::collect(&packs, &inside..&event(99), order, 99));
            }
        }
    }

    #[test]
    fn a_damaged_value_that_is_kept_apart_harms_only_its_own_row() {
        for damage in [Some(vec![0xee]), None] {
            let (packs, _) = packs();
            packs.write(vec![(event(7), Some(vec![7; 10_000]))]).unwrap();
            packs.base.write(vec![(apart_key(&event(7)), damage)]).unwrap();
            is_damaged(packs.get(&event(7)));
            for order in [Order::Ascending, Order::Descending] {
                let all = rows::collect(&packs, &event(0)..&event(99), order, 99).unwrap();
                let mut found: Vec<_> =
                    all.iter().map(|(key, _)| keys::number_in(key).unwrap().0).collect();
                found.sort_unstable();
                assert!(found.into_iter().eq(1..=40));
                let (_, damaged) = all.iter().find(|(key, _)| *key == event(7)).unwrap();
                assert!(damaged.is_empty(), "no row is so");
            }
        }
    }

    #[test]
    fn a_leaf_with_rows_of_another_is_damaged() {
        let (packs, starts) = packs();
        let other = packs.base.get(&leaf_key(&starts[2])).unwrap().unwrap();
        let packs = spoil(packs, &starts[1], other);
        is_damaged(packs.get(&starts[1]));
        assert_eq!(packs.get(&starts[2]).unwrap().unwrap().len(), 800);
    }

    #[test]
    fn rows_are_written_beside_what_is_damaged() {
        let (packs, starts) = packs();
        let packs = spoil(packs, starts.last().unwrap(), vec![0xee]);
        packs.write(vec![(event(41), Some(value(41))), (event(7), None)]).unwrap();
        assert_eq!(packs.get(&event(41)), Ok(Some(value(41))));
        assert_eq!(packs.get(&event(7)), Ok(None));
        is_damaged(packs.get(&event(40)));
    }

    #[test]
    fn what_is_to_come_does_not_lie_in_a_damaged_leaf() {
        let (packs, starts) = packs();
        let packs = spoil(packs, starts.last().unwrap(), vec![0xee]);
        is_damaged(packs.get(&event(41)));
        packs.begin_at(EventNo(41)).unwrap();
        assert_eq!(packs.get(&event(41)), Ok(None));
        is_damaged(packs.get(&event(40)));
        packs.write(vec![(event(42), Some(value(42)))]).unwrap();
        let packs = Packs::new(packs.base);
        assert_eq!(packs.get(&event(42)), Ok(Some(value(42))));
        packs.begin_at(EventNo(43)).unwrap();
        assert_eq!(packs.get(&event(42)), Ok(Some(value(42))));
    }
}
