//! Lists of deliveries, and cursors.

use transload_domain::{EventNo, Status};
use transload_store::{Dispatch, Error, Query, Record};

use super::accept::futures_join;
use crate::world::{SHARD, World, acme, delivery, dispatch, event, hook, settlement};

pub(crate) async fn deliveries_are_listed_newest_first(world: World) {
    let lead = world.lead("a").await;
    let mut expected = Vec::new();
    for id in 0..9 {
        let parts = [(hook(1), Status::Dead), (hook(2), Status::Dead), (hook(1), Status::Skipped)];
        let made = world.deliver(&lead, &id.to_string(), &parts).await;
        expected.insert(0, Record::Delivery(Box::new(made[0].clone())));
    }
    for limit in [1, 4, 9, 10] {
        let listed = world.list(Query::DeliveriesByStatus(hook(1), Status::Dead), limit).await;
        assert_eq!(listed, expected, "by {limit}");
    }
}

/// More events than a block of a list has, with several deliveries each, some of which move on.
pub(crate) async fn a_list_goes_on_over_blocks(world: World) {
    let lead = world.lead("a").await;
    let events = (0..600).map(|id| event(&id.to_string())).collect();
    let numbers = world.accept(events).await.unwrap();
    let parts = |no| (0..3).map(move |part| delivery(no, hook(1), part, Status::Scheduled));
    let dispatches = numbers.iter().map(|receipt| Dispatch {
        deliveries: parts(receipt.no).collect(),
        ..dispatch(receipt.no)
    });
    assert!(world.ledger.dispatch(&lead, dispatches.collect()).await.iter().all(Result::is_ok));
    let all = numbers.iter().flat_map(|receipt| parts(receipt.no)).map(|one| one.head);
    let (moved, stay): (Vec<_>, Vec<_>) = all.partition(|head| head.key.event.0 % 3 == 0);
    let settling = moved.clone().into_iter().map(|head| {
        let (world, lead) = (world.clone(), lead.clone());
        async move { world.ledger.settle(&lead, settlement(head, Status::Delivered)).await }
    });
    assert!(futures_join(settling).await.iter().all(Result::is_ok));
    for (status, heads) in [(Status::Scheduled, stay), (Status::Delivered, moved)] {
        for limit in [7, 100, 1_000] {
            let listed = world.list(Query::DeliveriesByStatus(hook(1), status), limit).await;
            let keys = listed.iter().map(|record| match record {
                Record::Delivery(delivery) => delivery.head.key,
                other => panic!("{other:?}"),
            });
            assert!(keys.eq(heads.iter().rev().map(|head| head.key)), "{status} by {limit}");
            for first in [0, 5, 256, 300] {
                let since = Query::DeliveriesSince(hook(1), status, EventNo(first));
                let listed = world.list(since, limit).await;
                let keys = listed.iter().map(|record| match record {
                    Record::Delivery(delivery) => delivery.head.key,
                    other => panic!("{other:?}"),
                });
                let behind = heads.iter().map(|head| head.key).filter(|key| key.event.0 >= first);
                assert!(keys.eq(behind), "{status} by {limit} since {first}");
            }
        }
    }
}

pub(crate) async fn a_foreign_cursor_is_refused(world: World) {
    let lead = world.lead("a").await;
    for id in 0..4 {
        world.deliver(&lead, &id.to_string(), &[(hook(1), Status::Dead)]).await;
    }
    let own = Query::DeliveriesByStatus(hook(1), Status::Dead);
    let cursor = world.page(own.clone(), None, 2).await.next.unwrap();
    for foreign in [
        Query::DeliveriesByStatus(hook(2), Status::Dead),
        Query::DeliveriesSince(hook(1), Status::Dead, EventNo(0)),
        Query::DeliveriesByStatus(hook(1), Status::Skipped),
        Query::DeliveriesByEvent(EventNo(1)),
        Query::Events(acme()),
        Query::Webhooks(acme()),
        Query::Access,
    ] {
        let answer = world.ledger.page(SHARD, foreign, Some(cursor.clone()), 2).await;
        assert_eq!(answer, Err(Error::Cursor));
    }
    for bad in [vec![], b"garbage".to_vec(), cursor[..8].to_vec(), vec![0xff; 100]] {
        let answer = world.ledger.page(SHARD, own.clone(), Some(bad), 2).await;
        assert_eq!(answer, Err(Error::Cursor));
    }
    assert_eq!(world.page(own, Some(cursor), 2).await.records.len(), 2);
}
