//! Forgetting what is closed.

use transload_domain::{EventNo, Status};
use transload_store::{Dispatch, LedgerExt, Query};

use crate::world::{SHARD, World, acme, change, dispatch, event, hook, settlement, webhook};

pub(crate) async fn only_closed_events_are_forgotten(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let closed = world
        .deliver(&lead, "closed", &[(hook(1), Status::Scheduled), (hook(1), Status::Dead)])
        .await;
    world.ledger.settle(&lead, settlement(closed[0].head, Status::Delivered)).await.unwrap();
    let open = world
        .deliver(&lead, "open", &[(hook(1), Status::Blocked), (hook(1), Status::Skipped)])
        .await;
    let stateful = world.post("stateful").await;
    let changes = vec![change(hook(1), "k", Some(b"kept"))];
    world.dispatch(&lead, Dispatch { changes, ..dispatch(stateful) }).await.unwrap();
    let undispatched = world.post("undispatched").await;
    let young = world.post("young").await;
    world.dispatch(&lead, dispatch(young)).await.unwrap();

    assert_eq!(world.ledger.retire(&lead, young, 100).await, Ok(2));
    assert_eq!(world.ledger.retire(&lead, young, 100).await, Ok(0));
    let key = closed[0].head.key;
    assert_eq!(world.ledger.event(SHARD, key.event).await.unwrap(), None);
    assert_eq!(world.ledger.event(SHARD, stateful).await.unwrap(), None);
    assert_eq!(world.ledger.delivery(SHARD, key.id()).await.unwrap(), None);
    assert_eq!(world.ledger.made(SHARD, key).await.unwrap(), None);
    assert_eq!(world.list(Query::Attempts(key), 10).await, []);
    for (status, count) in
        [(Status::Delivered, 0), (Status::Dead, 0), (Status::Blocked, 1), (Status::Skipped, 1)]
    {
        assert_eq!(world.ledger.count(SHARD, hook(1), status).await.unwrap(), count, "{status}");
        let listed = world.list(Query::DeliveriesByStatus(hook(1), status), 10).await;
        assert_eq!(listed.len() as u64, count, "{status}");
    }
    for no in [open[0].head.key.event, undispatched, young] {
        assert!(world.ledger.event(SHARD, no).await.unwrap().is_some());
    }
    assert_eq!(world.list(Query::Events(acme()), 10).await.len(), 3);
    assert!(world.ledger.state(SHARD, hook(1), "k").await.unwrap().is_some());
    assert!(world.ledger.webhook(SHARD, &acme(), hook(1)).await.unwrap().is_some());
    let again = world.accept(vec![event("closed")]).await.unwrap()[0];
    assert!(again.fresh && again.no > young);
}

pub(crate) async fn no_more_are_forgotten_than_asked(world: World) {
    let lead = world.lead("a").await;
    for id in 0..300 {
        let no = world.post(&id.to_string()).await;
        if id % 3 != 0 {
            world.dispatch(&lead, dispatch(no)).await.unwrap();
        }
    }
    for (max, forgotten) in [(0, 0), (1, 1), (90, 90), (1_000, 109), (1_000, 0)] {
        assert_eq!(world.ledger.retire(&lead, EventNo(u64::MAX), max).await, Ok(forgotten));
    }
    assert_eq!(world.list(Query::Events(acme()), 1_000).await.len(), 100);
}
