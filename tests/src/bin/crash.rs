//! Kills the real host again and again while events come in, and then judges from outside.
//!
//! Demanded: every acknowledged event arrived at the receiver at least once; no delivery id arrived with two
//! different bodies; the host still knows every acknowledged event. SIGKILL keeps the page cache, so that this shows
//! nothing about a loss of power.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use transload_tests::{
    client::Client,
    figure, modules,
    process::Home,
    receiver::{Arrival, Receiver},
};

/// How long after the last kill everything must have arrived.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(180);
/// A caller waits so long before it posts again what was not acknowledged.
const REPOST_WAIT: Duration = Duration::from_millis(20);
/// The host lives between this and this long before it is killed.
const LIFE_MILLIS: std::ops::Range<u64> = 250..1_450;

/// Each so many kills, the host is killed once more while it starts ...
const STARTS_CUT_EVERY: u32 = 3;
/// ... so long after its process began; it is ready after some 40.
const START_MILLIS: std::ops::Range<u64> = 0..60;

/// Kills the host at random moments while events come in, and demands that nothing acknowledged is lost.
#[derive(Parser)]
#[command(after_help = "Example: cargo run --release -p transload-tests --bin crash -- --kills 30")]
struct Options {
    /// How often the host is killed.
    #[arg(long, default_value_t = 30)]
    kills: u32,
    /// How many callers post at the same time.
    #[arg(long, default_value_t = 8)]
    callers: u32,
    /// Where the random moments come from; printed, so that a run can be repeated.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The binary to kill; this workspace's own, of the same profile, where absent.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// What the callers share.
struct Callers {
    client: Client,
    template: Value,
    next: AtomicU64,
    stop: AtomicBool,
    /// Acknowledged events: the number in the event, and the id in the answer.
    acknowledged: Mutex<HashMap<u64, String>>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    println!("crash: {} kills, {} callers, seed {}", options.kills, options.callers, options.seed);
    let folder = tempfile::tempdir()?;
    let home = Home::new(binary(&options)?, folder.path())?;
    modules::build(&["corrigopro"], &home.modules())?;
    let key = home.key("acme").await?;

    let receiver = Receiver::start(identify).await?;
    let mut host = home.serve().await?;
    let client = Client::new(&home.url(), &key);
    client.webhook("corrigopro", "notifications", &receiver.url()).await?;

    let callers = Arc::new(Callers {
        client,
        template: modules::case("corrigopro", "work-order-created")?["event"].clone(),
        next: AtomicU64::new(1),
        stop: AtomicBool::new(false),
        acknowledged: Mutex::default(),
    });
    let mut posting = JoinSet::new();
    for _ in 0..options.callers {
        posting.spawn(post_until_stopped(Arc::clone(&callers)));
    }

    let mut random = options.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for kill in 1..=options.kills {
        sleep(Duration::from_millis(draw(&mut random, LIFE_MILLIS))).await;
        host.kill().await?;
        if kill % STARTS_CUT_EVERY == 0 {
            // A crash while the store is opened and the agenda is rebuilt.
            let starting = home.start()?;
            sleep(Duration::from_millis(draw(&mut random, START_MILLIS))).await;
            starting.kill().await?;
        }
        let began = Instant::now();
        host = home.serve().await.with_context(|| format!("start again after kill {kill}"))?;
        let arrived = receiver.arrivals().events.len();
        let accepted = callers.acknowledged().len();
        let restart = began.elapsed().as_millis();
        println!(
            "kill {kill}: {accepted} accepted, {arrived} arrived, ready again after {restart} ms"
        );
    }
    callers.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = posting.join_next().await {
        ended??;
    }
    let accepted = callers.acknowledged().len();
    println!("waiting until all {accepted} have arrived");
    let drained = timeout(DRAIN_TIME_MAX, receiver.events(accepted)).await.is_ok();
    let verdict = judge(&callers, &receiver, &options).await?;
    host.kill().await?;
    ensure!(drained && verdict, "the host broke its promise: see the figures above");
    Ok(())
}

/// Counts what went wrong, prints the figures, and says whether all is well.
async fn judge(callers: &Callers, receiver: &Receiver, options: &Options) -> anyhow::Result<bool> {
    let acknowledged = callers.acknowledged().clone();
    let mut missing = 0_u64;
    for id in acknowledged.values() {
        let answer = callers.client.get(&format!("/v1/events/{id}")).await?;
        missing += u64::from(answer.status != 200);
    }
    let arrivals = receiver.arrivals();
    let lost = acknowledged.keys().filter(|event| !arrivals.events.contains_key(event)).count();
    let split = arrivals.events.values().filter(|deliveries| **deliveries > 1).count();
    figure("crash.kills", options.kills);
    figure("crash.accepted", acknowledged.len());
    figure("crash.arrived", arrivals.events.len());
    figure("crash.lost", lost);
    figure("crash.missing", missing);
    figure("crash.changed", arrivals.changed);
    figure("crash.split", split);
    figure("crash.doubled", arrivals.doubled);
    let faults = lost as u64 + missing + arrivals.changed + split as u64 + arrivals.strange;
    Ok(!acknowledged.is_empty() && faults == 0)
}

/// Posts event after event, each until it is acknowledged, whatever happens to the host.
async fn post_until_stopped(callers: Arc<Callers>) -> anyhow::Result<()> {
    while !callers.stop.load(Ordering::Relaxed) {
        let number = callers.next.fetch_add(1, Ordering::Relaxed);
        let event = numbered(&callers.template, number);
        let id = loop {
            match callers.client.event(&event).await {
                Ok(answer) if answer.status == 202 => {
                    let answer = answer.json()?;
                    break answer["events"][0]["id"]
                        .as_str()
                        .context("no id in the answer")?
                        .to_owned();
                }
                Ok(answer) if (400..500).contains(&answer.status) && answer.status != 429 => {
                    anyhow::bail!("event {number} was refused: {}", answer.text());
                }
                Ok(_) | Err(_) => sleep(REPOST_WAIT).await,
            }
        };
        callers.acknowledged().insert(number, id);
    }
    Ok(())
}

impl Callers {
    fn acknowledged(&self) -> std::sync::MutexGuard<'_, HashMap<u64, String>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The event with its number as id, and as the work order's.
fn numbered(template: &Value, number: u64) -> Value {
    let mut event = template.clone();
    event["id"] = Value::from(format!("crash-{number}"));
    event["data"]["work_order_id"] = Value::from(number);
    event
}

/// A CorrigoPro notification names its delivery and its work order in the header.
fn identify(body: &[u8]) -> Option<Arrival> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let header = body.get("Header")?;
    Some(Arrival {
        delivery: header.get("MessageId")?.as_str()?.to_owned(),
        event: header.get("WorkOrderId")?.as_u64()?,
    })
}

/// A number within the range, by xorshift.
fn draw(state: &mut u64, range: std::ops::Range<u64>) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    range.start + *state % (range.end - range.start)
}

/// The binary beside this one, built now so that it is never an old one.
fn binary(options: &Options) -> anyhow::Result<PathBuf> {
    if let Some(binary) = &options.binary {
        return Ok(binary.clone());
    }
    let own = std::env::current_exe()?;
    let folder = own.parent().context("this program has no folder")?;
    let mut build = std::process::Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    build.args(["build", "--package", "transload"]).current_dir(modules::repository());
    if folder.ends_with("release") {
        build.arg("--release");
    }
    ensure!(build.status().context("run cargo build")?.success(), "transload does not build");
    Ok(folder.join("transload"))
}
