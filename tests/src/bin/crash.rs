//! Kills the real host again and again while events come in, and then judges from outside.
//!
//! One vendor takes everything; another refuses one request of three, is suspended and resumed all the time, and gets
//! what a plugin has numbered in its state. Old events are being forgotten meanwhile, and the host is killed while it
//! does that, too.
//!
//! Demanded: every acknowledged event arrived at least once; no delivery id arrived with two different bodies; the
//! numbers have no hole and none went to two events; what arrived twice did so because of a kill between the two; the
//! host still knows every acknowledged event, and has forgotten the old ones. SIGKILL keeps the page cache, so that this
//! shows nothing about a loss of power.

use std::{
    collections::HashMap,
    ffi::OsString,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use transload_tests::{
    client::Client,
    dice::Dice,
    figure, modules, old,
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

/// In the middle of the kills the host lives once so long: it begins to forget a minute after its start.
const LONG_LIFE_MILLIS: std::ops::Range<u64> = 60_000..62_000;
/// Events that are there from before, and old enough to be forgotten.
const OLD_EVENTS: usize = 30_000;
/// How long a suspension and the time between two of them last.
const SUSPENSION_MILLIS: std::ops::Range<u64> = 100..900;
/// The vendor that fails refuses one request of so many.
const REFUSES_EVERY: u64 = 3;
/// What arrives twice because of a kill was first sent at most so long before it: its answer was not yet written.
const IN_FLIGHT_MAX: Duration = Duration::from_secs(2);

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
    /// How many events to be counted were acknowledged.
    counted: AtomicU64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    println!("crash: {} kills, {} callers, seed {}", options.kills, options.callers, options.seed);
    let folder = tempfile::tempdir()?;
    let home = Home::new(binary(&options)?, folder.path())?;
    modules::build(&["corrigopro", "moody"], &home.modules())?;
    let key = home.key("acme").await?;
    let old = old::fill(&home.data(), "acme", OLD_EVENTS).await?;

    let receiver = Receiver::start(identify).await?;
    let failing = Receiver::refusing(identify_number, REFUSES_EVERY).await?;
    let mut host = home.serve().await?;
    let client = Client::new(&home.url(), &key);
    client.webhook("corrigopro", "notifications", &receiver.url()).await?;
    let counter = patient_webhook(&client, &failing.url()).await?;

    let callers = Arc::new(Callers {
        client,
        template: modules::case("corrigopro", "work-order-created")?["event"].clone(),
        next: AtomicU64::new(1),
        stop: AtomicBool::new(false),
        acknowledged: Mutex::default(),
        counted: AtomicU64::new(0),
    });
    let mut posting = JoinSet::new();
    for _ in 0..options.callers {
        posting.spawn(post_until_stopped(Arc::clone(&callers)));
    }

    posting.spawn(suspend_until_stopped(Arc::clone(&callers), counter, options.seed));

    let random = Dice::new(options.seed);
    let mut kills = Vec::new();
    for kill in 1..=options.kills {
        let is_long = kill == options.kills.div_ceil(2);
        sleep(random.millis(if is_long { LONG_LIFE_MILLIS } else { LIFE_MILLIS })).await;
        kills.push(Instant::now());
        host.kill().await?;
        if kill % STARTS_CUT_EVERY == 0 {
            // A crash while the store is opened and the agenda is rebuilt.
            let starting = home.start()?;
            sleep(random.millis(START_MILLIS)).await;
            kills.push(Instant::now());
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
    let counted = callers.counted.load(Ordering::Relaxed);
    println!(
        "waiting until all {accepted} and {counted} have arrived, and the old ones are forgotten"
    );
    let arrived = async {
        receiver.events(accepted).await;
        failing.events(usize::try_from(counted).unwrap_or(usize::MAX)).await;
        old.until_forgotten(&callers.client).await
    };
    let drained = matches!(timeout(DRAIN_TIME_MAX, arrived).await, Ok(Ok(())));
    let faults =
        judge(&callers, &receiver, &kills).await? + judge_counter(counted, &failing, &kills);
    figure("crash.kills", kills.len());
    figure("crash.old_forgotten", drained);
    host.kill().await?;
    ensure!(
        accepted > 0 && drained && faults == 0,
        "the host broke its promise: see the figures above"
    );
    Ok(())
}

/// Counts what went wrong with the vendor that takes everything, prints the figures, and returns how much it was.
async fn judge(callers: &Callers, receiver: &Receiver, kills: &[Instant]) -> anyhow::Result<usize> {
    let acknowledged = callers.acknowledged().clone();
    let mut missing = 0;
    for id in acknowledged.values() {
        let answer = callers.client.get(&format!("/v1/events/{id}")).await?;
        missing += usize::from(answer.status != 200);
    }
    let arrivals = receiver.arrivals();
    let lost = acknowledged.keys().filter(|event| !arrivals.events.contains_key(event)).count();
    let split = arrivals.events.values().filter(|deliveries| **deliveries > 1).count();
    let changed = usize::try_from(arrivals.changed).unwrap_or(usize::MAX);
    let unexplained = unexplained(&arrivals.doubles, kills);
    figure("crash.accepted", acknowledged.len());
    figure("crash.arrived", arrivals.events.len());
    figure("crash.lost", lost);
    figure("crash.missing", missing);
    figure("crash.changed", changed);
    figure("crash.split", split);
    figure("crash.doubled", arrivals.doubled);
    figure("crash.doubled_without_a_kill", unexplained);
    Ok(lost + missing + changed + split + unexplained + usize::from(arrivals.strange > 0))
}

/// The same for the vendor that fails and gets numbers: they are 1 to the number of events, each at least once.
fn judge_counter(counted: u64, failing: &Receiver, kills: &[Instant]) -> usize {
    let arrivals = failing.arrivals();
    let holes = (1..=counted).filter(|number| !arrivals.events.contains_key(number)).count();
    let beyond = arrivals.events.keys().filter(|number| **number > counted).count();
    let unexplained = unexplained(&arrivals.doubles, kills);
    figure("crash.counted", counted);
    figure("crash.numbers_missing", holes);
    figure("crash.numbers_beyond", beyond);
    figure("crash.refused", arrivals.refused);
    figure("crash.counted_doubled", arrivals.doubled);
    figure("crash.counted_doubled_without_a_kill", unexplained);
    holes + beyond + unexplained + usize::from(arrivals.strange > 0)
}

/// How many of those that arrived twice did so without a kill that can have cut the first exchange before its answer
/// was written.
fn unexplained(doubles: &[(Instant, Instant)], kills: &[Instant]) -> usize {
    let is_cut = |(first, again): &&(Instant, Instant)| {
        kills.iter().any(|kill| again >= kill && *first + IN_FLIGHT_MAX >= *kill)
    };
    doubles.iter().filter(|double| !is_cut(double)).count()
}

/// A webhook of the counting plugin that is tried again soon and for long.
async fn patient_webhook(client: &Client, endpoint: &str) -> anyhow::Result<String> {
    let definition = json!({
        "name": "numbers",
        "plugin": "moody",
        "hooks": [{ "type": "moods", "endpoint": endpoint }],
        "retry": { "schedule": ["200ms"], "repeat_last": true, "max_attempts": 1_000, "jitter_percent": 50 },
    });
    let answer = client.post("/v1/webhooks", "application/json", definition.to_string()).await?;
    ensure!(answer.status == 201, "the webhook was not taken: {}", answer.text());
    Ok(answer.json()?["id"].as_str().context("the webhook has no id")?.to_owned())
}

/// Suspends and resumes a webhook again and again, whatever happens to the host; at last it is resumed.
async fn suspend_until_stopped(
    callers: Arc<Callers>,
    webhook: String,
    seed: u64,
) -> anyhow::Result<()> {
    let random = Dice::new(!seed);
    let call = async |what: &str| {
        let path = format!("/v1/webhooks/{webhook}/{what}");
        callers.client.post(&path, "application/json", "{}").await
    };
    while !callers.stop.load(Ordering::Relaxed) {
        // A host that is being killed does not answer; the next one is asked again.
        let _ = call("suspend").await;
        sleep(random.millis(SUSPENSION_MILLIS)).await;
        let _ = call("resume").await;
        sleep(random.millis(SUSPENSION_MILLIS)).await;
    }
    while !call("resume").await.is_ok_and(|answer| answer.status == 200) {
        sleep(REPOST_WAIT).await;
    }
    Ok(())
}

/// Posts event after event, each until it is acknowledged, whatever happens to the host.
async fn post_until_stopped(callers: Arc<Callers>) -> anyhow::Result<()> {
    while !callers.stop.load(Ordering::Relaxed) {
        let number = callers.next.fetch_add(1, Ordering::Relaxed);
        let id = post_until_acknowledged(&callers, &numbered(&callers.template, number)).await?;
        callers.acknowledged().insert(number, id);
        if number.is_multiple_of(4) {
            let event = json!({
                "specversion": "1.0", "id": format!("count-{number}"), "source": "/crash",
                "type": "mood.counting", "data": {},
            });
            post_until_acknowledged(&callers, &event).await?;
            callers.counted.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Posts an event until it is acknowledged, and returns its id.
async fn post_until_acknowledged(callers: &Callers, event: &Value) -> anyhow::Result<String> {
    loop {
        match callers.client.event(event).await {
            Ok(answer) if answer.status == 202 => {
                let answer = answer.json()?;
                let id = answer["events"][0]["id"].as_str().context("no id in the answer")?;
                return Ok(id.to_owned());
            }
            Ok(answer) if (400..500).contains(&answer.status) && answer.status != 429 => {
                anyhow::bail!("event {} was refused: {}", event["id"], answer.text());
            }
            Ok(_) | Err(_) => sleep(REPOST_WAIT).await,
        }
    }
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

/// What the counting plugin sends is the number.
fn identify_number(body: &[u8]) -> Option<Arrival> {
    let number: u64 = serde_json::from_slice(body).ok()?;
    Some(Arrival { delivery: number.to_string(), event: number })
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
    // What the cargo that runs this tool says of the tool's package: ring's build script looks at it, and all that
    // stands on ring would be built anew.
    let told = std::env::vars_os().map(|(name, _)| name);
    let is_of_package = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    for name in told.filter(is_of_package) {
        build.env_remove(name);
    }
    if folder.ends_with("release") {
        build.arg("--release");
    }
    ensure!(build.status().context("run cargo build")?.success(), "transload does not build");
    Ok(folder.join("transload"))
}
