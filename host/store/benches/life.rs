//! What an event costs the ledger on disk in its whole life, and whether the disk fills up.
//!
//! `cargo bench -p transload-store --bench life`. Each round accepts events, dispatches each into one delivery, settles
//! it, and forgets the round before. The processor's time is that of the whole process: on a machine that others use
//! too it says more than the clock.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use transload_domain::{
    Answer, Attempt, AttemptOutcome, Clock, Content, Delivery, DeliveryKey, Digest, Event, EventNo,
    Head, HookNo, Made, Method, Organization, Part, PluginName, PluginRef, Request, Status,
    Timestamp, Verdict, WebhookId,
};
use transload_store::{Dispatch, Lead, Ledger, Retirement, Settlement, Shard, Sled};

/// As in the host: what is measured is not another allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SHARD: Shard = Shard(0);
const ROUNDS: u64 = 8;
const EVENTS_PER_ROUND: u64 = 16_384;
/// Webhooks that take turns.
const WEBHOOKS: u64 = 4;
/// Callers of each verb at the same time.
const CALLERS: usize = 64;
/// Dispatches of one call, as the loop makes them under load.
const DISPATCHES: usize = 16;

fn main() -> Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    // In the target folder, because a temporary folder may be memory, where a sync costs nothing.
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).context("make a folder")?;
    runtime.block_on(async {
        let ledger = Arc::new(Sled::open(place.path(), Arc::new(Noon), None)?);
        let lead = ledger.lead(SHARD, "bench", Duration::from_secs(60)).await?;
        let [mut accept, mut dispatch, mut settle, mut retire] = [Cost::default(); 4];
        for round in 0..ROUNDS {
            // What is written is made before: it is no work of the ledger's.
            let first = round * EVENTS_PER_ROUND;
            let numbers = (first + 1..=first + EVENTS_PER_ROUND).map(EventNo);
            let events = (first..first + EVENTS_PER_ROUND).map(|id| event(id, round)).collect();
            let dispatches: Vec<_> = numbers.map(one_dispatch).collect();
            let heads = dispatches.iter().map(|one| one.deliveries[0].head);
            let settlements = heads.map(settlement).collect();
            accept.of(accepted(&ledger, events)).await?;
            dispatch.of(dispatched(&ledger, &lead, dispatches)).await?;
            settle.of(settled(&ledger, &lead, settlements)).await?;
            retire.of(retired(&ledger, &lead, round)).await?;
            let bytes = ledger.size(SHARD).await?;
            println!("figure life.round_{}.disk_mib {}", round + 1, bytes >> 20);
            if round == 0 {
                // Nothing is forgotten yet.
                println!("figure life.disk_bytes_per_event {}", bytes / EVENTS_PER_ROUND);
            }
        }
        for (name, cost) in
            [("accept", accept), ("dispatch", dispatch), ("settle", settle), ("retire", retire)]
        {
            let events = (ROUNDS * EVENTS_PER_ROUND) as f64;
            println!("figure life.{name}.per_second {:.0}", events / cost.took.as_secs_f64());
            println!("figure life.{name}.cpu_micros {:.1}", cost.cpu.as_micros() as f64 / events);
        }
        ledger.shutdown().await;
        Ok(())
    })
}

/// What some work took.
#[derive(Clone, Copy, Default)]
struct Cost {
    took: Duration,
    cpu: Duration,
}

impl Cost {
    async fn of<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (begun, cpu) = (Instant::now(), cpu_time()?);
        let result = work.await?;
        self.took += begun.elapsed();
        self.cpu += cpu_time()?.saturating_sub(cpu);
        Ok(result)
    }
}

/// The processor's time of this process so far, of all its threads that live.
fn cpu_time() -> Result<Duration> {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        // A thread may have ended meanwhile.
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        nanos += text.split(' ').next().context("schedstat has a number")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Runs some callers, each on its share: they take turns, so that what is done at the same time lies together, as it
/// does in life.
async fn by_callers<T, F>(all: Vec<T>, call: impl Fn(Vec<T>) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut shares: Vec<Vec<T>> = Vec::new();
    shares.resize_with(CALLERS, Vec::new);
    for (number, one) in all.into_iter().enumerate() {
        shares[number % CALLERS].push(one);
    }
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    for share in shares {
        tasks.spawn(call(share));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn accepted(ledger: &Arc<Sled>, events: Vec<Event>) -> Result<()> {
    by_callers(events, |events| {
        let ledger = ledger.clone();
        async move {
            for event in events {
                ledger.accept(SHARD, vec![event]).await?;
            }
            Ok(())
        }
    })
    .await
}

async fn dispatched(ledger: &Arc<Sled>, lead: &Lead, dispatches: Vec<Dispatch>) -> Result<()> {
    let mut calls = Vec::new();
    let mut rest = dispatches.into_iter();
    while rest.len() > 0 {
        calls.push(rest.by_ref().take(DISPATCHES).collect::<Vec<_>>());
    }
    by_callers(calls, |calls| {
        let (ledger, lead) = (ledger.clone(), lead.clone());
        async move {
            for dispatches in calls {
                for answer in ledger.dispatch(&lead, dispatches).await {
                    answer?;
                }
            }
            Ok(())
        }
    })
    .await
}

async fn settled(ledger: &Arc<Sled>, lead: &Lead, settlements: Vec<Settlement>) -> Result<()> {
    by_callers(settlements, |settlements| {
        let (ledger, lead) = (ledger.clone(), lead.clone());
        async move {
            for settlement in settlements {
                ledger.settle(&lead, settlement).await?;
            }
            Ok(())
        }
    })
    .await
}

/// Forgets the events of the rounds before this one.
async fn retired(ledger: &Arc<Sled>, lead: &Lead, round: u64) -> Result<()> {
    let mut from = EventNo(0);
    loop {
        let accepted_before = Timestamp::from_micros(round as i64);
        let one = Retirement { from, accepted_before, max: 256 };
        match ledger.retire(lead, one).await?.next {
            Some(next) => from = next,
            None => return Ok(()),
        }
    }
}

fn event(id: u64, round: u64) -> Event {
    Event {
        organization: Organization::new("acme").expect("a good name"),
        id: id.to_string(),
        source: "/shop/orders".into(),
        kind: "order.created".into(),
        subject: None,
        time: Some("2026-11-21T20:00:00Z".into()),
        extensions: vec![],
        data: order(id, 12),
        accepted_at: Timestamp::from_micros(round as i64),
        emulated_for: None,
    }
}

/// An order with some lines, of 110 bytes each: like any other one, and yet no two are the same.
fn order(id: u64, lines: u64) -> String {
    const WORDS: [&str; 8] = ["blue", "mug", "oak", "lamp", "travel", "small", "steel", "wool"];
    let mut seed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = |below: u64| {
        // Xorshift (Marsaglia 2003).
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut text = format!(r#"{{"id":"{id}","customer":"{:016x}","lines":["#, random(u64::MAX));
    for line in 0..lines {
        let comma = if line == 0 { "" } else { "," };
        let (one, other) = (WORDS[random(8) as usize], WORDS[random(8) as usize]);
        let (sku, quantity, cents) = (random(1_000_000), 1 + random(9), random(100));
        text += &format!(
            r#"{comma}{{"sku":"SKU-{sku:06}","name":"{one} {other}","quantity":{quantity},"unit_price":"{quantity}.{cents:02} USD","taxable":true}}"#
        );
    }
    text + "]}"
}

fn delivery(no: EventNo) -> Delivery {
    let webhook = WebhookId::from_random([(no.0 % WEBHOOKS) as u8; 16]);
    let key = DeliveryKey { event: no, webhook, hook: HookNo(0), part: Part(0) };
    let name = PluginName::new("readycloud").expect("a good name");
    let plugin = PluginRef { name, version: "1.0.0".into(), digest: Digest([7; 32]) };
    let content = Content::Request(Arc::new(Request {
        method: Method::Put,
        path: format!("/orders/{}", no.0),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: order(no.0, 20).into_bytes(),
    }));
    let head = Head::new(key, Status::Scheduled, Timestamp::EPOCH, Timestamp::EPOCH);
    Delivery { head, made: Made { plugin: Some(plugin), content } }
}

fn one_dispatch(no: EventNo) -> Dispatch {
    let deliveries = vec![delivery(no)];
    Dispatch { event: no, replaces: None, deliveries, checks: vec![], changes: vec![] }
}

fn settlement(before: Head) -> Settlement {
    let attempt = Attempt {
        delivery: before.key,
        number: 1,
        started: Timestamp::EPOCH,
        took: Duration::from_millis(5),
        outcome: AttemptOutcome::Answered(Answer {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: order(before.key.event.0, 2).into_bytes(),
            cut: false,
            retry_after: None,
            resent: false,
        }),
        verdict: Verdict::Delivered,
    };
    let after = Head { status: Status::Delivered, attempts: 1, ..before };
    Settlement { before, after, attempt: Some(attempt), made: None, failure: None }
}

/// A clock that stands still: nothing here asks for the time.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
}
