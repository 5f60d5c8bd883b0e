//! What an endpoint that hangs costs its neighbours: the time from a 202 to the exchange at twenty webhooks under a
//! steady load well below what the host can do, alone, and beside one more webhook under the same load whose endpoint
//! does not answer until the deadline.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::{sync::oneshot, task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use transload_delivery::{
    Exchange, Sender,
    run::{self, Options},
};
use transload_domain::{AttemptOutcome, SendFailure, SendFailureKind, limits::EXCHANGE_TIME_MAX};
use transload_store::{Change, Ledger, Shard, Sled};

use crate::{
    figure,
    parts::{self, RealClock, Vendor},
};

/// Webhooks whose vendor answers. The one whose endpoint hangs has the next number.
const HEALTHY: usize = 20;
/// How long a vendor takes to answer.
const ANSWERS_AFTER: Duration = Duration::from_millis(10);
/// The time between two events of one webhook: all twenty together get 400 in a second.
const EVERY: Duration = Duration::from_millis(50);
/// How long the load lasts: until after the first exchanges that hang have failed.
const LASTS: Duration = Duration::from_secs(35);
/// Measurements of each kind, in turns; the one with the median counts.
const RUNS: usize = 3;
const SHARD: Shard = Shard(0);

/// Vendors of which one may hang.
struct Vendors {
    healthy: Arc<Vendor>,
    hanging: String,
}

#[async_trait]
impl Sender for Vendors {
    async fn send(&self, exchange: Exchange) -> AttemptOutcome {
        if exchange.endpoint == self.hanging {
            tokio::time::sleep(EXCHANGE_TIME_MAX).await;
            let detail = "no answer within the deadline".to_owned();
            return AttemptOutcome::Failed(SendFailure { kind: SendFailureKind::Timeout, detail });
        }
        let outcome = self.healthy.send(exchange).await;
        tokio::time::sleep(ANSWERS_AFTER).await;
        outcome
    }
}

/// Half of the exchanges began sooner after their event's 202, and all but one in a hundred.
#[derive(Clone, Copy, Debug)]
struct Times {
    p50_us: f64,
    p99_us: f64,
}

/// Measures in turns, and prints the figures.
pub(crate) fn compare() {
    let mut kinds: [Vec<Times>; 2] = Default::default();
    for _ in 0..RUNS {
        for (hangs, times) in [false, true].into_iter().zip(&mut kinds) {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            let measured = runtime.expect("a runtime").block_on(measure(hangs));
            eprintln!("one endpoint hangs: {hangs}, {measured:?}");
            times.push(measured);
        }
    }
    let [calm, hang] = kinds.map(median);
    figure("hang.calm_p50_us", calm.p50_us);
    figure("hang.calm_p99_us", calm.p99_us);
    figure("hang.p50_us", hang.p50_us);
    figure("hang.p99_us", hang.p99_us);
    figure("hang.p99_over_calm", hang.p99_us / calm.p99_us);
}

fn median(mut runs: Vec<Times>) -> Times {
    runs.sort_by(|a, b| a.p99_us.total_cmp(&b.p99_us));
    runs[runs.len() / 2]
}

async fn measure(hangs: bool) -> Times {
    let directory = tempfile::tempdir().expect("a directory for the bench");
    let ledger = Sled::open(directory.path(), Arc::new(RealClock), None).expect("the ledger opens");
    let ledger = Arc::new(ledger);
    for number in 0..=HEALTHY {
        let change = Change::Webhook(parts::webhook(number));
        ledger.configure(SHARD, change, None).await.expect("the webhook is kept");
    }
    let hanging = parts::webhook(HEALTHY).hooks[0].endpoint.clone();
    let healthy = Arc::new(Vendor::default());
    let vendors = Arc::new(Vendors { healthy: Arc::clone(&healthy), hanging });
    let (stop, mut hosts) = (CancellationToken::new(), JoinSet::new());
    // What still hangs at the end is cut.
    let options = Options { stop_time: Duration::ZERO, ..Options::new("bench") };
    hosts.spawn(run::run(parts::parts(&ledger, vendors), options, stop.clone()));

    let mut callers = JoinSet::new();
    for number in 0..HEALTHY {
        callers.spawn(post(Arc::clone(&ledger), number, Some(Arc::clone(&healthy))));
    }
    if hangs {
        callers.spawn(post(Arc::clone(&ledger), HEALTHY, None));
    }
    let mut times = callers.join_all().await.concat();

    stop.cancel();
    while let Some(ended) = hosts.join_next().await {
        ended.expect("the loop does not panic").expect("the loop ends well");
    }
    ledger.shutdown().await;
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e6;
    Times { p50_us: at(50), p99_us: at(99) }
}

/// Posts a webhook's events at their times, whatever becomes of them; how long each then took to its exchange, where
/// its vendor is one that answers.
async fn post(ledger: Arc<Sled>, webhook: usize, vendor: Option<Arc<Vendor>>) -> Vec<Duration> {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent: Vec<(Instant, oneshot::Receiver<Instant>)> = Vec::new();
    let count = LASTS.as_millis() / EVERY.as_millis();
    for number in 0..usize::try_from(count).expect("a few hundred") {
        ticks.tick().await;
        // Not all webhooks' events have the same text, by which their exchanges are known.
        let event = parts::event(webhook, &format!("hang-{webhook}"), number);
        let arrival = vendor.as_ref().map(|vendor| vendor.expect(&event));
        ledger.accept(SHARD, vec![event]).await.expect("accepted");
        sent.extend(arrival.map(|arrival| (Instant::now(), arrival)));
    }
    let mut times = Vec::with_capacity(sent.len());
    for (accepted, arrival) in sent {
        let arrived = arrival.await.expect("the vendor lives as long as the case");
        times.push(arrived.saturating_duration_since(accepted));
    }
    times
}
