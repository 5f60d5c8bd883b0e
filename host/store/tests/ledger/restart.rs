//! The ledger on disk, closed and opened again.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use transload_domain::{Digest, Event, EventNo, Status, limits};
use transload_store::{
    Change, Dispatch, Entry, Error, Ledger, LedgerExt, OpenError, Rows, Sled, SledRows,
};

use crate::world::{
    HandClock, LEASE, SHARD, World, change, dispatch, event, hook, next_events, settlement,
    until_current, webhook,
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
            .contains("has format 9, made by transload 9.0, and this program reads up to format 2"),
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
