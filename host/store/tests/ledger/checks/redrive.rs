//! Deliveries that somebody asks for again.

use transload_domain::{DeliveryKey, EventNo, Head, Status};
use transload_store::{Dispatch, Entry, Error, Settlement};

use super::accept::futures_join;
use crate::world::{World, delivery, dispatch, hook, key, next, settlement, until_current};

/// The wishes that a lead that begins is told of.
async fn wishes(world: &World) -> Vec<DeliveryKey> {
    let lead = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let told = until_current(&mut agenda).await;
    let wish = |entry: &Entry| match entry {
        Entry::Redrive(key) => Some(*key),
        _ => None,
    };
    let first = told.iter().position(|entry| wish(entry).is_some()).unwrap_or(told.len());
    assert!(told[first..].iter().all(|entry| wish(entry).is_some()), "behind the deliveries");
    told.iter().filter_map(wish).collect()
}

pub(crate) async fn a_wish_is_told_and_kept_until_it_is_granted(world: World) {
    let lead = world.lead("a").await;
    let parts = [(hook(1), Status::Dead), (hook(1), Status::Scheduled), (hook(1), Status::Dead)];
    let made = world.deliver(&lead, "1", &parts).await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    for one in [&made[0], &made[1], &made[2]] {
        assert_eq!(world.redrive(one.head.key, true).await, Ok(1));
        assert_eq!(next(&mut agenda).await, Some(Entry::Redrive(one.head.key)));
    }
    // It is told again, in case that the lead could do nothing about it.
    assert_eq!(world.redrive(made[0].head.key, true).await, Ok(1));
    assert_eq!(next(&mut agenda).await, Some(Entry::Redrive(made[0].head.key)));
    assert_eq!(world.redrive(made[2].head.key, false).await, Ok(0));
    drop(agenda);
    assert_eq!(wishes(&world).await, [made[0].head.key, made[1].head.key]);

    let lead = world.lead("a").await;
    // An attempt that was under way is not what was asked for.
    world.ledger.settle(&lead, settlement(made[1].head, Status::Dead)).await.unwrap();
    let dead = made[0].head;
    let after = Head { status: Status::Scheduled, ..dead };
    let granted = Settlement { after, attempt: None, made: None, failure: None, before: dead };
    // What was made has no bytes, so that this is refused, and the wish stays.
    assert!(matches!(world.ledger.settle(&lead, granted.clone()).await, Err(Error::Conflict(_))));
    assert_eq!(wishes(&world).await, [dead.key, made[1].head.key]);
    let lead = world.lead("a").await;
    let after = Head { status: Status::Blocked, ..dead };
    world.ledger.settle(&lead, Settlement { after, ..granted }).await.unwrap();
    assert_eq!(wishes(&world).await, [made[1].head.key]);
}

pub(crate) async fn a_delivery_that_is_made_anew_is_asked_for_no_more(world: World) {
    let lead = world.lead("a").await;
    let blocked = world.deliver(&lead, "1", &[(hook(1), Status::Blocked)]).await.remove(0);
    world.redrive(blocked.head.key, true).await.unwrap();
    let no = blocked.head.key.event;
    let anew = Dispatch {
        replaces: Some(blocked.head),
        deliveries: vec![delivery(no, hook(1), 0, Status::Scheduled)],
        ..dispatch(no)
    };
    world.dispatch(&lead, anew).await.unwrap();
    assert_eq!(wishes(&world).await, []);
}

pub(crate) async fn nobody_asks_for_what_is_not_there(world: World) {
    let unknown = key(EventNo(7), hook(1), 0);
    let answer = world.redrive(unknown, true).await;
    assert!(
        matches!(&answer, Err(Error::NotFound(what)) if what.contains(&unknown.id().to_string()))
    );
    assert_eq!(world.redrive(unknown, false).await, Ok(0));
    assert_eq!(wishes(&world).await, []);
}

/// More wishes than the tail keeps, while nobody reads.
pub(crate) async fn no_wish_is_lost_on_a_slow_lead(world: World) {
    const MANY: usize = 4_300;
    let lead = world.lead("a").await;
    let no = world.post("1").await;
    let part = |n: usize| {
        let mut one = delivery(no, hook((n / 200) as u8), (n % 200) as u8, Status::Dead);
        one.head.key.part = transload_domain::Part((n % 200) as u8);
        one
    };
    let deliveries: Vec<_> = (0..MANY).map(part).collect();
    let keys: Vec<DeliveryKey> = deliveries.iter().map(|one| one.head.key).collect();
    world.dispatch(&lead, Dispatch { deliveries, ..dispatch(no) }).await.unwrap();
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let wishes = keys.clone().into_iter().map(|key| {
        let world = world.clone();
        async move { world.redrive(key, true).await }
    });
    assert!(futures_join(wishes).await.iter().all(Result::is_ok));
    let mut told = std::collections::BTreeSet::new();
    while told.len() < MANY {
        match next(&mut agenda).await.unwrap() {
            Entry::Redrive(key) => told.insert(key),
            other => panic!("{other:?}"),
        };
    }
    assert!(told.into_iter().eq(std::collections::BTreeSet::from_iter(keys)));
}
