//! How many events a second the ledger on disk accepts durably, against a bare loop that appends the same bytes to a
//! file and syncs it in the same groups.
//!
//! `cargo bench -p transload-store`. Both sides have the same callers, tasks of one runtime that each wait for
//! their answer before they go on, and take turns so that a change of the machine's load meets both.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use transload_domain::{Clock, Event, Organization, Timestamp};
use transload_store::{Flush, Ledger, Observer, Shard, Sled};

/// As in the host: what is measured is not another allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLERS: [usize; 3] = [1, 64, 256];
/// How long one measurement lasts.
const LASTS: Duration = Duration::from_secs(2);
/// Measurements of each side; the median counts.
const ROUNDS: usize = 5;
/// Jobs of a group, as in the ledger's journal.
const GROUP_MAX: usize = 512;

fn main() -> Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    // In the target folder, because a temporary folder may be memory, where a sync costs nothing.
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).context("make a folder")?;
    let bytes = event(0, 0).data.len();
    println!("events with {bytes} bytes of data, {ROUNDS} rounds of {LASTS:?}, medians");
    for callers in CALLERS {
        let (mut ledger, mut bare) = (Vec::new(), Vec::new());
        let groups = Arc::new(Groups::default());
        for round in 0..ROUNDS {
            let path = place.path().join(format!("{callers}.{round}"));
            bare.push(bare_per_second(&runtime, &path.with_extension("file"), callers)?);
            ledger.push(ledger_per_second(&runtime, &path, callers, groups.clone())?);
        }
        let (ledger, bare) = (median(ledger), median(bare));
        println!("figure accept.{callers}.per_second {ledger:.0}");
        println!("figure accept.{callers}.bare_per_second {bare:.0}");
        println!("figure accept.{callers}.over_bare {:.3}", ledger / bare);
        println!("figure accept.{callers}.jobs_per_group {:.1}", groups.jobs_per_group());
        println!("figure accept.{callers}.flush_micros {:.0}", groups.flush_micros());
    }
    Ok(())
}

/// What the ledger's journal did.
#[derive(Default)]
struct Groups {
    groups: AtomicU64,
    jobs: AtomicU64,
    micros: AtomicU64,
}

impl Observer for Groups {
    fn flushed(&self, flush: Flush) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.jobs.fetch_add(flush.jobs as u64, Ordering::Relaxed);
        self.micros.fetch_add(flush.took.as_micros() as u64, Ordering::Relaxed);
    }
}

impl Groups {
    fn jobs_per_group(&self) -> f64 {
        self.jobs.load(Ordering::Relaxed) as f64 / self.groups.load(Ordering::Relaxed) as f64
    }

    fn flush_micros(&self) -> f64 {
        self.micros.load(Ordering::Relaxed) as f64 / self.groups.load(Ordering::Relaxed) as f64
    }
}

fn ledger_per_second(
    runtime: &Runtime,
    path: &Path,
    callers: usize,
    groups: Arc<Groups>,
) -> Result<f64> {
    let ledger = runtime.block_on(async { Sled::open(path, Arc::new(Noon), Some(groups)) })?;
    let ledger = Arc::new(ledger);
    let called = ledger.clone();
    let per_second = per_second(runtime, callers, move |caller, number| {
        let ledger = called.clone();
        async move {
            let receipts = ledger.accept(Shard(0), vec![event(caller, number)]).await?;
            anyhow::ensure!(receipts[0].fresh, "an event was accepted before");
            Ok(())
        }
    })?;
    runtime.block_on(ledger.shutdown());
    std::fs::remove_dir_all(path)?;
    Ok(per_second)
}

fn bare_per_second(runtime: &Runtime, path: &Path, callers: usize) -> Result<f64> {
    let (sender, receiver) = mpsc::channel(GROUP_MAX);
    let file = File::create_new(path)?;
    let writer = std::thread::spawn(move || append(file, receiver));
    let per_second = per_second(runtime, callers, move |caller, number| {
        let sender = sender.clone();
        async move {
            let (answer, answered) = oneshot::channel();
            sender.send((bytes_of(&event(caller, number)), answer)).await?;
            answered.await?;
            Ok(())
        }
    })?;
    writer.join().expect("the bare writer does not panic")?;
    std::fs::remove_file(path)?;
    Ok(per_second)
}

/// The limit: what waits is appended in one write and synced once.
fn append(
    mut file: File,
    mut receiver: mpsc::Receiver<(Vec<u8>, oneshot::Sender<()>)>,
) -> std::io::Result<()> {
    let (mut group, mut answers) = (Vec::new(), Vec::new());
    while let Some((bytes, answer)) = receiver.blocking_recv() {
        group.extend_from_slice(&bytes);
        answers.push(answer);
        while answers.len() < GROUP_MAX
            && let Ok((bytes, answer)) = receiver.try_recv()
        {
            group.extend_from_slice(&bytes);
            answers.push(answer);
        }
        file.write_all(&group)?;
        file.sync_data()?;
        group.clear();
        for answer in answers.drain(..) {
            // The caller waits for it.
            let _ = answer.send(());
        }
    }
    Ok(())
}

/// Calls from many tasks, each after its answer, and counts for [`LASTS`].
fn per_second<F>(
    runtime: &Runtime,
    callers: usize,
    call: impl Fn(usize, u64) -> F + Clone + Send + Sync + 'static,
) -> Result<f64>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    runtime.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let begun = Instant::now();
        let mut tasks: JoinSet<Result<u64>> = JoinSet::new();
        for caller in 0..callers {
            let (stop, call) = (stop.clone(), call.clone());
            tasks.spawn(async move {
                let mut done = 0;
                while !stop.load(Ordering::Relaxed) {
                    call(caller, done).await?;
                    done += 1;
                }
                Ok(done)
            });
        }
        tokio::time::sleep(LASTS).await;
        stop.store(true, Ordering::Relaxed);
        let mut all = 0;
        while let Some(done) = tasks.join_next().await {
            all += done??;
        }
        Ok(all as f64 / begun.elapsed().as_secs_f64())
    })
}

fn event(caller: usize, number: u64) -> Event {
    const LINE: &str = r#"{"sku":"SKU-000001","quantity":2,"price":"2.34 USD"},"#;
    Event {
        organization: Organization::new("acme").expect("a good name"),
        id: format!("{caller}-{number}"),
        source: "/shop/orders".into(),
        kind: "order.created".into(),
        subject: None,
        time: Some("2026-11-21T20:00:00Z".into()),
        extensions: vec![],
        data: format!(r#"{{"lines":[{}]}}"#, LINE.repeat(25).trim_end_matches(',')),
        accepted_at: Timestamp::from_micros(1),
        emulated_for: None,
    }
}

/// The bytes that the bare loop writes: what was posted.
fn bytes_of(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(event.data.len() + 128);
    for part in [event.organization.as_str(), &event.id, &event.source, &event.kind, &event.data] {
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A clock that stands still: nothing here asks for the time.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
}
