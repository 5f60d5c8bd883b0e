//! What the store tells of itself, for Prometheus.

use prometheus_client::{
    metrics::histogram::{Histogram, exponential_buckets},
    registry::{Registry, Unit},
};
use transload_store::{Flush, Observer};

/// Flush times and group sizes of the store.
pub(super) struct StoreGauges {
    flush_seconds: Histogram,
    group_jobs: Histogram,
    flush_bytes: Histogram,
}

impl StoreGauges {
    /// Registers them, under names that begin with `transload_store_`.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("transload_store");
        let new = Self {
            flush_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            group_jobs: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            flush_bytes: Histogram::new(exponential_buckets(256.0, 4.0, 10)),
        };
        let flush = new.flush_seconds.clone();
        registry.register_with_unit("flush", "Time of one durable write", Unit::Seconds, flush);
        let jobs = new.group_jobs.clone();
        registry.register("group_jobs", "Callers' writes that one durable write held", jobs);
        let bytes = new.flush_bytes.clone();
        registry.register_with_unit("flush_size", "Size of one durable write", Unit::Bytes, bytes);
        new
    }
}

impl Observer for StoreGauges {
    fn flushed(&self, flush: Flush) {
        self.flush_seconds.observe(flush.took.as_secs_f64());
        // Counts and sizes here are far below 2^52, so they are exact.
        self.group_jobs.observe(flush.jobs as f64);
        self.flush_bytes.observe(flush.bytes as f64);
    }
}
