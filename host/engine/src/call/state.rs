//! A plugin's state as one call sees it: what it read, what it wants to change.

use std::{collections::BTreeMap, mem};

use transload_domain::{Fault, NotRun, StateRead, StateSource, StateWrite, limits};

use super::guest::Stop;

/// Reads go to the store once for each key, and are remembered with the revision seen; changes stay here until the
/// call's outcome is committed. A call reads its own writes.
pub(super) struct StateView {
    source: Box<dyn StateSource>,
    seen: BTreeMap<String, Seen>,
    seen_bytes: usize,
    changes: BTreeMap<String, Option<Vec<u8>>>,
    changed_bytes: usize,
}

struct Seen {
    revision: u64,
    value: Option<Vec<u8>>,
}

impl StateView {
    pub(super) fn new(source: Box<dyn StateSource>) -> Self {
        Self {
            source,
            seen: BTreeMap::new(),
            seen_bytes: 0,
            changes: BTreeMap::new(),
            changed_bytes: 0,
        }
    }

    /// Whether a text can be a key.
    pub(super) fn check_key(key: &str) -> Result<(), Stop> {
        if key.is_empty() || key.len() > limits::STATE_KEY_BYTES_MAX {
            return wrong(format!(
                "a key has {} bytes; it must have 1 to {}",
                key.len(),
                limits::STATE_KEY_BYTES_MAX
            ));
        }
        Ok(())
    }

    /// Whether a value may have this many bytes.
    pub(super) fn check_value(bytes: usize) -> Result<(), Stop> {
        if bytes > limits::STATE_VALUE_BYTES_MAX {
            return wrong(format!(
                "a value has {bytes} bytes; it may have {}",
                limits::STATE_VALUE_BYTES_MAX
            ));
        }
        Ok(())
    }

    /// The value of a key.
    pub(super) fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Stop> {
        if let Some(change) = self.changes.get(&key) {
            return Ok(change.clone());
        }
        if let Some(seen) = self.seen.get(&key) {
            return Ok(seen.value.clone());
        }
        let found = self.source.get(&key).map_err(|e| Stop::NotRun(NotRun::State(e)))?;
        let (revision, value) = match found {
            Some((revision, value)) => (revision, Some(value)),
            None => (0, None),
        };
        self.seen_bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        if self.seen_bytes > limits::STATE_BYTES_PER_WEBHOOK_MAX {
            return wrong(format!(
                "one call read more than {} MiB of state",
                limits::STATE_BYTES_PER_WEBHOOK_MAX >> 20
            ));
        }
        self.seen.insert(key, Seen { revision, value: value.clone() });
        Ok(value)
    }

    /// Sets or deletes a key.
    pub(super) fn change(&mut self, key: String, value: Option<Vec<u8>>) -> Result<(), Stop> {
        let size = |value: &Option<Vec<u8>>| key.len() + value.as_ref().map_or(0, Vec::len);
        let before = self.changes.get(&key).map_or(0, size);
        self.changed_bytes = self.changed_bytes + size(&value) - before;
        if self.changed_bytes > limits::STATE_CHANGE_BYTES_MAX {
            return wrong(format!(
                "one call changed more than {} KiB of state",
                limits::STATE_CHANGE_BYTES_MAX >> 10
            ));
        }
        self.changes.insert(key, value);
        Ok(())
    }

    /// Takes what was read and what is to change, both in the order of the keys.
    pub(super) fn take(&mut self) -> (Vec<StateRead>, Vec<StateWrite>) {
        let (seen, changes) = (mem::take(&mut self.seen), mem::take(&mut self.changes));
        let reads = seen.into_iter().map(|(key, seen)| StateRead { key, revision: seen.revision });
        let writes = changes.into_iter().map(|(key, value)| StateWrite { key, value });
        (reads.collect(), writes.collect())
    }
}

fn wrong<T>(text: String) -> Result<T, Stop> {
    Err(Stop::Fault(Fault::State(text)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A store in which every read finds a newer revision.
    struct Moving(AtomicU64);

    impl StateSource for Moving {
        fn get(&self, key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
            match key {
                "absent" => Ok(None),
                "broken" => Err("disk on fire".into()),
                _ => {
                    let revision = self.0.fetch_add(1, Ordering::Relaxed);
                    Ok(Some((revision, vec![u8::try_from(revision).unwrap(); 1])))
                }
            }
        }
    }

    fn view() -> StateView {
        StateView::new(Box::new(Moving(AtomicU64::new(7))))
    }

    #[test]
    fn a_call_sees_each_key_as_it_first_saw_it() {
        let mut view = view();
        assert_eq!(view.get("a".into()), Ok(Some(vec![7])));
        assert_eq!(view.get("a".into()), Ok(Some(vec![7])));
        assert_eq!(view.get("absent".into()), Ok(None));
        let (reads, writes) = view.take();
        let read = |key: &str, revision| StateRead { key: key.into(), revision };
        assert_eq!(reads, [read("a", 7), read("absent", 0)]);
        assert_eq!(writes, []);
    }

    #[test]
    fn a_call_reads_its_own_writes_and_leaves_the_last() {
        let mut view = view();
        view.change("a".into(), Some(b"1".to_vec())).unwrap();
        view.change("a".into(), Some(b"2".to_vec())).unwrap();
        assert_eq!(view.get("a".into()), Ok(Some(b"2".to_vec())));
        view.change("b".into(), None).unwrap();
        assert_eq!(view.get("b".into()), Ok(None));
        let (reads, writes) = view.take();
        assert_eq!(reads, [], "what was only written was not read");
        let write = |key: &str, value: Option<&[u8]>| StateWrite {
            key: key.into(),
            value: value.map(<[u8]>::to_vec),
        };
        assert_eq!(writes, [write("a", Some(b"2")), write("b", None)]);
    }

    #[test]
    fn a_store_that_fails_is_not_the_plugins_fault() {
        let failed = Err(Stop::NotRun(NotRun::State("disk on fire".into())));
        assert_eq!(view().get("broken".into()), failed);
    }

    #[test]
    fn changes_are_bounded_by_what_they_leave_behind() {
        let mut view = view();
        let value = || Some(vec![0; limits::STATE_VALUE_BYTES_MAX]);
        for _ in 0..100 {
            view.change("same".into(), value()).unwrap();
        }
        let refused = (0..100).find_map(|n| view.change(format!("key {n}"), value()).err());
        let text = "one call changed more than 1024 KiB of state";
        assert_eq!(refused, Some(Stop::Fault(Fault::State(text.into()))));
    }

    #[test]
    fn keys_and_values_have_a_size() {
        assert!(StateView::check_key("k").is_ok());
        assert!(StateView::check_key("").is_err());
        assert!(StateView::check_key(&"k".repeat(limits::STATE_KEY_BYTES_MAX + 1)).is_err());
        assert!(StateView::check_value(limits::STATE_VALUE_BYTES_MAX).is_ok());
        assert!(StateView::check_value(limits::STATE_VALUE_BYTES_MAX + 1).is_err());
    }
}
