//! The whole way: events per second from POST to the receiver, against a bare loop that sends the same bytes; and how
//! long one event takes that is alone.
//!
//! Host, receiver and client share this machine. The host keeps its ledger on sled, runs the ReadyCloud plugin in the
//! sandbox for every event, and settles every delivery; the bare loop only sends the requests that came out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};
use transload_tests::{
    client::Client,
    figure,
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
/// No run may take longer.
const RUN_TIME_MAX: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (mut batches, mut singles, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for run in 1..=RUNS {
        batches.push(whole_way(BATCH, BATCH_CALLERS).await?);
        bare.push(bare_loop().await?);
        singles.push(whole_way(1, CALLERS).await?);
        println!(
            "run {run}: the whole way {:.0} events/s in batches, {:.0} singly; {:.0} requests/s bare",
            batches[run - 1],
            singles[run - 1],
            bare[run - 1]
        );
    }
    let (batches, singles, bare) = (median(batches), median(singles), median(bare));
    let (p50, p99) = alone().await?;
    figure("path.per_second", format!("{batches:.0}"));
    figure("path.single_per_second", format!("{singles:.0}"));
    figure("path.bare_per_second", format!("{bare:.0}"));
    figure("path.over_bare", format!("{:.3}", batches / bare));
    figure("path.single_over_bare", format!("{:.3}", singles / bare));
    figure("path.alone_p50_ms", format!("{p50:.2}"));
    figure("path.alone_p99_ms", format!("{p99:.2}"));
    Ok(())
}

/// Events per second from the first POST until the last event has arrived.
async fn whole_way(batch: usize, callers: usize) -> anyhow::Result<f64> {
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
    let began = Instant::now();
    at_the_same_time(callers, posts, move |post| {
        let client = client.clone();
        async move {
            let answer = client.post("/v1/events", kind, post).await?;
            ensure!(answer.status == 202, "events were refused: {}", answer.text());
            Ok(())
        }
    })
    .await?;
    timeout(RUN_TIME_MAX, receiver.events(EVENTS)).await.context("not all events arrived")?;
    let took = began.elapsed();
    house.stop().await?;
    Ok(EVENTS as f64 / took.as_secs_f64())
}

/// Requests per second of a client that only sends.
async fn bare_loop() -> anyhow::Result<f64> {
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
    let began = Instant::now();
    at_the_same_time(CALLERS, bodies, move |body| {
        let client = client.clone();
        async move {
            let headers =
                [("content-type", "application/json"), ("auth", "a3f7f07de894cd3c2f7f50248ccbd4")];
            let answer = client.send(http::Method::PUT, "/", &headers, body).await?;
            ensure!(answer.status == 200, "the receiver refused: {}", answer.text());
            Ok(())
        }
    })
    .await?;
    Ok(EVENTS as f64 / began.elapsed().as_secs_f64())
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
