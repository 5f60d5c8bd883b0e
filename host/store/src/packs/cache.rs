//! Decoded leaves that were used of late.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{leaf::Leaf, place::Place};

/// Leaves that are kept. Most have some 10 KiB, so that these are a few MiB: enough for the events under way.
const LEAVES_MAX: usize = 256;

/// A leaf and what it spans.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The leaf's own key: no row of it lies before.
    pub(super) start: Vec<u8>,
    /// Where the next leaf of the kind begins, or the kind ends.
    pub(super) end: Vec<u8>,
    pub(super) leaf: Arc<Leaf>,
}

/// At most so many leaves; those that were not used for longest go first.
#[derive(Debug, Default)]
pub(super) struct Cache {
    leaves: BTreeMap<Vec<u8>, Kept>,
    uses: AtomicU64,
}

#[derive(Debug)]
struct Kept {
    span: Span,
    used: AtomicU64,
}

impl Cache {
    /// The leaf whose rows this place is among.
    pub(super) fn find(&self, place: Place<'_>) -> Option<Span> {
        let below = match place {
            Place::At(key) => (Bound::Unbounded, Bound::Included(key)),
            Place::Below(key) => (Bound::Unbounded, Bound::Excluded(key)),
        };
        let (_, kept) = self.leaves.range::<[u8], _>(below).next_back()?;
        if !place.is_in(&kept.span.end) {
            return None;
        }
        kept.used.store(self.next_use(), Ordering::Relaxed);
        Some(kept.span.clone())
    }

    /// Keeps a leaf.
    pub(super) fn insert(&mut self, span: Span) {
        let used = AtomicU64::new(self.next_use());
        self.leaves.insert(span.start.clone(), Kept { span, used });
        if self.leaves.len() > LEAVES_MAX {
            let oldest =
                self.leaves.iter().min_by_key(|(_, kept)| kept.used.load(Ordering::Relaxed));
            let oldest = oldest.map(|(start, _)| start.clone());
            oldest.and_then(|start| self.leaves.remove(&start));
        }
    }

    /// Whether the leaf is kept.
    pub(super) fn has(&self, start: &[u8]) -> bool {
        self.leaves.contains_key(start)
    }

    /// Forgets a leaf that is gone, and the one before it: that one now spans both.
    pub(super) fn forget(&mut self, start: &[u8]) {
        self.leaves.remove(start);
        let before = self.leaves.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(start)));
        let before = before.map(|(before, _)| before).next_back().cloned();
        before.and_then(|before| self.leaves.remove(&before));
    }

    fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Span {
        let leaf = Arc::new(Leaf::default());
        Span { start: start.into(), end: end.into(), leaf }
    }

    #[test]
    fn a_leaf_is_found_for_what_it_spans() {
        let mut cache = Cache::default();
        cache.insert(span("eb", "ed"));
        cache.insert(span("eg", "f"));
        let found = |place| cache.find(place).map(|span| String::from_utf8(span.start).unwrap());
        for (key, at, below) in [
            ("ea", None, None),
            ("eb", Some("eb"), None),
            ("ec", Some("eb"), Some("eb")),
            ("ed", None, Some("eb")),
            ("ee", None, None),
            ("eg", Some("eg"), None),
            ("ez", Some("eg"), Some("eg")),
            ("f", None, Some("eg")),
            ("fa", None, None),
        ] {
            assert_eq!(found(Place::At(key.as_bytes())).as_deref(), at, "at {key}");
            assert_eq!(found(Place::Below(key.as_bytes())).as_deref(), below, "below {key}");
        }
    }

    #[test]
    fn a_leaf_that_goes_leaves_its_place_to_the_one_before() {
        let mut cache = Cache::default();
        for (start, end) in [("ea", "eb"), ("eb", "ec"), ("ec", "ed")] {
            cache.insert(span(start, end));
        }
        cache.forget(b"ec");
        assert!(cache.has(b"ea") && !cache.has(b"eb") && !cache.has(b"ec"));
    }

    #[test]
    fn it_forgets_what_was_not_used_for_longest() {
        let mut cache = Cache::default();
        for n in 0..LEAVES_MAX as u32 {
            cache.insert(span(&format!("e{n:04}"), &format!("e{:04}", n + 1)));
        }
        assert!(cache.find(Place::At(b"e0000")).is_some());
        cache.insert(span("h", "i"));
        assert!(cache.has(b"e0000") && !cache.has(b"e0001") && cache.has(b"e0002"));
        assert_eq!(cache.leaves.len(), LEAVES_MAX);
    }
}
