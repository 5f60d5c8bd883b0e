//! Lists of deliveries, and cursors.

use transload_domain::{EventNo, Status};
use transload_store::{Error, Query, Record};

use crate::world::{SHARD, World, acme, hook};

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

pub(crate) async fn a_foreign_cursor_is_refused(world: World) {
    let lead = world.lead("a").await;
    for id in 0..4 {
        world.deliver(&lead, &id.to_string(), &[(hook(1), Status::Dead)]).await;
    }
    let own = Query::DeliveriesByStatus(hook(1), Status::Dead);
    let cursor = world.page(own.clone(), None, 2).await.next.unwrap();
    for foreign in [
        Query::DeliveriesByStatus(hook(2), Status::Dead),
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
