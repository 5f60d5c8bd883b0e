//! What the store tells of itself, for Prometheus.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        gauge::ConstGauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use transload_store::{Flush, Observer, Sled};

/// What every name here begins with.
const PREFIX: &str = "transload_store";

/// Flush times and group sizes of the store.
pub(super) struct StoreGauges {
    flush_seconds: Histogram,
    group_jobs: Histogram,
    flush_bytes: Histogram,
}

impl StoreGauges {
    /// Registers them, under names that begin with `transload_store_`.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix(PREFIX);
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

/// The store's size, asked for when somebody looks.
struct StoreSize(Weak<Sled>);

/// Registers the size of a store on disk.
pub(super) fn register_size(registry: &mut Registry, ledger: &Arc<Sled>) {
    let size = StoreSize(Arc::downgrade(ledger));
    registry.sub_registry_with_prefix(PREFIX).register_collector(Box::new(size));
}

impl Collector for StoreSize {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // A store that is closed, or cannot tell, has no size: the metric is absent.
        let Some(Ok(bytes)) = self.0.upgrade().map(|ledger| ledger.bytes()) else { return Ok(()) };
        let gauge = ConstGauge::new(i64::try_from(bytes).unwrap_or(i64::MAX));
        let help = "Bytes that the store takes on disk";
        let kind = gauge.metric_type();
        gauge.encode(encoder.encode_descriptor("size", help, Some(&Unit::Bytes), kind)?)
    }
}

impl fmt::Debug for StoreSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreSize(..)")
    }
}
