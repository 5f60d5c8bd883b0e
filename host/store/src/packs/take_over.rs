//! Rows of a store from before there were packs.

use std::{
    ops::{ControlFlow, Range},
    sync::PoisonError,
};

use super::{Base, Packs};
use crate::{
    Result, keys,
    rows::{Batch, Order},
};

/// Rows that are taken over in one write.
const ROWS_AT_ONCE: usize = 1_000;
/// Bytes of rows that are taken over in one write, unless the first alone has more.
const BYTES_AT_ONCE: usize = 4 << 20;

impl<B: Base> Packs<B> {
    /// Puts rows that lie in the base as they are into packs. Each row goes from one to the other in one write: where
    /// this is cut off, it goes on with what is left.
    pub(crate) fn take_over(&self) -> Result<()> {
        for (kind, _) in keys::PACKED {
            let mut range = keys::under(&[kind]);
            loop {
                let found = self.some(&range)?;
                let Some((last, _)) = found.last() else { break };
                range.start = keys::behind(last);
                self.move_in(found)?;
            }
        }
        Ok(())
    }

    fn some(&self, range: &Range<Vec<u8>>) -> Result<Batch> {
        let (mut found, mut bytes) = (Batch::new(), 0);
        self.base.scan(&range.start..&range.end, Order::Ascending, &mut |key, value| {
            if found.len() == ROWS_AT_ONCE || bytes > BYTES_AT_ONCE {
                return ControlFlow::Break(());
            }
            bytes += value.len();
            found.push((key.to_vec(), Some(value.to_vec())));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    fn move_in(&self, rows: Batch) -> Result<()> {
        let _one = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = rows.iter().map(|(key, _)| (key.clone(), None)).collect();
        let mut plan = self.plan(rows)?;
        plan.also(gone);
        self.apply(plan)?;
        self.base.sync()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;
    use crate::{
        MemoryRows,
        cut_off::CutOff,
        rows::{self, Rows},
    };

    fn all(rows: &impl Rows) -> Vec<rows::Row> {
        rows::collect(rows, &b"a"[..]..&b"z"[..], Order::Ascending, usize::MAX).unwrap()
    }

    #[test]
    fn no_row_is_lost_wherever_a_take_over_is_cut_off() {
        for cut_off in [0, 1, 2, 5, usize::MAX] {
            let rows = MemoryRows::default();
            for kind in *b"aehmx" {
                let row = |no: u64| {
                    let len = if no.is_multiple_of(50) { 30_000 } else { 40 + no % 1_000 };
                    let key = [&[kind][..], &no.to_be_bytes()].concat();
                    (key, Some(vec![kind; len as usize]))
                };
                rows.write((1..=2_500).map(row).collect()).unwrap();
            }
            let before = all(&rows);
            let base = CutOff { rows, writes: AtomicUsize::new(cut_off), ..CutOff::default() };
            let packs = Packs::new(base);
            assert_eq!(packs.take_over().is_ok(), cut_off == usize::MAX);
            let Packs { base, .. } = packs;
            base.writes.store(usize::MAX, SeqCst);
            let packs = Packs::new(base);
            packs.take_over().unwrap();
            assert!(all(&packs) == before, "cut off after {cut_off} writes");
            // What was plain is so no more.
            for (kind, _) in keys::PACKED {
                let left = keys::under(&[kind]);
                let left = rows::collect(&packs.base, &left.start..&left.end, Order::Ascending, 1);
                assert_eq!(left, Ok(vec![]));
            }
        }
    }
}
