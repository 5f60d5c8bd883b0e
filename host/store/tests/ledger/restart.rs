//! The ledger on disk, closed and opened again.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use transload_domain::{
    Digest, Event, EventNo, Head, Organization, Progress, Replay, ReplayId, Selection, Status,
    Timestamp, Webhook, limits,
};
use transload_store::{
    Change, Dispatch, Entry, Error, Failure, Ledger, LedgerExt, OpenError, Query, Rows, Settlement,
    Sled, SledRows,
};

use crate::world::{
    HandClock, LEASE, SHARD, World, acme, change, dispatch, event, hook, key, next_events,
    settlement, until_current, webhook,
};

fn open(path: &Path) -> Result<(Arc<Sled>, World), OpenError> {
    let clock = Arc::new(HandClock::default());
    let ledger = Arc::new(Sled::open(path, clock.clone(), None)?);
    Ok((ledger.clone(), World { ledger, clock }))
}

fn refusal(path: &Path) -> String {
    match open(path) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_everything_is_there_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let (ledger, world) = open(place.path()).unwrap();
    let old = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let profile = Change::Profile(Digest::of(b"module"), crate::rows::profile());
    ledger.configure(SHARD, profile, None).await.unwrap();
    let access = Change::Access { id: "key".into(), value: Some(b"hash".to_vec()) };
    ledger.configure(SHARD, access, None).await.unwrap();
    let parts =
        [(hook(1), Status::Scheduled), (hook(1), Status::Scheduled), (hook(2), Status::Blocked)];
    let made = world.deliver(&old, "1", &parts).await;
    ledger.settle(&old, settlement(made[0].head, Status::Delivered)).await.unwrap();
    let retried = settlement(made[1].head, Status::Scheduled);
    ledger.settle(&old, retried.clone()).await.unwrap();
    let stateful = world.post("2").await;
    let changes = vec![change(hook(1), "k", Some(b"v"))];
    world.dispatch(&old, Dispatch { changes, ..dispatch(stateful) }).await.unwrap();
    let large = Event { data: "x".repeat(limits::EVENT_BYTES_MAX), ..event("large") };
    let large_no = world.accept(vec![large.clone()]).await.unwrap()[0].no;
    let state = ledger.state(SHARD, hook(1), "k").await.unwrap();
    let picture = world.picture(9, &[hook(1), hook(2)]).await;
    ledger.shutdown().await;
    drop((ledger, world));

    let (ledger, world) = open(place.path()).unwrap();
    assert_eq!(world.picture(9, &[hook(1), hook(2)]).await, picture);
    assert_eq!(ledger.event(SHARD, large_no).await.unwrap(), Some(large));
    assert_eq!(ledger.state(SHARD, hook(1), "k").await.unwrap(), state);
    assert_eq!(ledger.access(SHARD, "key").await.unwrap().unwrap().1, b"hash");
    assert!(ledger.profile(SHARD, Digest::of(b"module")).await.unwrap().is_some());
    assert_eq!(ledger.settle(&old, retried.clone()).await, Err(Error::Fenced));
    // The lease of the process that is gone binds nobody, and its host has a new epoch.
    let new = ledger.lead(SHARD, "another", LEASE).await.unwrap();
    assert!(new.epoch > old.epoch);
    let mut agenda = ledger.agenda(&new).await.unwrap();
    let told = until_current(&mut agenda).await;
    let open: Vec<_> = told
        .iter()
        .filter_map(|entry| match entry {
            Entry::Delivery(head) => Some(*head),
            _ => None,
        })
        .collect();
    assert_eq!(open, [made[2].head, retried.after]);
    assert_eq!(told.len(), 4);
    assert_eq!(next_events(&mut agenda, 1).await, [large_no.0]);
    assert!(world.post("3").await > large_no);
    assert!(world.put_webhook(&webhook(hook(3))).await > state.unwrap().0);
    ledger.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lead_must_know_outlives_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let (ledger, world) = open(place.path()).unwrap();
    let old = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let parts = [(hook(1), Status::Scheduled), (hook(1), Status::Dead), (hook(1), Status::Dead)];
    let made = world.deliver(&old, "1", &parts).await;
    let failure = Some(Failure {
        at: Timestamp::from_micros(7),
        keep: 3,
        spoken_to: webhook(hook(1)).into(),
    });
    let failed = Settlement { failure, ..settlement(made[0].head, Status::Scheduled) };
    ledger.settle(&old, failed.clone()).await.unwrap();
    for one in &made[1..] {
        world.redrive(one.head.key, true).await.unwrap();
    }
    let granted = Head { status: Status::Blocked, ..made[2].head };
    let granted = Settlement {
        before: made[2].head,
        after: granted,
        attempt: None,
        made: None,
        failure: None,
    };
    ledger.settle(&old, granted.clone()).await.unwrap();
    let replay = Replay {
        id: ReplayId::from_random([3; 16]),
        organization: acme(),
        selection: Selection {
            webhook: None,
            statuses: vec![Status::Dead],
            from: None,
            to: None,
            out_of_order: false,
        },
        created_at: Timestamp::from_micros(1),
        progress: Progress { seen: 9, next: Some(vec![1]), ..Progress::default() },
    };
    ledger.configure(SHARD, Change::Replay(replay.clone()), Some(0)).await.unwrap();
    let suspension = Change::Suspend {
        organization: acme(),
        webhook: hook(1),
        at: Timestamp::from_micros(8),
        reason: "why".into(),
        decided_on: None,
        event: Box::new(event("suspended")),
    };
    ledger.configure(SHARD, suspension, None).await.unwrap();
    assert_eq!(ledger.undispatched(SHARD), 1);
    ledger.shutdown().await;
    drop((ledger, world));

    let (ledger, world) = open(place.path()).unwrap();
    assert_eq!(ledger.undispatched(SHARD), 1);
    assert_eq!(ledger.undispatched_of(SHARD, &acme()), 1);
    let suspended = Webhook {
        suspended_at: Some(Timestamp::from_micros(8)),
        suspended_because: Some("why".into()),
        updated_at: Timestamp::from_micros(8),
        ..webhook(hook(1))
    };
    let new = world.lead("a").await;
    let mut agenda = ledger.agenda(&new).await.unwrap();
    let told = until_current(&mut agenda).await;
    let expected = [
        Entry::Webhook(Arc::new(suspended)),
        Entry::Failures(hook(1), vec![Timestamp::from_micros(7)]),
        Entry::Replay(Arc::new(replay)),
        Entry::Delivery(granted.after),
        Entry::Delivery(failed.after),
        Entry::Redrive(made[1].head.key),
    ];
    assert_eq!(told, expected);
    assert_eq!(next_events(&mut agenda, 1).await.len(), 1);
    ledger.shutdown().await;
}

/// The key of a log, as keys.rs has it.
fn log(number: u64) -> Vec<u8> {
    [&b"O"[..], &number.to_be_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_lists_are_made_anew_where_what_changed_in_them_cannot_be_read() {
    let place = tempfile::tempdir().unwrap();
    let (ledger, world) = open(place.path()).unwrap();
    let lead = world.lead("a").await;
    let parts =
        [(hook(1), Status::Scheduled), (hook(1), Status::Scheduled), (hook(2), Status::Blocked)];
    let made = world.deliver(&lead, "1", &parts).await;
    world.deliver(&lead, "2", &parts[1..]).await;
    ledger.settle(&lead, settlement(made[0].head, Status::Delivered)).await.unwrap();
    let picture = world.picture(9, &[hook(1), hook(2)]).await;
    ledger.shutdown().await;
    drop((ledger, world));

    let rows = SledRows::open(place.path()).unwrap();
    assert!(rows.get(&log(1)).unwrap().is_some());
    rows.write(vec![(log(1), Some(vec![0xee]))]).unwrap();
    drop(rows);
    for _ in 0..2 {
        let (ledger, world) = open(place.path()).unwrap();
        assert_eq!(world.picture(9, &[hook(1), hook(2)]).await, picture);
        assert_eq!(ledger.undispatched_of(SHARD, &acme()), 0);
        let lead = world.lead("a").await;
        let mut agenda = ledger.agenda(&lead).await.unwrap();
        assert_eq!(until_current(&mut agenda).await.len(), 4, "what is open");
        ledger.shutdown().await;
    }
    let rows = SledRows::open(place.path()).unwrap();
    assert_eq!(rows.get(&log(1)), Ok(None));
}

/// A large value is kept in chunks: one without them is damaged like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_a_large_value_that_is_damaged_keeps_no_store_from_being_opened() {
    let place = tempfile::tempdir().unwrap();
    let (ledger, world) = open(place.path()).unwrap();
    let lead = world.lead("a").await;
    world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await;
    let picture = world.picture(9, &[hook(1)]).await;
    ledger.shutdown().await;
    drop((ledger, world));

    let rows = SledRows::open(place.path()).unwrap();
    let many = (0..500_u64).map(|n| {
        let count = [&b"c"[..], &Digest::of(&n.to_be_bytes()).0].concat();
        (count, Some(vec![1, 1]))
    });
    rows.write(many.collect()).unwrap();
    let chunk = |key: &[u8]| [&[0xff], key, &1_u32.to_be_bytes()].concat();
    let last = (0..9).rev().find(|number| rows.get(&log(*number)).unwrap().is_some()).unwrap();
    assert!(rows.get(&chunk(&log(last))).unwrap().is_some());
    // The last leaf of a kind is looked at too.
    let no = 9_u64.to_be_bytes();
    let leaf = [&b"La"[..], &no].concat();
    let noise = |n: u8| Digest::of(&[n]).0;
    rows.write(vec![(leaf.clone(), Some((0..200).flat_map(noise).collect()))]).unwrap();
    rows.write(vec![(chunk(&log(last)), None), (chunk(&leaf), None)]).unwrap();
    drop(rows);
    for _ in 0..2 {
        let (ledger, world) = open(place.path()).unwrap();
        assert_eq!(world.picture(8, &[hook(1)]).await, picture);
        ledger.shutdown().await;
    }
}

/// The rows of a store that the first release wrote.
const FIRST_STORE: &str = include_str!("../../fixtures/stores/v1.hex");

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i8_a_restart_knows_whose_events_wait() {
    let place = tempfile::tempdir().unwrap();
    let (ledger, world) = open(place.path()).unwrap();
    let names = ["acme", "acme-2", "b"].map(|name| Organization::new(name).unwrap());
    let of =
        |n: u64| Event { organization: names[(n % 3) as usize].clone(), ..event(&n.to_string()) };
    // More than a block; all of it is dispatched but for some of the last.
    let numbers = world.accept((0..1_500).map(of).collect()).await.unwrap();
    let lead = world.lead("a").await;
    let gone = numbers.iter().take(1_490).map(|one| dispatch(one.no)).collect();
    assert!(ledger.dispatch(&lead, gone).await.iter().all(Result::is_ok));
    let waiting =
        |ledger: &dyn Ledger| names.each_ref().map(|one| ledger.undispatched_of(SHARD, one));
    assert_eq!(waiting(&*ledger), [3, 3, 4]);
    ledger.shutdown().await;
    drop((ledger, world));

    let (ledger, world) = open(place.path()).unwrap();
    assert_eq!(waiting(&*ledger), [3, 3, 4]);
    let lead = world.lead("a").await;
    world.dispatch(&lead, dispatch(numbers[1_499].no)).await.unwrap();
    assert_eq!(waiting(&*ledger), [3, 3, 3]);
    ledger.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_a_store_of_the_first_release_is_taken_over() {
    let place = tempfile::tempdir().unwrap();
    let rows = SledRows::open(place.path()).unwrap();
    let old = FIRST_STORE.lines().map(|line| {
        let (key, value) = line.split_once(' ').unwrap();
        (unhex(key), Some(unhex(value)))
    });
    rows.write(old.collect()).unwrap();
    drop(rows);

    for round in 0..2 {
        let (ledger, world) = open(place.path()).unwrap();
        assert_eq!(ledger.undispatched(SHARD), 2 + round);
        assert_eq!(ledger.undispatched_of(SHARD, &acme()), 2 + round);
        let lead = world.lead("a").await;
        let mut agenda = ledger.agenda(&lead).await.unwrap();
        let told = until_current(&mut agenda).await;
        let kinds: Vec<_> = told.iter().map(std::mem::discriminant).collect();
        let open: Vec<_> = told
            .iter()
            .filter_map(|entry| match entry {
                Entry::Delivery(head) => Some((head.status, head.attempts, head.earlier)),
                _ => None,
            })
            .collect();
        assert_eq!(open, [(Status::Blocked, 0, 0), (Status::Scheduled, 1, 0)]);
        assert_eq!(kinds.len(), 1 + 2 + 2, "a profile, webhooks, deliveries");
        let waiting: &[u64] = if round == 0 { &[3, 5] } else { &[3, 5, 6] };
        assert_eq!(next_events(&mut agenda, waiting.len()).await, waiting);
        assert_eq!(ledger.event(SHARD, EventNo(2)).await.unwrap(), Some(event("2")));
        let (_, suspended) = ledger.webhook(SHARD, &acme(), hook(2)).await.unwrap().unwrap();
        assert_eq!(suspended.suspended_at, Some(Timestamp::from_micros(3)));
        assert_eq!(suspended.hooks_made, 1);
        assert_eq!(ledger.access(SHARD, "key").await.unwrap().unwrap().1, b"hash");
        assert_eq!(ledger.state(SHARD, hook(1), "k").await.unwrap().unwrap().1, b"v");
        assert_eq!(world.list(Query::DeliveriesByEvent(EventNo(1)), 9).await.len(), 5);
        let attempts = Query::Attempts(key(EventNo(1), hook(1), 0));
        assert_eq!(world.list(attempts, 9).await.len(), 1);
        // What is known is known again, and life goes on.
        assert!(!world.accept(vec![event("4")]).await.unwrap()[0].fresh);
        world.accept(vec![event("6")]).await.unwrap();
        ledger.shutdown().await;
    }
    let (ledger, world) = open(place.path()).unwrap();
    let lead = world.lead("a").await;
    for no in [3, 5, 6] {
        world.dispatch(&lead, dispatch(EventNo(no))).await.unwrap();
    }
    assert!(world.dispatch(&lead, dispatch(EventNo(4))).await.is_err());
    assert_eq!(ledger.undispatched(SHARD), 0);
    assert_eq!(world.retire(&lead, 99).await.unwrap().events, 5);
    ledger.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_lets_go_whoever_still_holds_on() {
    let place = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let (ledger, world) = open(place.path()).unwrap();
        let lead = world.lead("a").await;
        let agenda = ledger.agenda(&lead).await.unwrap();
        world.post(&round.to_string()).await;
        ledger.shutdown().await;
        drop(agenda);
        assert!(ledger.event(SHARD, EventNo(1)).await.is_err());
        // The ledger and the world are still there, and yet the directory is free.
        let (next, _) = open(place.path()).unwrap();
        next.shutdown().await;
    }
}

#[tokio::test]
async fn a_directory_in_use_is_refused_in_words() {
    let place = tempfile::tempdir().unwrap();
    let (ledger, _world) = open(place.path()).unwrap();
    let message = refusal(place.path());
    assert!(
        message.ends_with("is in use by another transload; stop it or use another data directory"),
        "{message}"
    );
    ledger.shutdown().await;
    open(place.path()).unwrap().0.shutdown().await;
}

#[tokio::test]
async fn a_data_directory_is_private() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("data");
    let (ledger, _world) = open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(ledger.bytes().unwrap() > 0);
    ledger.shutdown().await;
}

#[tokio::test]
async fn a_later_format_is_refused() {
    let place = tempfile::tempdir().unwrap();
    open(place.path()).unwrap().0.shutdown().await;
    let rows = SledRows::open(place.path()).unwrap();
    let later = [&[1, 9, 13][..], b"transload 9.0"].concat();
    rows.write(vec![(b"f".to_vec(), Some(later))]).unwrap();
    drop(rows);
    let message = refusal(place.path());
    assert!(
        message
            .contains("has format 9, made by transload 9.0, and this program reads up to format 5"),
        "{message}"
    );
}

#[tokio::test]
async fn damaged_files_are_an_error_and_no_panic() {
    let place = tempfile::tempdir().unwrap();
    let (ledger, world) = open(place.path()).unwrap();
    for id in 0..50 {
        world.post(&id.to_string()).await;
    }
    ledger.shutdown().await;
    for (name, bytes, reason) in [
        ("conf", vec![0xff; 64], "cannot be opened: Unsupported"),
        ("db", vec![0xff; 1 << 20], "its files are damaged; restore them from a copy"),
        ("db", vec![], "its files are damaged; restore them from a copy"),
    ] {
        let file = place.path().join("ledger").join(name);
        let good = fs::read(&file).unwrap();
        fs::write(&file, bytes).unwrap();
        let message = refusal(place.path());
        assert!(message.contains(reason), "{name}: {message}");
        fs::write(&file, good).unwrap();
    }
}
