//! What the sandbox costs, for ReadyCloud's sample order of some 2 KB.
//!
//! Measured is the engine's call path on the calling thread: from a domain event to a checked outcome, with a new
//! store, a fresh instance, limits, and the copies in and out; and beside it the same Rust code, called natively
//! from the same event to the same bytes. The way through the queue to another thread and back is a figure of its
//! own. Variants take turns, so that what else the machine does meets all of them alike; the median of the turns
//! counts.

mod grouping;
mod loading;
mod order;
mod turns;

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use transload_engine::Engine;

use self::{order::Order, turns::Turns};

/// Calls of one turn.
const CALLS: usize = 100;
/// Turns of each variant.
const TURNS: usize = 300;
/// How long each measurement of calls per second lasts.
const SPAN: Duration = Duration::from_millis(500);
/// Measurements of calls per second, for each number of threads.
const SPANS: usize = 7;

fn main() {
    let order = Order::read();
    let module = order::module();
    loading::measure(&module);

    let engine = Arc::new(loading::engine(None));
    engine.load_bytes("readycloud.wasm", &module).expect("the plugin loads");
    let native = order.native();
    let sandboxed = order.sandboxed(&engine);
    assert_eq!(native, sandboxed, "both make the same bytes");
    println!("an order of {} bytes becomes a body of {} bytes", order.bytes(), native.len());

    price(&engine, &order);
    hand_over(&engine, &order);
    grouping::measure(&engine, &module, &order);
    threads(&engine, &order);
    engine.shutdown();
}

fn price(engine: &Engine, order: &Order) {
    let (mut native, mut fresh, mut reused) = (Turns::new(), Turns::new(), Turns::new());
    for _ in 0..TURNS {
        native.time(CALLS, || {
            for _ in 0..CALLS {
                black_box(order.native());
            }
        });
        let calls: Vec<_> = (0..CALLS).map(|_| order.call()).collect();
        fresh.time(CALLS, || {
            for call in calls {
                black_box(engine.transform_here(call).expect("it runs"));
            }
        });
        let calls: Vec<_> = (0..CALLS).map(|_| order.call()).collect();
        reused.time(CALLS, || black_box(engine.transform_in_one_instance(calls).expect("it runs")));
    }
    let (native, fresh, reused) = (native.median_us(), fresh.median_us(), reused.median_us());
    println!("figure transform.readycloud.native_us {native:.2}");
    println!("figure transform.readycloud.fresh_us {fresh:.2}");
    println!("figure transform.readycloud.reused_us {reused:.2}");
    println!("figure transform.readycloud.fresh_over_native {:.2}", fresh / native);
    println!("figure transform.readycloud.reused_over_native {:.2}", reused / native);
}

/// What it costs to go to one of the engine's threads and back, one call at a time.
fn hand_over(engine: &Engine, order: &Order) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (mut here, mut there) = (Turns::new(), Turns::new());
    for _ in 0..TURNS / 3 {
        here.time(CALLS, || {
            for _ in 0..CALLS {
                black_box(engine.transform_here(order.call()).expect("it runs"));
            }
        });
        there.time(CALLS, || {
            runtime.block_on(async {
                for _ in 0..CALLS {
                    black_box(engine.transform(order.call()).await.expect("it runs"));
                }
            });
        });
    }
    println!("figure transform.handover_us {:.2}", there.median_us() - here.median_us());
}

fn threads(engine: &Arc<Engine>, order: &Order) {
    let (mut one, mut two, mut pooled) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SPANS {
        one.push(calls_per_second(engine, order, 1));
        two.push(calls_per_second(engine, order, 2));
        pooled.push(pooled_per_second(engine, order));
    }
    let (one, two) = (turns::median(&mut one), turns::median(&mut two));
    // Handing several calls to a thread at a time could gain what is missing here, and no more.
    let pooled = turns::median(&mut pooled);
    println!("figure transform.pool32_per_s {pooled:.0}");
    println!("figure transform.pool32_over_direct {:.2}", pooled / one);
    println!("figure transform.threads1_per_s {one:.0}");
    println!("figure transform.threads2_per_s {two:.0}");
    println!("figure transform.threads2_over_1 {:.2}", two / one);
}

/// Calls in flight at the same time, as the delivery loop has them.
const IN_FLIGHT: usize = 32;

/// Calls per second by way of the engine's one thread, each call in a task of its own.
fn pooled_per_second(engine: &Arc<Engine>, order: &Order) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (mut tasks, mut calls, begun) = (JoinSet::new(), 0_u32, Instant::now());
        while begun.elapsed() < SPAN {
            while tasks.len() < IN_FLIGHT {
                let (engine, call) = (Arc::clone(engine), order.call());
                tasks.spawn(async move { engine.transform(call).await });
            }
            let ended = tasks.join_next().await.expect("a task").expect("no panic");
            black_box(ended.expect("it runs"));
            calls += 1;
        }
        f64::from(calls) / begun.elapsed().as_secs_f64()
    })
}

fn calls_per_second(engine: &Arc<Engine>, order: &Order, threads: usize) -> f64 {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let (mut calls, begun) = (0_u32, Instant::now());
                    while !stop.load(Ordering::Relaxed) {
                        black_box(engine.transform_here(order.call()).expect("it runs"));
                        calls += 1;
                        if begun.elapsed() > SPAN {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                    f64::from(calls) / begun.elapsed().as_secs_f64()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).sum()
    })
}
