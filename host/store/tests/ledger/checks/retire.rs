//! Forgetting what is closed.

use transload_domain::{Event, EventNo, Head, Status, Timestamp};
use transload_store::{Dispatch, Error, LedgerExt, Query, Retired, Retirement, Settlement};

use crate::world::{
    SHARD, World, acme, change, dispatch, event, from_the_first, hook, settlement, webhook,
};

pub(crate) async fn only_closed_events_are_forgotten(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let closed = world
        .deliver(&lead, "closed", &[(hook(1), Status::Scheduled), (hook(1), Status::Dead)])
        .await;
    world.ledger.settle(&lead, ended_at(closed[0].head, Status::Delivered, 49)).await.unwrap();
    let open = world
        .deliver(&lead, "open", &[(hook(1), Status::Blocked), (hook(1), Status::Skipped)])
        .await;
    let stateful = world.post("stateful").await;
    let changes = vec![change(hook(1), "k", Some(b"kept"))];
    world.dispatch(&lead, Dispatch { changes, ..dispatch(stateful) }).await.unwrap();
    let undispatched = world.post("undispatched").await;
    let young = world.post_at("young", 50).await;
    world.dispatch(&lead, dispatch(young)).await.unwrap();

    let old = from_the_first(Timestamp::from_micros(50), 100);
    assert_eq!(
        world.ledger.retire(&lead, old).await,
        Ok(Retired { events: 2, ..Retired::default() })
    );
    assert_eq!(
        world.ledger.retire(&lead, old).await,
        Ok(Retired { events: 0, ..Retired::default() })
    );
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

/// The settlement by which a delivery ends at that time.
fn ended_at(head: Head, status: Status, at: i64) -> Settlement {
    let settlement = settlement(head, status);
    Settlement { after: Head { at: Timestamp::from_micros(at), ..settlement.after }, ..settlement }
}

/// An old event whose last delivery died a moment ago: whoever looks after the webhook must be able to see it.
pub(crate) async fn what_ends_late_is_kept_as_long_as_what_ends_at_once(world: World) {
    let lead = world.lead("a").await;
    let two = [(hook(1), Status::Delivered), (hook(2), Status::Scheduled)];
    let late = world.deliver(&lead, "1", &two).await[1].head;
    world.ledger.settle(&lead, ended_at(late, Status::Dead, 50)).await.unwrap();
    for (before, events) in [(11, 0), (50, 0), (51, 1)] {
        let old = from_the_first(Timestamp::from_micros(before), 9);
        let retired = world.ledger.retire(&lead, old).await;
        assert_eq!(retired, Ok(Retired { events, ..Retired::default() }), "before {before}");
    }
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
        assert_eq!(world.retire(&lead, max).await.unwrap().events, forgotten);
    }
    assert_eq!(world.list(Query::Events(acme()), 1_000).await.len(), 100);
}

/// Old events that are open, more than one call looks at, and closed ones behind them.
pub(crate) async fn a_sweep_looks_at_each_event_once(world: World) {
    let lead = world.lead("a").await;
    let events = |ids: std::ops::Range<u32>| ids.map(|id| event(&id.to_string())).collect();
    let open = world.accept(events(0..1_500)).await.unwrap();
    let closed = world.accept(events(1_500..1_600)).await.unwrap();
    let dispatches = closed.iter().map(|receipt| dispatch(receipt.no)).collect();
    assert!(world.ledger.dispatch(&lead, dispatches).await.iter().all(Result::is_ok));

    let (mut from, mut forgotten, mut places) = (EventNo(0), Vec::new(), vec![]);
    loop {
        let one = Retirement { from, accepted_before: Timestamp::MAX, max: 60 };
        let retired = world.ledger.retire(&lead, one).await.unwrap();
        forgotten.push(retired.events);
        let Some(next) = retired.next else { break };
        assert!(next > from, "a sweep goes forward");
        places.push(next);
        from = next;
    }
    assert_eq!(forgotten, [0, 60, 40]);
    assert_eq!(places, [open[1_000].no, closed[60].no]);
    assert_eq!(world.ledger.undispatched(SHARD), 1_500);
}

/// The clock was set back for a while: events behind it are found all the same.
pub(crate) async fn a_young_event_does_not_hide_older_ones(world: World) {
    let lead = world.lead("a").await;
    for (id, at) in [("1", 10), ("2", 90), ("3", 20), ("4", 91), ("5", 30)] {
        let no = world.post_at(id, at).await;
        world.dispatch(&lead, dispatch(no)).await.unwrap();
    }
    let old = from_the_first(Timestamp::from_micros(50), 100);
    assert_eq!(
        world.ledger.retire(&lead, old).await,
        Ok(Retired { events: 3, ..Retired::default() })
    );
    let left = world.list(Query::Events(acme()), 10).await;
    assert_eq!(left.len(), 2);
}

/// A sweep does not read on through all that is young.
pub(crate) async fn a_sweep_ends_where_all_events_are_young(world: World) {
    let lead = world.lead("a").await;
    let young = Timestamp::from_micros(90);
    let events = |ids: std::ops::Range<u32>| {
        ids.map(|id| Event { accepted_at: young, ..event(&id.to_string()) }).collect()
    };
    for batch in 0..3 {
        world.accept(events(batch * 1_000..(batch + 1) * 1_000)).await.unwrap();
    }
    let last = world.post_at("old", 10).await;
    world.dispatch(&lead, dispatch(last)).await.unwrap();
    let old = from_the_first(Timestamp::from_micros(50), 100);
    assert_eq!(world.ledger.retire(&lead, old).await, Ok(Retired::default()));
    let behind = Retirement { from: EventNo(2_001), ..old };
    assert_eq!(
        world.ledger.retire(&lead, behind).await,
        Ok(Retired { events: 0, ..Retired::default() }),
        "1,000 young ones"
    );
    let behind = Retirement { from: EventNo(2_500), ..old };
    assert_eq!(
        world.ledger.retire(&lead, behind).await,
        Ok(Retired { events: 1, ..Retired::default() })
    );
}

/// A dead letter that somebody asks for again is not closed.
pub(crate) async fn what_somebody_asks_for_is_not_forgotten(world: World) {
    let lead = world.lead("a").await;
    let dead = world.deliver(&lead, "1", &[(hook(1), Status::Dead)]).await[0].head;
    world.redrive(dead.key, true).await.unwrap();
    assert_eq!(world.retire(&lead, 9).await.unwrap().events, 0);
    world.redrive(dead.key, false).await.unwrap();
    assert_eq!(world.retire(&lead, 9).await.unwrap().events, 1);
    assert!(matches!(world.redrive(dead.key, true).await, Err(Error::NotFound(_))));
}
