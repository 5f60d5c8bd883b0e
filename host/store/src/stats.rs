//! What can be seen of a ledger at work.

use std::time::Duration;

/// One group of writes that became durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flush {
    /// How many callers' writes it held.
    pub jobs: usize,
    /// Bytes of keys and values.
    pub bytes: usize,
    /// How long writing and syncing took.
    pub took: Duration,
}

/// Is told of each durable write, on the journal's thread: it must not block.
pub trait Observer: Send + Sync + 'static {
    /// A group is durable.
    fn flushed(&self, flush: Flush);
}

impl<F: Fn(Flush) + Send + Sync + 'static> Observer for F {
    fn flushed(&self, flush: Flush) {
        self(flush);
    }
}
