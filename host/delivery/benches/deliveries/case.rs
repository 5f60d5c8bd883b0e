//! One case: so many webhooks, so much waiting.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use transload_delivery::run::{self, Options};
use transload_domain::{
    Content, Delivery, DeliveryKey, EventNo, Head, HookNo, Made, Method, Part, Request, Status,
};
use transload_store::{Change, Dispatch, Ledger, Shard, Sled};

use crate::parts::{self, RealClock, Vendor};

/// Events whose way is timed as a whole.
const EVENTS: usize = 20_000;
/// Callers that post at the same time.
const CALLERS: usize = 64;
/// Events whose own time is taken, one after the other by each of a few callers.
const TIMED_EVENTS: usize = 4_000;
const TIMED_CALLERS: usize = 4;
/// Waiting deliveries of one event.
const PARTS: u8 = 16;
/// Bytes of a waiting delivery's body.
const WAITING_BODY: usize = 512;
/// Events in one write while the case is prepared.
const PREPARED_TOGETHER: usize = 250;
const SHARD: Shard = Shard(0);

/// What a process of its own does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Fills a case's store.
    Prepare(Case),
    /// Measures on it, as after a restart, for the time of that number.
    Measure(Case, usize),
}

/// What is there before the measurement.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Webhooks, each of an organization of its own.
    pub(crate) webhooks: usize,
    /// Open deliveries that are due in a year, spread over the webhooks.
    pub(crate) waiting: usize,
    /// Where the store lies.
    pub(crate) directory: PathBuf,
}

/// What came out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    /// Time of the processor for each of these deliveries, of all threads. On a machine that others use too it says
    /// more than the clock.
    pub(crate) cpu_us: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// From the start of the loop until its first delivery.
    pub(crate) ready_ms: f64,
    /// Memory of the process with an open, empty store.
    pub(crate) rest_mib: f64,
    /// Memory of the process after the loop has read all that waits.
    pub(crate) ready_mib: f64,
}

impl Step {
    pub(crate) fn from_arguments(arguments: &[String]) -> Option<Self> {
        let [step, webhooks, waiting, directory, run] = arguments else { return None };
        let number = |text: &String| text.parse().ok();
        let (webhooks, waiting) = (number(webhooks)?, number(waiting)?);
        let case = Case { webhooks, waiting, directory: directory.into() };
        match step.as_str() {
            "--prepare" => Some(Self::Prepare(case)),
            "--measure" => Some(Self::Measure(case, number(run)?)),
            _ => None,
        }
    }

    pub(crate) fn arguments(&self) -> [String; 5] {
        let (step, case, run) = match self {
            Self::Prepare(case) => ("--prepare", case, 0),
            Self::Measure(case, run) => ("--measure", case, *run),
        };
        let directory = case.directory.to_string_lossy().into_owned();
        let (webhooks, waiting) = (case.webhooks.to_string(), case.waiting.to_string());
        [step.to_owned(), webhooks, waiting, directory, run.to_string()]
    }

    pub(crate) fn run(&self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        match self {
            Self::Prepare(case) => runtime.block_on(case.prepare()),
            Self::Measure(case, run) => println!("{}", runtime.block_on(case.measure(*run))),
        }
    }
}

impl Case {
    fn open(&self) -> Sled {
        Sled::open(&self.directory, Arc::new(RealClock), None).expect("the ledger opens")
    }

    async fn prepare(&self) {
        let ledger = self.open();
        let lead = ledger.lead(SHARD, "bench", Duration::from_secs(600)).await.expect("the lead");
        let mut feed = ledger.agenda(&lead).await.expect("an agenda");
        let plugin = parts::plugin();
        let profile = Change::Profile(plugin.reference.digest, plugin.profile.clone());
        ledger.configure(SHARD, profile, None).await.expect("the profile is kept");
        for number in 0..self.webhooks {
            let change = Change::Webhook(parts::webhook(number));
            ledger.configure(SHARD, change, None).await.expect("the webhook is kept");
        }
        let events = self.waiting.div_ceil(usize::from(PARTS));
        for first in (0..events).step_by(PREPARED_TOGETHER) {
            let numbers = first..events.min(first + PREPARED_TOGETHER);
            let posted = numbers
                .clone()
                .map(|number| parts::event(number % self.webhooks, "waiting", number));
            let receipts = ledger.accept(SHARD, posted.collect()).await.expect("accepted");
            let dispatches = receipts.iter().zip(numbers).map(|(receipt, number)| {
                let left = self.waiting - number * usize::from(PARTS);
                self.waiting_dispatch(receipt.no, number % self.webhooks, left)
            });
            for answer in ledger.dispatch(&lead, dispatches.collect()).await {
                answer.expect("dispatched");
            }
            // The agenda must be read, or the ledger ends it.
            while feed.try_recv().is_ok() {}
        }
        ledger.shutdown().await;
    }

    fn waiting_dispatch(&self, event: EventNo, webhook: usize, at_most: usize) -> Dispatch {
        let parts = PARTS.min(u8::try_from(at_most).unwrap_or(PARTS));
        let delivery = |part| Delivery {
            head: Head {
                due: parts::in_a_year(),
                ..Head::new(
                    DeliveryKey {
                        event,
                        webhook: parts::webhook_id(webhook),
                        hook: HookNo(0),
                        part: Part(part),
                    },
                    Status::Scheduled,
                    parts::in_a_year(),
                    parts::now(),
                )
            },
            made: Made {
                plugin: Some(parts::plugin().reference.clone()),
                content: Content::Request(Arc::new(Request {
                    method: Method::Post,
                    path: String::new(),
                    headers: vec![],
                    body: vec![b'x'; WAITING_BODY],
                })),
            },
        };
        Dispatch {
            event,
            replaces: None,
            deliveries: (0..parts).map(delivery).collect(),
            checks: vec![],
            changes: vec![],
        }
    }

    async fn measure(&self, run: usize) -> Measured {
        let ledger = Arc::new(self.open());
        let rest_mib = parts::memory_mib();
        let vendor = Arc::new(Vendor::default());
        let stop = CancellationToken::new();
        let mut hosts = JoinSet::new();
        let began = Instant::now();
        let loop_parts = parts::parts(&ledger, Arc::clone(&vendor) as _);
        hosts.spawn(run::run(loop_parts, Options::new("bench"), stop.clone()));
        self.post_and_wait(&ledger, &vendor, &format!("first-{run}"), 0).await;
        let ready_ms = began.elapsed().as_secs_f64() * 1_000.0;
        let ready_mib = parts::memory_mib();

        let mut times = self.each_for_itself(&ledger, &vendor, run).await;
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e6;
        let (p50_us, p99_us) = (at(50), at(99));
        let (per_second, cpu_us) = self.all_at_once(&ledger, &vendor, run).await;

        stop.cancel();
        while let Some(ended) = hosts.join_next().await {
            ended.expect("the loop does not panic").expect("the loop ends well");
        }
        ledger.shutdown().await;
        Measured { per_second, cpu_us, p50_us, p99_us, ready_ms, rest_mib, ready_mib }
    }

    /// Deliveries per second from the first post until the last is sent, and the processor's time for each.
    async fn all_at_once(
        &self,
        ledger: &Arc<Sled>,
        vendor: &Arc<Vendor>,
        run: usize,
    ) -> (f64, f64) {
        let before = vendor.count();
        let (began, cpu) = (Instant::now(), parts::cpu_time());
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (ledger, webhooks) = (Arc::clone(ledger), self.webhooks);
            callers.spawn(async move {
                for number in (caller..EVENTS).step_by(CALLERS) {
                    let event = parts::event(number % webhooks, &format!("all-{run}"), number);
                    ledger.accept(SHARD, vec![event]).await.expect("accepted");
                }
            });
        }
        while let Some(ended) = callers.join_next().await {
            ended.expect("a caller does not panic");
        }
        vendor.wait_for(before + EVENTS).await;
        let cpu = parts::cpu_time().saturating_sub(cpu);
        (EVENTS as f64 / began.elapsed().as_secs_f64(), cpu.as_secs_f64() * 1e6 / EVENTS as f64)
    }

    /// The time from each event's acceptance to its exchange, with little to do beside it.
    async fn each_for_itself(
        &self,
        ledger: &Arc<Sled>,
        vendor: &Arc<Vendor>,
        run: usize,
    ) -> Vec<Duration> {
        let mut callers = JoinSet::new();
        for caller in 0..TIMED_CALLERS {
            let (case, ledger, vendor) = (self.clone(), Arc::clone(ledger), Arc::clone(vendor));
            callers.spawn(async move {
                let (mut times, name) = (Vec::new(), format!("timed-{run}"));
                for number in (caller..TIMED_EVENTS).step_by(TIMED_CALLERS) {
                    times.push(case.post_and_wait(&ledger, &vendor, &name, number).await);
                }
                times
            });
        }
        callers.join_all().await.concat()
    }

    /// Posts one event and waits for its exchange; the time between its acceptance and the exchange.
    async fn post_and_wait(
        &self,
        ledger: &Sled,
        vendor: &Vendor,
        name: &str,
        number: usize,
    ) -> Duration {
        let event = parts::event(number % self.webhooks, name, number);
        let arrival = vendor.expect(&event);
        ledger.accept(SHARD, vec![event]).await.expect("accepted");
        let accepted = Instant::now();
        let sent = arrival.await.expect("the vendor lives as long as the case");
        sent.saturating_duration_since(accepted)
    }
}

impl Measured {
    /// The run whose rate is in the middle.
    pub(crate) fn median(mut runs: Vec<Self>) -> Self {
        runs.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        runs[runs.len() / 2]
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let numbers = line.strip_prefix("measured ")?.split(' ').map(str::parse);
        let numbers: Vec<f64> = numbers.collect::<Result<_, _>>().ok()?;
        let [per_second, cpu_us, p50_us, p99_us, ready_ms, rest_mib, ready_mib] = numbers[..]
        else {
            return None;
        };
        Some(Self { per_second, cpu_us, p50_us, p99_us, ready_ms, rest_mib, ready_mib })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, cpu_us, p50_us, p99_us, ready_ms, rest_mib, ready_mib } = self;
        let times = format_args!("{cpu_us} {p50_us} {p99_us} {ready_ms}");
        write!(f, "measured {per_second} {times} {rest_mib} {ready_mib}")
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} webhooks, {} waiting", self.webhooks, self.waiting)
    }
}
