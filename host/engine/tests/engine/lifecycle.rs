//! Threads that end, callers that go away, and machines that have little room.

use std::{
    process::Command,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use transload_domain::{NotRun, StateSource};
use transload_engine::{Engine, MemoryMode};

use crate::guests::{call, call_with, engine, event, load, options};

/// A store that answers when it is told to.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<(u32, bool)>, Condvar)>);

impl Gate {
    fn open(&self) {
        self.0.0.lock().unwrap().1 = true;
        self.0.1.notify_all();
    }

    /// Waits until so many calls stand before it.
    fn wait_for(&self, callers: u32) {
        let (state, changed) = &*self.0;
        let wait =
            changed.wait_timeout_while(state.lock().unwrap(), Duration::from_secs(20), |state| {
                state.0 < callers
            });
        assert!(!wait.unwrap().1.timed_out(), "{callers} calls never came");
    }
}

impl StateSource for Gate {
    fn get(&self, _key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
        let (state, changed) = &*self.0;
        let mut guard = state.lock().unwrap();
        guard.0 += 1;
        changed.notify_all();
        let timeout = Duration::from_secs(20);
        let open = changed.wait_timeout_while(guard, timeout, |state| !state.1).unwrap();
        assert!(!open.1.timed_out());
        Ok(None)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_poisons_nothing() {
    let engine = Arc::new(engine(&["counter", "echo"]));
    let gate = Gate::default();
    let mut gone = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (engine, gate) = (Arc::clone(&engine), gate.clone());
        gone.spawn(async move { engine.transform(call_with("counter", event("{}"), gate)).await });
    }
    // Both threads are busy; this one waits in the queue.
    tokio::task::block_in_place(|| gate.wait_for(2));
    let queued = Arc::clone(&engine);
    gone.spawn(async move { queued.transform(call("echo")).await });
    tokio::task::yield_now().await;
    gone.shutdown().await;
    gate.open();
    for _ in 0..10 {
        assert!(engine.transform(call("echo")).await.unwrap().result.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_means_waiting_and_not_failing() {
    let engine = Arc::new(engine(&["counter"]));
    let gate = Gate::default();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..600 {
        let (engine, gate) = (Arc::clone(&engine), gate.clone());
        calls.spawn(async move { engine.transform(call_with("counter", event("{}"), gate)).await });
    }
    tokio::task::block_in_place(|| gate.wait_for(2));
    assert!(calls.try_join_next().is_none(), "nobody can have been answered");
    gate.open();
    let mut answered = 0;
    while let Some(ran) = calls.join_next().await {
        assert!(ran.unwrap().unwrap().result.is_ok());
        answered += 1;
    }
    assert_eq!(answered, 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_what_runs_and_answers_what_waits() {
    let engine = Arc::new(engine(&["endless-loop", "echo"]));
    let mut calls = tokio::task::JoinSet::new();
    for plugin in ["endless-loop"; 5] {
        let engine = Arc::clone(&engine);
        calls.spawn(async move { engine.transform(call(plugin)).await });
    }
    tokio::task::yield_now().await;
    let begun = Instant::now();
    let stopped = Arc::clone(&engine);
    tokio::task::spawn_blocking(move || stopped.shutdown()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    while let Some(answer) = calls.join_next().await {
        match answer.unwrap() {
            Ok(ran) => assert_eq!(ran.result.unwrap_err().kind(), "time"),
            Err(why) => assert_eq!(why, NotRun::Closed),
        }
    }
    assert_eq!(engine.transform(call("echo")).await, Err(NotRun::Closed));
    engine.shutdown();
}

#[test]
fn a_state_that_panics_costs_one_call() {
    struct Panics;
    impl StateSource for Panics {
        fn get(&self, _key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
            panic!("a bug of the host");
        }
    }
    let engine = engine(&["counter", "echo"]);
    let ran = engine.transform_here(call_with("counter", event("{}"), Panics)).unwrap();
    assert!(ran.result.unwrap_err().to_string().contains("the host itself failed"));
    assert!(engine.transform_here(call("echo")).unwrap().result.is_ok());
}

#[test]
fn memory_can_be_mapped_on_demand() {
    let options =
        transload_engine::EngineOptions { memory: Some(MemoryMode::OnDemand), ..options() };
    let engine = Engine::new(options).unwrap();
    assert_eq!(engine.memory_mode(), MemoryMode::OnDemand);
    for guest in ["echo", "memory-bomb", "wild-pointer"] {
        load(&engine, guest).unwrap();
    }
    for (guest, kind) in [("memory-bomb", "memory"), ("wild-pointer", "trap")] {
        let fault = engine.transform_here(call(guest)).unwrap().result.unwrap_err();
        assert_eq!(fault.kind(), kind, "{fault}");
        assert!(engine.transform_here(call("echo")).unwrap().result.is_ok());
    }
}

/// Set in the child, which runs with little address space.
const CHILD: &str = "TRANSLOAD_TEST_LITTLE_ADDRESS_SPACE";

#[test]
fn little_address_space_means_slower_and_not_broken() {
    if std::env::var_os(CHILD).is_some() {
        let engine = engine(&["echo"]);
        assert_eq!(engine.memory_mode(), MemoryMode::OnDemand);
        assert!(engine.transform_here(call("echo")).unwrap().result.is_ok());
        return;
    }
    // 8 GiB: enough for a process and its threads, and not for two slots of the pool.
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 8388608 && exec \"$0\" --exact --nocapture \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg("lifecycle::little_address_space_means_slower_and_not_broken")
        .env(CHILD, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "the child ran the test: {told}");
}
