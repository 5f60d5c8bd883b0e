//! A map that forgets what nobody asked for lately.

use std::{collections::HashMap, hash::Hash, mem};

/// A bounded map in two halves. What is used stands in the young half; when that is full, it becomes the old half,
/// and what was in the old half and was not asked for since is forgotten. So whatever is in use stays, as long as
/// half of the bound has room for all of it, and no use costs more than two look-ups.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// A map of at most this many entries.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { half: (entries_max / 2).max(1), young: HashMap::new(), old: HashMap::new() }
    }

    pub(crate) fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_stays_and_the_rest_is_bounded() {
        let mut recent = Recent::new(8);
        recent.insert("kept".to_owned(), 0);
        for n in 1..=100 {
            recent.insert(n.to_string(), n);
            assert_eq!(recent.get("kept"), Some(0), "after {n}");
            assert!(recent.young.len() + recent.old.len() <= 8);
        }
        assert_eq!(recent.get("100"), Some(100));
        assert_eq!(recent.get("1"), None);
    }
}
