//! Who leads, and what a deposed lead can still do: nothing.

use transload_domain::Status;
use transload_store::{Dispatch, Error};

use crate::world::{
    LEASE, SHARD, World, delivery, dispatch, hook, next, settlement, until_current,
};

pub(crate) async fn a_lead_lasts_as_long_as_its_lease(world: World) {
    let first = world.lead("a").await;
    let taken = world.ledger.lead(SHARD, "b", LEASE).await;
    assert_eq!(taken, Err(Error::Taken("a".into())));
    world.clock.advance(LEASE / 2);
    let renewed = world.lead("a").await;
    assert_eq!(renewed.epoch, first.epoch);
    assert!(renewed.until > first.until);
    world.clock.advance(LEASE / 2);
    assert!(world.ledger.lead(SHARD, "b", LEASE).await.is_err(), "the renewal counts");
    world.clock.advance(LEASE);
    let second = world.lead("b").await;
    assert!(second.epoch > first.epoch);
    assert_eq!(world.ledger.lead(SHARD, "a", LEASE).await, Err(Error::Taken("b".into())));
}

pub(crate) async fn i7_a_deposed_lead_changes_nothing(world: World) {
    let old = world.lead("a").await;
    let open = world.deliver(&old, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    let no = world.post("2").await;
    world.clock.advance(LEASE * 2);
    let new = world.lead("b").await;
    let before = world.picture(9, &[hook(1)]).await;

    let one =
        Dispatch { deliveries: vec![delivery(no, hook(1), 0, Status::Scheduled)], ..dispatch(no) };
    assert_eq!(world.dispatch(&old, one.clone()).await, Err(Error::Fenced));
    let settled = settlement(open, Status::Delivered);
    assert_eq!(world.ledger.settle(&old, settled.clone()).await, Err(Error::Fenced));
    assert_eq!(world.retire(&old, 10).await, Err(Error::Fenced));
    assert!(matches!(world.ledger.agenda(&old).await, Err(Error::Fenced)));
    assert_eq!(world.picture(9, &[hook(1)]).await, before);

    world.dispatch(&new, one).await.unwrap();
    world.ledger.settle(&new, settled).await.unwrap();
}

pub(crate) async fn i7_a_deposed_leads_agenda_ends(world: World) {
    let old = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&old).await.unwrap();
    until_current(&mut agenda).await;
    world.clock.advance(LEASE * 2);
    world.lead("b").await;
    assert_eq!(next(&mut agenda).await, None);
}

pub(crate) async fn i7_who_dropped_its_agenda_has_resigned(world: World) {
    let first = world.lead("a").await;
    let agenda = world.ledger.agenda(&first).await.unwrap();
    assert_eq!(world.lead("a").await.epoch, first.epoch);
    let second = world.ledger.agenda(&first).await;
    assert!(matches!(second, Err(Error::Conflict(_))), "one agenda for each lead");
    drop(agenda);
    assert!(matches!(world.ledger.agenda(&first).await, Err(Error::Fenced)));
    let second = world.lead("a").await;
    assert!(second.epoch > first.epoch);
    let no = world.post("1").await;
    assert_eq!(world.dispatch(&first, dispatch(no)).await, Err(Error::Fenced));
    world.dispatch(&second, dispatch(no)).await.unwrap();
}
