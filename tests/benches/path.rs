//! The whole way: events per second from POST to the receiver, against a bare loop that sends the same bytes.
//!
//! Host, receiver and client share this machine. The host keeps its ledger on sled, runs the ReadyCloud plugin in the
//! sandbox for every event, and settles every delivery; the bare loop only sends the requests that came out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::{task::JoinSet, time::timeout};
use transload_tests::{
    client::Client,
    figure,
    house::House,
    modules,
    receiver::{Arrival, Receiver},
};

/// Events of one run.
const EVENTS: u64 = 10_000;
/// Callers that post at the same time, and connections of the bare loop.
const CALLERS: u64 = 64;
/// Runs, of which the median counts. Host and bare loop take turns, so that a slow moment meets both.
const RUNS: usize = 3;
/// No run may take longer.
const RUN_TIME_MAX: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut whole = Vec::new();
    let mut bare = Vec::new();
    for run in 1..=RUNS {
        whole.push(whole_way().await?);
        bare.push(bare_loop().await?);
        println!(
            "run {run}: {:.0} events/s the whole way, {:.0} requests/s bare",
            whole[run - 1],
            bare[run - 1]
        );
    }
    let (whole, bare) = (median(whole), median(bare));
    figure("path.per_second", format!("{whole:.0}"));
    figure("path.bare_per_second", format!("{bare:.0}"));
    figure("path.over_bare", format!("{:.3}", whole / bare));
    Ok(())
}

/// Events per second from the first POST until the last event has arrived.
async fn whole_way() -> anyhow::Result<f64> {
    let house = House::start(&["readycloud"]).await?;
    let receiver = Receiver::start(identify).await?;
    let client = house.client("acme").await?;
    client.webhook("readycloud", "orders", &receiver.url()).await?;

    let template = modules::case("readycloud", "orders-sample")?["event"].clone();
    let began = Instant::now();
    callers(move |number| {
        let (client, event) = (client.clone(), numbered(&template, number));
        async move {
            let answer = client.event(&event).await?;
            ensure!(answer.status == 202, "an event was refused: {}", answer.text());
            Ok(())
        }
    })
    .await?;
    let all = usize::try_from(EVENTS)?;
    timeout(RUN_TIME_MAX, receiver.events(all)).await.context("not all events arrived in time")?;
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
    let began = Instant::now();
    callers(move |number| {
        let client = client.clone();
        let mut body = template.clone();
        body["primary_id"] = Value::from(number.to_string());
        async move {
            let headers =
                [("content-type", "application/json"), ("auth", "a3f7f07de894cd3c2f7f50248ccbd4")];
            let answer = client.send(http::Method::PUT, "/", &headers, body.to_string()).await?;
            ensure!(answer.status == 200, "the receiver refused: {}", answer.text());
            Ok(())
        }
    })
    .await?;
    Ok(EVENTS as f64 / began.elapsed().as_secs_f64())
}

/// Does the work for each number, so many at a time.
async fn callers<W, F>(work: W) -> anyhow::Result<()>
where
    W: Fn(u64) -> F + Send + Sync + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let (work, next) = (Arc::new(work), Arc::new(AtomicU64::new(0)));
    let mut set = JoinSet::new();
    for _ in 0..CALLERS {
        let (work, next) = (Arc::clone(&work), Arc::clone(&next));
        set.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= EVENTS {
                    return Ok(());
                }
                work(number).await?;
            }
        });
    }
    while let Some(ended) = set.join_next().await {
        ended?.map_err(|error: anyhow::Error| error)?;
    }
    Ok(())
}

fn numbered(template: &Value, number: u64) -> Value {
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
