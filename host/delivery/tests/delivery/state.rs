//! Plugin state: written with the deliveries that came from it, or not at all.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use transload_delivery::run::CONFLICTS_MAX;
use transload_domain::{Call, Content, EventNo, Outcome, Status};
use transload_store::{Faults, Faulty, Key, Ledger, Memory, Record, Shard, Sled};

use crate::support::{
    Fault, Luck, State, Time, World, echo_body, event, profile, seconds, webhook, webhook_of,
};

/// Numbers its deliveries.
fn number(call: &Call, state: &mut State<'_>) -> Outcome {
    let number = state.number("n") + 1;
    state.set_number("n", number);
    let mut request = echo_body(call);
    request.body = number.to_string().into_bytes();
    Outcome::Deliver(vec![request])
}

/// A world in which webhook 1 numbers its deliveries and webhook 2 does not; and how often each was run.
async fn numbered_and_plain() -> (World, [Arc<AtomicUsize>; 2]) {
    let world = World::with_host();
    let runs = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let [numbered, plain] = runs.clone();
    world.plugins.load_with(profile("acme"), 1, move |call, state| {
        numbered.fetch_add(1, SeqCst);
        Ok(number(call, state))
    });
    world.plugins.load_with(profile("plain"), 2, move |call, _| {
        plain.fetch_add(1, SeqCst);
        Ok(Outcome::Deliver(vec![echo_body(call)]))
    });
    world.put(webhook(1)).await;
    world.put(webhook_of(2, "plain")).await;
    (world, runs)
}

#[tokio::test]
async fn i4_stale_state_runs_the_transforms_of_its_webhook_again_and_no_others() {
    let (world, [numbered, plain]) = numbered_and_plain().await;
    world.ledger.fail(Fault::StaleOnce(webhook(1).id));
    let no = world.post(event("1")).await;
    for n in 1..=2 {
        world.until(world.key(no, &webhook(n)), Status::Delivered).await;
    }
    assert!(!world.ledger.is_armed(), "the dispatch was refused once");
    assert_eq!((numbered.load(SeqCst), plain.load(SeqCst)), (2, 1));
    assert_eq!(world.network.count(), 2);
}

#[tokio::test]
async fn i4_state_that_cannot_be_written_costs_only_the_deliveries_that_came_from_it() {
    let (world, [numbered, plain]) = numbered_and_plain().await;
    world.ledger.fail(Fault::Stale(webhook(1).id));
    let no = world.post(event("1")).await;
    world.until(world.key(no, &webhook(1)), Status::Dead).await;
    world.until(world.key(no, &webhook_of(2, "plain")), Status::Delivered).await;
    let runs = usize::try_from(CONFLICTS_MAX).unwrap();
    assert_eq!((numbered.load(SeqCst), plain.load(SeqCst)), (runs, 1));
    let deliveries = world.deliveries(no).await;
    let dead = deliveries.iter().find(|one| one.head.key.webhook == webhook(1).id).unwrap();
    let reason = dead.made.reason().unwrap();
    assert!(reason.contains("scripted change"), "{reason}");
    assert_eq!(dead.made.plugin.as_ref().unwrap().name.as_str(), "acme");
}

#[tokio::test]
async fn i4_a_full_state_costs_only_the_deliveries_that_came_from_it() {
    let (world, [_, plain]) = numbered_and_plain().await;
    world.plugins.load_with(profile("acme"), 1, |call, state| {
        state.set("all", vec![0; transload_domain::limits::STATE_BYTES_PER_WEBHOOK_MAX + 1]);
        Ok(Outcome::Deliver(vec![echo_body(call)]))
    });
    let no = world.post(event("1")).await;
    world.until(world.key(no, &webhook(1)), Status::Dead).await;
    world.until(world.key(no, &webhook_of(2, "plain")), Status::Delivered).await;
    assert_eq!(plain.load(SeqCst), 1);
}

/// How many events meet at the counter, and in how many terms.
const EVENTS: u64 = 160;
const CRASHES: u64 = 8;
/// How far the clock goes on at a time while all that is left is done.
const STEP: Duration = Duration::from_millis(100);

#[tokio::test]
async fn i4_many_events_at_one_counter_are_counted_exactly_whatever_fails_and_crashes() {
    for seed in 1..=6 {
        let time = Time::new();
        let memory = Memory::new(Arc::new(time.clone()));
        count_through_crashes(seed, time, memory).await;
    }
}

#[tokio::test]
async fn i4_many_events_at_one_counter_are_counted_exactly_on_disk_too() {
    let time = Time::new();
    let directory = tempfile::tempdir().unwrap();
    let sled = Sled::open(directory.path(), Arc::new(time.clone()), None).unwrap();
    count_through_crashes(7, time, sled).await;
}

/// Events come in, the ledger fails, the host crashes; then all is well, and each event has its number.
async fn count_through_crashes(seed: u64, time: Time, ledger: impl Ledger) {
    let ledger = Arc::new(Faulty::new(ledger, seed, Faults::default()));
    let mut world = World::over(time, Arc::clone(&ledger) as _);
    world.plugins.load_with(profile("acme"), 1, |call, state| Ok(number(call, state)));
    world.put(webhook(1)).await;
    ledger.set(Faults { before_per_mille: 20, after_per_mille: 20 });
    let mut luck = Luck(seed);
    for term in 0..CRASHES {
        world.start("one");
        for n in 0..EVENTS / CRASHES {
            accept(&world, &format!("{term}-{n}")).await;
            world.turns(luck.below(60)).await;
        }
        for _ in 0..luck.below(10) {
            world.time.advance(seconds(luck.below(3)));
            world.turns(luck.below(300)).await;
        }
        world.kill().await;
    }
    ledger.set(Faults::default());
    world.start("one");
    let last = EventNo(EVENTS);
    let all_delivered = async || {
        // Little, so that a lead on a slow disk can renew its lease in time.
        world.time.advance(STEP);
        world.quiet().await;
        for no in 1..=last.0 {
            let key = world.key(EventNo(no), &webhook(1));
            if world.status(key).await != Some(Status::Delivered) {
                return false;
            }
        }
        true
    };
    world.until_true("all are delivered", all_delivered).await;
    judge(&world, seed).await;
}

/// Accepts an event although the ledger fails now and then.
async fn accept(world: &World, id: &str) {
    while world.ledger.accept(Shard::default(), vec![event(id)]).await.is_err() {}
}

/// No number twice, none left out, and the state is the last one; nobody was ever sent another number.
async fn judge(world: &World, seed: u64) {
    let mut numbers = BTreeSet::new();
    let mut bodies = HashMap::new();
    for no in 1..=EVENTS {
        let key = world.key(EventNo(no), &webhook(1));
        let Some(Content::Request(request)) = world.content(key).await else { panic!("{key:?}") };
        let number: u64 = std::str::from_utf8(&request.body).unwrap().parse().unwrap();
        assert!(numbers.insert(number), "seed {seed}: two deliveries have number {number}");
        bodies.insert(key, request.body.clone());
    }
    assert!(numbers.iter().copied().eq(1..=EVENTS), "seed {seed}: {numbers:?}");
    for (_, exchange) in world.network.sent() {
        assert_eq!(bodies[&exchange.delivery], exchange.request.body, "seed {seed}");
    }
    let state = Key::State(webhook(1).id, "n".into());
    let Some(Record::State(_, value)) = world.ledger.read(Shard::default(), state).await.unwrap()
    else {
        panic!("seed {seed}: no state")
    };
    assert_eq!(value, EVENTS.to_string().into_bytes(), "seed {seed}");
}
