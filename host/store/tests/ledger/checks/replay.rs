//! Replays and their progress.

use std::sync::Arc;

use transload_domain::{Organization, Progress, Replay, ReplayId, Selection, Status, Timestamp};
use transload_store::{Change, Entry, Error, LedgerExt, Query, REPLAYS_MAX, Record, Result};

use super::accept::futures_join;
use crate::world::{SHARD, World, acme, next, until_current};

fn replay(n: u16) -> Replay {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&n.to_be_bytes());
    Replay {
        id: ReplayId::from_random(id),
        organization: acme(),
        selection: Selection {
            webhook: None,
            statuses: vec![Status::Dead],
            from: None,
            to: None,
            out_of_order: false,
        },
        created_at: Timestamp::from_micros(1_000 - i64::from(n)),
        progress: Progress::default(),
    }
}

fn ended(replay: &Replay) -> Replay {
    let finished_at = Some(Timestamp::from_micros(9));
    Replay { progress: Progress { finished_at, ..Progress::default() }, ..replay.clone() }
}

async fn put(world: &World, replay: &Replay, expected: Option<u64>) -> Result<u64> {
    world.ledger.configure(SHARD, Change::Replay(replay.clone()), expected).await
}

pub(crate) async fn a_replays_progress_is_made_on_what_was_seen(world: World) {
    let first = put(&world, &replay(1), Some(0)).await.unwrap();
    assert!(matches!(put(&world, &replay(1), Some(0)).await, Err(Error::Conflict(_))));
    let progress = Progress { seen: 7, moved: 3, next: Some(vec![0, 255]), ..Progress::default() };
    let on = Replay { progress, ..replay(1) };
    let second = put(&world, &on, Some(first)).await.unwrap();
    assert!(second > first);
    assert!(matches!(put(&world, &ended(&on), Some(first)).await, Err(Error::Conflict(_))));
    let stored = world.ledger.replay(SHARD, &acme(), on.id).await.unwrap();
    assert_eq!(stored, Some((second, on.clone())));
    let moved = Replay { created_at: Timestamp::from_micros(1), ..on.clone() };
    assert!(matches!(put(&world, &moved, Some(second)).await, Err(Error::Conflict(_))));
    let other = Organization::new("other").unwrap();
    assert_eq!(world.ledger.replay(SHARD, &other, on.id).await.unwrap(), None);
    assert_eq!(world.list(Query::Replays(other), 9).await, []);
}

pub(crate) async fn replays_are_listed_newest_first(world: World) {
    let mut expected = Vec::new();
    for n in [4, 1, 3, 2, 5] {
        let revision = put(&world, &replay(n), Some(0)).await.unwrap();
        expected.push((n, Record::Replay(revision, Box::new(replay(n)))));
    }
    // The lower the number, the later it was made.
    expected.sort_by_key(|(n, _)| *n);
    let expected: Vec<Record> = expected.into_iter().map(|(_, record)| record).collect();
    for limit in [1, 2, 9] {
        assert_eq!(world.list(Query::Replays(acme()), limit).await, expected, "by {limit}");
    }
}

pub(crate) async fn a_lead_is_told_of_unfinished_replays_and_of_new_ones(world: World) {
    for n in [1, 2] {
        put(&world, &replay(n), Some(0)).await.unwrap();
    }
    put(&world, &ended(&replay(2)), None).await.unwrap();
    let lead = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    assert_eq!(until_current(&mut agenda).await, [Entry::Replay(Arc::new(replay(1)))]);
    put(&world, &ended(&replay(1)), None).await.unwrap();
    put(&world, &replay(3), Some(0)).await.unwrap();
    assert_eq!(next(&mut agenda).await, Some(Entry::Replay(Arc::new(replay(3)))));
}

pub(crate) async fn replays_are_bounded(world: World) {
    let max = u16::try_from(REPLAYS_MAX).unwrap();
    let all = (0..max).map(|n| {
        let world = world.clone();
        async move { put(&world, &replay(n), Some(0)).await }
    });
    assert!(futures_join(all).await.iter().all(Result::is_ok));
    let refused = put(&world, &replay(max), Some(0)).await;
    assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
    // Of the two that end the one that was made earlier makes place.
    for n in [30, 700] {
        put(&world, &ended(&replay(n)), None).await.unwrap();
    }
    put(&world, &replay(max), Some(0)).await.unwrap();
    let found = |n| {
        let world = world.clone();
        async move { world.ledger.replay(SHARD, &acme(), replay(n).id).await.unwrap().is_some() }
    };
    assert_eq!((found(30).await, found(700).await, found(max).await), (true, false, true));
    assert_eq!(world.list(Query::Replays(acme()), 1_000).await.len(), REPLAYS_MAX);
}
