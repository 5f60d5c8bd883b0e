//! The whole way: events per second from POST to the receiver, against a bare loop that sends the same bytes; and how
//! long one event takes that is alone.
//!
//! Host, receiver and client share this machine. The host keeps its ledger on sled, runs the ReadyCloud plugin in the
//! sandbox for every event, and settles every delivery; the bare loop only sends the requests that came out.
//!
//! Beside the ratio of the rates stands the processor time of an event, by the threads that spent it: it says where
//! the time goes, and what else the machine does disturbs it less. `cargo bench -p transload-tests --bench path --
//! batches` runs that part alone, for a profile; so do `singles`, `bare` and `alone`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};
use transload_tests::{
    client::Client,
    cpu, figure,
    house::House,
    modules,
    receiver::{Arrival, Receiver},
};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events of one run.
const EVENTS: usize = 20_000;
/// Events of one post, for a company that posts in batches.
const BATCH: usize = 100;
/// Callers that post at the same time, exchanges at the same time, and connections of the bare loop.
const CALLERS: usize = 64;
/// Callers that post batches at the same time.
const BATCH_CALLERS: usize = 4;
/// Events that are posted one after the other, each when the one before it has arrived.
const ALONE: usize = 1_000;
/// Runs, of which the median counts. Host and bare loop take turns, so that a slow moment meets both.
const RUNS: usize = 5;
/// Microseconds of an event below which a kind of thread is not worth a line.
const CPU_TOLD_US: f64 = 0.5;
/// No run may take longer.
const RUN_TIME_MAX: Duration = Duration::from_secs(120);

/// What a run came to.
struct Ran {
    per_second: f64,
    /// Microseconds of processor time for each event, by the threads' names.
    cpu_us: BTreeMap<String, f64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|name| name == part);
    let (mut batches, mut singles, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for run in 1..=RUNS {
        if wanted("batches") {
            batches.push(whole_way(BATCH, BATCH_CALLERS).await?);
        }
        if wanted("bare") {
            bare.push(bare_loop().await?);
        }
        if wanted("singles") {
            singles.push(whole_way(1, CALLERS).await?);
        }
        let rate = |runs: &[Ran]| runs.last().map_or(0.0, |ran| ran.per_second);
        println!(
            "run {run}: the whole way {:.0} events/s in batches, {:.0} singly; {:.0} requests/s bare",
            rate(&batches),
            rate(&singles),
            rate(&bare)
        );
    }
    let rate = |runs: &[Ran]| median(runs.iter().map(|ran| ran.per_second).collect());
    let both = [(rate(&batches), "path.over_bare"), (rate(&singles), "path.single_over_bare")];
    for (name, runs) in [("path", &batches), ("path.single", &singles), ("path.bare", &bare)] {
        let separator = if name == "path" { '.' } else { '_' };
        if let Some(per_second) = rate(runs) {
            figure(&format!("{name}{separator}per_second"), format!("{per_second:.0}"));
            tell_cpu(&format!("{name}{separator}cpu_us"), runs);
        }
    }
    for (whole, name) in both {
        if let Some((whole, bare)) = whole.zip(rate(&bare)) {
            figure(name, format!("{:.3}", whole / bare));
        }
    }
    if wanted("alone") {
        let (p50, p99) = alone().await?;
        figure("path.alone_p50_ms", format!("{p50:.2}"));
        figure("path.alone_p99_ms", format!("{p99:.2}"));
    }
    Ok(())
}

/// Prints what an event took of each kind of thread, and of all.
fn tell_cpu(name: &str, runs: &[Ran]) {
    let sums = runs.iter().map(|ran| ran.cpu_us.values().sum::<f64>()).collect();
    let threads = runs.iter().flat_map(|ran| ran.cpu_us.keys()).collect::<BTreeSet<_>>();
    for thread in threads {
        let of_each = runs.iter().map(|ran| ran.cpu_us.get(thread).copied().unwrap_or_default());
        if let Some(spent) = median(of_each.collect()).filter(|spent| *spent >= CPU_TOLD_US) {
            figure(&format!("{name}.{thread}"), format!("{spent:.1}"));
        }
    }
    figure(name, format!("{:.1}", median(sums).unwrap_or_default()));
}

/// Times what is done for all events of a run.
async fn timed(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Ran> {
    let (cpu, began) = (cpu::by_thread(), Instant::now());
    work.await?;
    let per_second = EVENTS as f64 / began.elapsed().as_secs_f64();
    let spent = cpu::between(&cpu, &cpu::by_thread());
    let each = |time: Duration| time.as_secs_f64() * 1e6 / EVENTS as f64;
    Ok(Ran {
        per_second,
        cpu_us: spent.into_iter().map(|(name, time)| (name, each(time))).collect(),
    })
}

/// From the first POST until the last event has arrived.
async fn whole_way(batch: usize, callers: usize) -> anyhow::Result<Ran> {
    let house = House::start(&["readycloud"]).await?;
    let receiver = Receiver::start(identify).await?;
    let client = house.client("acme").await?;
    register(&client, &receiver).await?;

    let template = modules::case("readycloud", "orders-sample")?["event"].clone();
    let events: Vec<Value> = (0..EVENTS).map(|number| numbered(&template, number)).collect();
    let (kind, posts): (&str, Vec<Bytes>) = if batch == 1 {
        let one = |event: &Value| event.to_string().into();
        ("application/cloudevents+json", events.iter().map(one).collect())
    } else {
        let some = |events: &[Value]| Value::from(events.to_vec()).to_string().into();
        ("application/cloudevents-batch+json", events.chunks(batch).map(some).collect())
    };
    let asks = client.clone();
    let posted = at_the_same_time(callers, posts, move |post| {
        let client = client.clone();
        async move {
            let answer = client.post("/v1/events", kind, post).await?;
            ensure!(answer.status == 202, "events were refused: {}", answer.text());
            Ok(())
        }
    });
    let ran = timed(async {
        posted.await?;
        if timeout(RUN_TIME_MAX, receiver.events(EVENTS)).await.is_err() {
            bail!("not all events arrived\n{}", what_is_missing(&asks).await?);
        }
        Ok(())
    });
    let ran = ran.await?;
    house.stop().await?;
    Ok(ran)
}

/// The webhook, and a delivery of each status but the good one: they say why something has not arrived.
async fn what_is_missing(client: &Client) -> anyhow::Result<String> {
    let mut told = client.get("/v1/webhooks").await?.text();
    for status in ["scheduled", "blocked", "held", "skipped", "dead"] {
        let some = client.get(&format!("/v1/deliveries?status={status}&limit=1")).await?;
        told.push_str(&format!("\n{status}: {}", some.text()));
    }
    Ok(told)
}

/// A client that only sends.
async fn bare_loop() -> anyhow::Result<Ran> {
    let receiver = Receiver::start(identify).await?;
    let client = Client::new(&receiver.url(), "");
    let template =
        modules::case("readycloud", "orders-sample")?["expect"]["requests"][0]["body"].clone();
    let body = |number: usize| {
        let mut body = template.clone();
        body["primary_id"] = Value::from(number.to_string());
        body.to_string().into()
    };
    let bodies = (0..EVENTS).map(body).collect();
    let sent = at_the_same_time(CALLERS, bodies, move |body| {
        let client = client.clone();
        async move {
            let headers =
                [("content-type", "application/json"), ("auth", "a3f7f07de894cd3c2f7f50248ccbd4")];
            let answer = client.send(http::Method::PUT, "/", &headers, body).await?;
            ensure!(answer.status == 200, "the receiver refused: {}", answer.text());
            Ok(())
        }
    });
    timed(sent).await
}

/// Milliseconds from a POST to the arrival, at the 50th and the 99th of a hundred events that are alone.
async fn alone() -> anyhow::Result<(f64, f64)> {
    let house = House::start(&["readycloud"]).await?;
    let receiver = Receiver::start(identify).await?;
    let client = house.client("acme").await?;
    register(&client, &receiver).await?;
    let template = modules::case("readycloud", "orders-sample")?["event"].clone();
    let mut times = Vec::with_capacity(ALONE);
    for number in 0..ALONE {
        let event = numbered(&template, number);
        let began = Instant::now();
        let answer = client.event(&event).await?;
        ensure!(answer.status == 202, "an event was refused: {}", answer.text());
        timeout(RUN_TIME_MAX, receiver.events(number + 1)).await.context("it did not arrive")?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    house.stop().await?;
    times.sort_by(f64::total_cmp);
    Ok((times[ALONE / 2], times[ALONE * 99 / 100]))
}

/// A webhook that may use as many connections as the bare loop.
async fn register(client: &Client, receiver: &Receiver) -> anyhow::Result<()> {
    let definition = json!({
        "name": "orders",
        "plugin": "readycloud",
        "hooks": [{ "type": "orders", "endpoint": receiver.url() }],
        "limits": { "concurrency": CALLERS },
    });
    let answer = client.post("/v1/webhooks", "application/json", definition.to_string()).await?;
    ensure!(answer.status == 201, "the webhook was not taken: {}", answer.text());
    Ok(())
}

/// Does the work for each item, so many at a time.
async fn at_the_same_time<W, F>(callers: usize, items: Vec<Bytes>, work: W) -> anyhow::Result<()>
where
    W: Fn(Bytes) -> F + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let shared = Arc::new((work, items, AtomicUsize::new(0)));
    let mut set = JoinSet::new();
    for _ in 0..callers {
        let shared = Arc::clone(&shared);
        set.spawn(async move {
            let (work, items, next) = &*shared;
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(item.clone()).await?;
            }
            Ok(())
        });
    }
    while let Some(ended) = set.join_next().await {
        ended?.map_err(|error: anyhow::Error| error)?;
    }
    Ok(())
}

fn numbered(template: &Value, number: usize) -> Value {
    let mut event = template.clone();
    event["id"] = Value::from(format!("path-{number}"));
    event["data"]["id"] = Value::from(number.to_string());
    event
}

/// A ReadyCloud order names no delivery; each event gives one, so that the order's id serves for both.
fn identify(body: &[u8]) -> Option<Arrival> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let id = body.get("primary_id")?.as_str()?;
    Some(Arrival { delivery: id.to_owned(), event: id.parse().ok()? })
}

/// The middle one; none of none.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
