//! Taking the lead, keeping it, and losing it.

use std::sync::Arc;

use transload_delivery::{
    Problem,
    run::{self, LoopError},
};
use transload_domain::{Call, Outcome, Status};
use transload_store::{Error, Ledger, Shard};

use crate::support::{Fault, Network, State, World, event, profile, seconds, webhook};

#[tokio::test]
async fn i7_a_deposed_lead_changes_nothing() {
    let mut world = World::with_host();
    world.put(webhook(1)).await;
    world.network.hang("vendor1");
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    // The host is cut off from the store while its lease runs out, so it cannot renew.
    world.ledger.fail(Fault::Everything);
    world.time.advance(seconds(91));
    world.quiet().await;
    world.ledger.mend();
    let other = world.ledger.lead(Shard::default(), "two", seconds(900)).await.unwrap();
    let feed = world.ledger.agenda(&other).await.unwrap();
    world.network.release();
    for _ in 0..20 {
        world.time.advance(seconds(10));
        world.quiet().await;
    }
    assert_eq!(world.status(key).await, Some(Status::Scheduled));
    assert_eq!(world.attempts(key).await, []);
    assert_eq!(world.network.count(), 1, "a host without the lead sends nothing");
    drop(feed);
    world.kill().await;
    world.time.advance(seconds(900));
    world.start("two");
    world.until(key, Status::Delivered).await;
    assert_eq!(world.attempts(key).await.len(), 1);
}

#[tokio::test]
async fn i7_a_lead_that_was_deposed_unnoticed_settles_nothing() {
    let mut world = World::with_host();
    world.put(webhook(1)).await;
    world.network.hang("vendor1");
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until_sent(1).await;
    // The clock jumps over the lease; before the host looks, another one has taken the lead.
    let second = Arc::new(Network::new(world.time.clone()));
    world.time.advance(seconds(91));
    world.ledger.lead(Shard::default(), "two", seconds(90)).await.unwrap();
    world.network.release();
    world.start_with("two", &second);
    world.until(key, Status::Delivered).await;
    world.quiet().await;
    assert_eq!((world.network.count(), second.count()), (1, 1));
    assert_eq!(world.attempts(key).await.len(), 1);
}

#[tokio::test]
async fn i7_nothing_is_sent_that_could_outlive_the_lease() {
    let world = World::new();
    world.ledger.fail(Fault::ShortLease);
    let mut world = world;
    world.start("one");
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Scheduled).await;
    world.quiet().await;
    assert_eq!(world.network.count(), 0);
    world.ledger.mend();
    world.time.advance(seconds(31));
    world.until(key, Status::Delivered).await;
}

#[tokio::test]
async fn the_lease_is_renewed_in_time() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    for _ in 0..30 {
        world.time.advance(seconds(10));
        world.quiet().await;
        let other = world.ledger.lead(Shard::default(), "two", seconds(1)).await;
        assert_eq!(other, Err(Error::Taken("one".into())));
        assert_eq!(world.problems(), []);
    }
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Delivered).await;
}

#[tokio::test]
async fn a_store_that_fails_shows_in_the_health_and_is_used_again_when_it_is_mended() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    world.quiet().await;
    assert_eq!(world.problems(), []);
    world.ledger.fail(Fault::Everything);
    let key = world.key(world.post(event("1")).await, &webhook(1));
    let unhealthy = async || matches!(&world.problems()[..], [Problem::Store(_)]);
    world.until_true("the health says so", unhealthy).await;
    world.ledger.mend();
    world.time.advance(seconds(10));
    world.until(key, Status::Delivered).await;
    assert_eq!(world.problems(), []);
}

#[tokio::test]
async fn an_agenda_that_breaks_off_shows_in_the_health_until_one_is_whole() {
    let mut world = World::new();
    world.ledger.fail(Fault::AgendaBreaks);
    world.start("one");
    for _ in 0..5 {
        world.quiet().await;
        assert!(matches!(&world.problems()[..], [Problem::Store(_)]), "{:?}", world.problems());
        world.time.advance(seconds(10));
    }
    world.ledger.mend();
    world
        .until_true("the host is ready", async || {
            world.time.advance(seconds(10));
            world.quiet().await;
            world.problems().is_empty()
        })
        .await;
}

#[tokio::test]
async fn a_loop_that_never_learns_what_there_is_ends_with_an_error() {
    for fault in [Fault::AgendaBreaks, Fault::Everything] {
        let mut world = World::new();
        world.ledger.fail(fault);
        world.start("one");
        // A term that was whole is no such failure, though it ends in one: it is counted anew behind it.
        world.pass(seconds(10), u64::from(run::FAILED_TERMS_MAX) - 20).await;
        world.ledger.mend();
        world.pass(seconds(10), 2).await;
        assert_eq!(world.problems(), []);
        world.ledger.fail(Fault::Everything);
        world.pass(seconds(10), 4).await;
        assert!(!world.problems().is_empty(), "the term is over");
        world.ledger.fail(fault);
        world.pass(seconds(10), u64::from(run::FAILED_TERMS_MAX) - 20).await;
        assert!(matches!(&world.problems()[..], [Problem::Store(_)]), "{:?}", world.problems());
        world.pass(seconds(10), 40).await;
        let error = world.ended().await.unwrap_err();
        let LoopError::Store { times, last: Error::Unavailable(_) } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*times, run::FAILED_TERMS_MAX);
        let problems = world.problems();
        assert!(problems.iter().any(|one| matches!(one, Problem::Ended(_))), "{problems:?}");
    }
}

#[tokio::test]
async fn a_loop_that_waits_for_another_host_goes_on_waiting() {
    let mut world = World::new();
    let other = world.ledger.lead(Shard::default(), "two", seconds(1_000_000)).await.unwrap();
    world.start("one");
    world.pass(seconds(10), u64::from(run::FAILED_TERMS_MAX) + 20).await;
    assert_eq!(world.hosts(), 1, "{other:?}");
    world.time.advance(seconds(1_000_000));
    world.put(webhook(1)).await;
    let key = world.key(world.post(event("1")).await, &webhook(1));
    world.until(key, Status::Delivered).await;
}

#[tokio::test]
async fn a_lease_that_no_exchange_fits_in_is_refused() {
    let mut options = run::Options::new("one");
    options.lease = seconds(40);
    let mut world = World::new();
    world.start_as(options);
    let error = world.ended().await.unwrap_err().to_string();
    assert!(error.starts_with("a lease of 40s is too short"), "{error}");
    assert!(matches!(&world.problems()[..], [Problem::Ended(_)]));
}

#[tokio::test]
async fn a_part_of_the_loop_that_panics_ends_it_in_words() {
    let mut world = World::with_host();
    let panics = |_: &Call, _: &mut State<'_>| -> Result<Outcome, transload_domain::Fault> {
        panic!("the engine is broken")
    };
    world.plugins.load_with(profile("acme"), 1, panics);
    world.put(webhook(1)).await;
    world.post(event("1")).await;
    let error = world.ended().await.unwrap_err().to_string();
    assert!(error.contains("panicked: ") && error.contains("the engine is broken"), "{error}");
    assert!(matches!(&world.problems()[..], [Problem::Ended(why)] if *why == error));
}
