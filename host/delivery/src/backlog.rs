//! How much waits.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Events that may wait for their dispatch before new ones are refused. At the pace of one machine that is a minute
/// or two of work; each costs its bytes on disk.
pub const BACKLOG_EVENTS_MAX: u64 = 200_000;
/// Open deliveries that may wait before new events are refused. Each costs the host some 200 bytes of memory.
pub const BACKLOG_DELIVERIES_MAX: u64 = 4_000_000;

/// How much waits: counted by those who accept and by the loop, read by those who decide whether to accept more.
///
/// The number of events is an estimate. It counts what this host accepted and what the loop dispatched; what was left
/// over by an earlier run or accepted elsewhere is not in it. It is put right each time the loop has nothing to do.
#[derive(Debug, Default)]
pub struct Backlog {
    events: AtomicU64,
    deliveries: AtomicU64,
}

impl Backlog {
    /// Nothing waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether new events are to be refused for now.
    pub fn is_full(&self) -> bool {
        self.events() >= BACKLOG_EVENTS_MAX || self.deliveries() >= BACKLOG_DELIVERIES_MAX
    }

    /// Says that so many new events were accepted.
    pub fn accepted(&self, events: usize) {
        self.events.fetch_add(events as u64, Relaxed);
    }

    /// Events that wait for their dispatch; an estimate.
    pub fn events(&self) -> u64 {
        self.events.load(Relaxed)
    }

    /// Deliveries that are open.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Relaxed)
    }

    /// Says that so many events were dispatched.
    pub fn dispatched(&self, events: usize) {
        let less = |now: u64| Some(now.saturating_sub(events as u64));
        // An update that always gives a value cannot fail.
        let _ = self.events.fetch_update(Relaxed, Relaxed, less);
    }

    /// Says that every event that is known was dispatched.
    pub fn idle(&self) {
        self.events.store(0, Relaxed);
    }

    /// Says how many deliveries are open.
    pub fn open(&self, deliveries: usize) {
        self.deliveries.store(deliveries as u64, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_full_at_either_limit_and_recovers() {
        let backlog = Backlog::new();
        backlog.accepted(usize::try_from(BACKLOG_EVENTS_MAX).unwrap() - 1);
        assert!(!backlog.is_full());
        backlog.accepted(1);
        assert!(backlog.is_full());
        backlog.dispatched(1);
        assert!(!backlog.is_full());
        backlog.open(usize::try_from(BACKLOG_DELIVERIES_MAX).unwrap());
        assert!(backlog.is_full());
        backlog.open(0);
        backlog.dispatched(usize::MAX);
        assert_eq!((backlog.events(), backlog.is_full()), (0, false));
    }
}
