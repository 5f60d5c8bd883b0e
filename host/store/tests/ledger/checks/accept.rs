//! Accepting events: durable, once, all or none.

use transload_domain::{Event, EventNo};
use transload_store::{Error, Key, LedgerExt, Query, Receipt, Record, Shard};

use crate::world::{SHARD, World, acme, event};

pub(crate) async fn i1_an_accepted_event_can_be_read(world: World) {
    let (small, large) = (event("1"), Event { data: large(), ..event("2") });
    let receipts = world.accept(vec![small.clone(), large.clone()]).await.unwrap();
    assert!(receipts.iter().all(|receipt| receipt.fresh) && receipts[0].no < receipts[1].no);
    for (receipt, event) in receipts.iter().zip([small, large]) {
        assert_eq!(world.ledger.event(SHARD, receipt.no).await.unwrap(), Some(event.clone()));
        let by = world.ledger.event_by(SHARD, event.identity()).await.unwrap();
        assert_eq!(by, Some(receipt.no));
    }
    assert_eq!(world.ledger.event(SHARD, EventNo(99)).await.unwrap(), None);
    assert_eq!(world.accept(vec![]).await.unwrap(), []);
}

pub(crate) async fn i2_accepting_again_changes_nothing(world: World) {
    let first = world.accept(vec![event("1"), event("2")]).await.unwrap();
    let before = world.picture(9, &[]).await;
    let again = Event { accepted_at: transload_domain::Timestamp::MAX, ..event("1") };
    let repeated = world.accept(vec![event("2"), again]).await.unwrap();
    let old = |at: usize| Receipt { no: first[at].no, fresh: false };
    assert_eq!(repeated, [old(1), old(0)]);
    assert_eq!(world.picture(9, &[]).await, before);
}

pub(crate) async fn i2_a_repeat_within_a_batch_is_the_same_event(world: World) {
    let receipts = world.accept(vec![event("1"), event("2"), event("1")]).await.unwrap();
    assert_eq!(receipts[2], Receipt { no: receipts[0].no, fresh: false });
    assert_eq!(world.list(Query::Events(acme()), 10).await.len(), 2);
}

pub(crate) async fn i2_other_content_is_refused_with_its_whole_batch(world: World) {
    world.post("1").await;
    let before = world.picture(9, &[]).await;
    let other = |id| Event { data: "{}".into(), ..event(id) };
    for (batch, position) in [
        (vec![event("2"), other("1")], 1),
        (vec![event("2"), event("3"), other("3"), other("1")], 2),
    ] {
        assert_eq!(world.accept(batch).await, Err(Error::Differs { position }));
        assert_eq!(world.picture(9, &[]).await, before);
    }
    assert!(world.accept(vec![event("2")]).await.unwrap()[0].fresh);
}

pub(crate) async fn i2_of_many_that_post_the_same_one_is_first(world: World) {
    let posts = (0..64).map(|_| {
        let world = world.clone();
        async move { world.accept(vec![event("1")]).await.unwrap()[0] }
    });
    let receipts = futures_join(posts).await;
    assert_eq!(receipts.iter().filter(|receipt| receipt.fresh).count(), 1);
    assert!(receipts.iter().all(|receipt| receipt.no == receipts[0].no));
}

pub(crate) async fn numbers_grow_in_the_order_of_acceptance(world: World) {
    let mut last = EventNo(0);
    for id in 0..20 {
        let no = world.post(&id.to_string()).await;
        assert!(no > last);
        last = no;
    }
    assert!(last.0 < 1 << 48);
}

pub(crate) async fn events_are_listed_newest_first(world: World) {
    let other = transload_domain::Organization::new("acme-2").unwrap();
    let mut expected = Vec::new();
    for id in 0..25 {
        let no = world.post(&id.to_string()).await;
        expected.insert(0, Record::Event(no, Box::new(event(&id.to_string()))));
        let foreign = Event { organization: other.clone(), ..event(&id.to_string()) };
        world.accept(vec![foreign]).await.unwrap();
    }
    for limit in [1, 7, 25, 100] {
        assert_eq!(world.list(Query::Events(acme()), limit).await, expected);
    }
}

pub(crate) async fn a_page_is_bounded_in_bytes(world: World) {
    for id in 0..12 {
        let one = Event { data: large(), ..event(&id.to_string()) };
        world.accept(vec![one]).await.unwrap();
    }
    let page = world.page(Query::Events(acme()), None, 1_000).await;
    assert!((1..12).contains(&page.records.len()) && page.next.is_some());
    assert_eq!(world.list(Query::Events(acme()), 1_000).await.len(), 12);
}

pub(crate) async fn there_is_no_other_shard(world: World) {
    let refused = world.ledger.accept(Shard(7), vec![event("1")]).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound(what) if what.contains("shard 7")));
    assert!(world.ledger.read(Shard(7), Key::Event(EventNo(1))).await.is_err());
}

/// The largest event data.
fn large() -> String {
    "x".repeat(transload_domain::limits::EVENT_BYTES_MAX)
}

/// Runs all at the same time.
pub(crate) async fn futures_join<T: Send + 'static>(
    futures: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let mut set: tokio::task::JoinSet<T> = futures.collect();
    let mut results = Vec::new();
    while let Some(result) = set.join_next().await {
        results.push(result.unwrap());
    }
    results
}
