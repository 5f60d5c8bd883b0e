//! What the loop counts.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use transload_domain::{AttemptOutcome, Fault, PluginName, SendFailureKind, Status};

use crate::Full;

/// What the loop counts, under names that begin with `transload_`.
///
/// Labels are bounded: plugins by the plugin folder, the others by what the domain knows. No label ever holds an
/// organization, a webhook, an address or a vendor's text.
#[derive(Clone, Debug)]
pub struct Metrics {
    accepted: Counter,
    dispatched: Counter,
    transform_seconds: Family<PluginLabel, Histogram, fn() -> Histogram>,
    transform_faults: Family<FaultLabels, Counter>,
    deliveries: Family<StatusLabel, Counter>,
    attempts: Family<ResultLabel, Counter>,
    exchange_seconds: Histogram,
    token_fetches: Family<ResultLabel, Counter>,
    queue_depth: Gauge,
    queue_depth_most: Gauge,
    refusals: Family<LimitLabel, Counter>,
    queue_oldest_seconds: Gauge,
    in_flight: Gauge,
    resignations: Counter,
    breakers_tripped: Gauge,
    suspensions: Counter,
    redriven: Counter,
    replayed: Counter,
    retired: Counter,
    damaged: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabel {
    plugin: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    plugin: String,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    limit: &'static str,
}

impl Metrics {
    /// Registers everything.
    pub fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("transload");
        let new = Self {
            accepted: Counter::default(),
            dispatched: Counter::default(),
            transform_seconds: Family::new_with_constructor(transform_buckets),
            transform_faults: Family::default(),
            deliveries: Family::default(),
            attempts: Family::default(),
            exchange_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            token_fetches: Family::default(),
            queue_depth: Gauge::default(),
            queue_depth_most: Gauge::default(),
            refusals: Family::default(),
            queue_oldest_seconds: Gauge::default(),
            in_flight: Gauge::default(),
            resignations: Counter::default(),
            breakers_tripped: Gauge::default(),
            suspensions: Counter::default(),
            redriven: Counter::default(),
            replayed: Counter::default(),
            retired: Counter::default(),
            damaged: Counter::default(),
        };
        registry.register("accepted_events", "New events that were accepted", new.accepted.clone());
        registry.register(
            "dispatched_events",
            "Events whose deliveries were written",
            new.dispatched.clone(),
        );
        registry.register_with_unit(
            "transform",
            "Time of one run of a plugin's transform",
            Unit::Seconds,
            new.transform_seconds.clone(),
        );
        registry.register(
            "transform_faults",
            "Runs of a transform that made nothing, by plugin and kind of fault",
            new.transform_faults.clone(),
        );
        registry.register("deliveries", "Deliveries that reached a status", new.deliveries.clone());
        registry.register("attempts", "Exchanges by result", new.attempts.clone());
        registry.register_with_unit(
            "exchange",
            "Time of one exchange with a vendor",
            Unit::Seconds,
            new.exchange_seconds.clone(),
        );
        registry.register(
            "token_fetches",
            "Access tokens that token endpoints were asked for, by result",
            new.token_fetches.clone(),
        );
        new.register_backlog(registry);
        registry.register_with_unit(
            "queue_oldest_age",
            "How long the delivery that waits longest has been due",
            Unit::Seconds,
            new.queue_oldest_seconds.clone(),
        );
        registry.register("in_flight", "Exchanges and runs under way", new.in_flight.clone());
        registry.register("resignations", "Times the lead was given up", new.resignations.clone());
        new.register_repairs(registry);
        new
    }

    /// What decides whether new events are taken.
    fn register_backlog(&self, registry: &mut Registry) {
        registry.register("queue_depth", "Open deliveries", self.queue_depth.clone());
        registry.register(
            "queue_depth_most",
            "Open deliveries of the organization that has most",
            self.queue_depth_most.clone(),
        );
        registry.register(
            "backlog_refusals",
            "Requests with new events that were refused because too much waits, by the limit that was met",
            self.refusals.clone(),
        );
    }

    /// What an operator looks at when something is wrong.
    fn register_repairs(&self, registry: &mut Registry) {
        registry.register(
            "breakers_tripped",
            "Webhooks whose vendor keeps failing and is tried with one delivery at a time",
            self.breakers_tripped.clone(),
        );
        registry.register(
            "suspensions",
            "Webhooks that the loop has suspended",
            self.suspensions.clone(),
        );
        registry.register(
            "redriven",
            "Deliveries that went out again because somebody asked for them",
            self.redriven.clone(),
        );
        registry.register(
            "replayed",
            "Deliveries that went out again by a replay",
            self.replayed.clone(),
        );
        registry.register("retired", "Events that were forgotten", self.retired.clone());
        registry.register(
            "damaged_records",
            "Times a record could not be read or written any more",
            self.damaged.clone(),
        );
    }

    /// Counts new events; for those who accept.
    pub fn accepted(&self, events: usize) {
        self.accepted.inc_by(events as u64);
    }

    /// Counts a request with new events that was refused; for those who accept.
    pub fn refused(&self, full: &Full) {
        self.refusals.get_or_create(&LimitLabel { limit: full.as_str() }).inc();
    }

    pub(crate) fn dispatched(&self) {
        self.dispatched.inc();
    }

    pub(crate) fn transformed(&self, plugin: &PluginName, took: Duration) {
        let label = PluginLabel { plugin: plugin.to_string() };
        self.transform_seconds.get_or_create(&label).observe(took.as_secs_f64());
    }

    pub(crate) fn faulted(&self, plugin: &PluginName, fault: &Fault) {
        let labels = FaultLabels { plugin: plugin.to_string(), kind: fault.kind() };
        self.transform_faults.get_or_create(&labels).inc();
    }

    pub(crate) fn reached(&self, status: Status) {
        self.deliveries.get_or_create(&StatusLabel { status: status.as_str() }).inc();
    }

    pub(crate) fn attempted(&self, outcome: &AttemptOutcome, took: Duration) {
        self.attempts.get_or_create(&ResultLabel { result: result(outcome) }).inc();
        self.exchange_seconds.observe(took.as_secs_f64());
    }

    /// A token endpoint was asked; the failure where it gave no token.
    pub(crate) fn token_fetched(&self, failure: Option<SendFailureKind>) {
        let result = failure.map_or("fetched", SendFailureKind::as_str);
        self.token_fetches.get_or_create(&ResultLabel { result }).inc();
    }

    pub(crate) fn queue(&self, depth: usize, in_flight: usize) {
        self.queue_depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
        self.in_flight.set(i64::try_from(in_flight).unwrap_or(i64::MAX));
    }

    pub(crate) fn most_open(&self, deliveries: u64) {
        self.queue_depth_most.set(i64::try_from(deliveries).unwrap_or(i64::MAX));
    }

    pub(crate) fn oldest(&self, age: Duration) {
        self.queue_oldest_seconds.set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    }

    pub(crate) fn breakers(&self, tripped: usize) {
        self.breakers_tripped.set(i64::try_from(tripped).unwrap_or(i64::MAX));
    }

    pub(crate) fn suspended(&self) {
        self.suspensions.inc();
    }

    pub(crate) fn redriven(&self) {
        self.redriven.inc();
    }

    pub(crate) fn replayed(&self) {
        self.replayed.inc();
    }

    pub(crate) fn retired(&self, events: usize) {
        self.retired.inc_by(events as u64);
    }

    pub(crate) fn damaged(&self) {
        self.damaged.inc();
    }

    pub(crate) fn resigned(&self) {
        self.resignations.inc();
    }
}

fn transform_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.000_01, 2.5, 14))
}

fn result(outcome: &AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Failed(failure) => failure.kind.as_str(),
        AttemptOutcome::Answered(answer) => match answer.status {
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            500..=599 => "5xx",
            _ => "other",
        },
    }
}
