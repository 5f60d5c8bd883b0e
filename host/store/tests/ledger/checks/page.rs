//! Lists of deliveries, and cursors.

use transload_domain::{DeliveryKey, EventNo, Organization, Status, Webhook};
use transload_store::{Change, Dispatch, Error, Query, Record};

use super::accept::futures_join;
use crate::world::{SHARD, World, acme, delivery, dispatch, event, hook, settlement, webhook};

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

/// Of many webhooks and statuses and over blocks, one list in the order of the keys: also of a webhook that is gone,
/// as long as it has deliveries, and never another organization's.
pub(crate) async fn an_organizations_deliveries_are_one_list(world: World) {
    let other = Organization::new("other").unwrap();
    for n in 1..=4 {
        world.put_webhook(&webhook(hook(n))).await;
    }
    world.put_webhook(&Webhook { organization: other.clone(), ..webhook(hook(5)) }).await;
    let events = (0..700).map(|id| event(&id.to_string())).collect();
    let numbers = world.accept(events).await.unwrap();
    let lead = world.lead("a").await;
    let status = |n: u64| Status::ALL[(n % 5) as usize];
    // Webhook 4 has one delivery, in the oldest block; webhook 5 is another's.
    let made = |no: EventNo| {
        let hooks = [(1, 0), (2, no.0 % 3), (3, no.0 % 50), (4, no.0 - numbers[0].no.0), (5, 0)];
        let wanted = hooks.into_iter().filter(|(_, rest)| *rest == 0);
        wanted.map(move |(n, _)| delivery(no, hook(n), 0, status(no.0 / 7 + u64::from(n))))
    };
    let dispatches = numbers
        .iter()
        .map(|one| Dispatch { deliveries: made(one.no).collect(), ..dispatch(one.no) });
    assert!(world.ledger.dispatch(&lead, dispatches.collect()).await.iter().all(Result::is_ok));
    for gone in [2, 4] {
        let change = Change::RemoveWebhook(acme(), hook(gone));
        world.ledger.configure(SHARD, change, None).await.unwrap();
    }

    let mut all: Vec<_> = numbers.iter().flat_map(|one| made(one.no)).map(|one| one.head).collect();
    all.retain(|head| head.key.webhook != hook(5));
    all.sort_by_key(|head| std::cmp::Reverse(head.key));
    let query = |organization: &Organization, statuses: &[Status], below| {
        let (organization, statuses) = (organization.clone(), statuses.to_vec());
        Query::DeliveriesByOrganization { organization, statuses, below }
    };
    for statuses in [&Status::ALL[..], &[Status::Dead], &[Status::Blocked, Status::Scheduled], &[]]
    {
        let of_these = all.iter().filter(|head| statuses.contains(&head.status));
        let expected: Vec<_> = of_these.map(|head| head.key).collect();
        for limit in [7, 100, 1_000] {
            let listed = keys_of(&world.list(query(&acme(), statuses, None), limit).await);
            assert!(
                listed == expected,
                "{statuses:?} by {limit}: {} of {}",
                listed.len(),
                expected.len()
            );
        }
        for begin in [0, 1, expected.len() / 2, expected.len()] {
            let below = begin.checked_sub(1).and_then(|last| expected.get(last)).copied();
            let page = world.page(query(&acme(), statuses, below), None, 5).await;
            let rest = expected.iter().skip(if below.is_some() { begin } else { 0 }).take(5);
            assert!(keys_of(&page.records).iter().eq(rest), "{statuses:?} from {begin}");
        }
    }
    assert_eq!(world.list(query(&other, &Status::ALL, None), 9).await.len(), 700);
    let cursor = world.page(query(&acme(), &Status::ALL, None), None, 9).await.next;
    let foreign = world.ledger.page(SHARD, query(&other, &Status::ALL, None), cursor, 9).await;
    assert_eq!(foreign, Err(Error::Cursor));
}

/// A sweep does not forget a webhook that is gone while an event from before may still bring deliveries.
pub(crate) async fn a_webhook_that_is_gone_is_known_while_deliveries_may_come(world: World) {
    let dead = Query::DeliveriesByOrganization {
        organization: acme(),
        statuses: vec![Status::Dead],
        below: None,
    };
    world.put_webhook(&webhook(hook(1))).await;
    let lead = world.lead("a").await;
    let no = world.post("late").await;
    let change = Change::RemoveWebhook(acme(), hook(1));
    world.ledger.configure(SHARD, change, None).await.unwrap();
    world.retire(&lead, 9).await.unwrap();
    // What was decided before it went is written after it.
    let late =
        Dispatch { deliveries: vec![delivery(no, hook(1), 0, Status::Dead)], ..dispatch(no) };
    world.dispatch(&lead, late).await.unwrap();
    assert_eq!(world.list(dead.clone(), 9).await.len(), 1);
    assert_eq!(world.retire(&lead, 9).await.unwrap().events, 1);
    assert_eq!(world.list(dead, 9).await, []);
}

fn keys_of(records: &[Record]) -> Vec<DeliveryKey> {
    let key = |record: &Record| match record {
        Record::Delivery(delivery) => delivery.head.key,
        other => panic!("{other:?}"),
    };
    records.iter().map(key).collect()
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
