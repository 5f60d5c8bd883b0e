//! Deliveries that somebody asks for again.

use tokio::sync::mpsc;
use transload_domain::{Content, DeliveryKey, EventNo, Head, Made, Status, Timestamp, Wish};
use transload_store::{Change, Dispatch, Entry, Error, Key, Record, Settlement};

use super::accept::futures_join;
use crate::world::{SHARD, World, delivery, dispatch, hook, key, next, settlement, until_current};

const ASKED: Wish = Wish::Asked { out_of_order: false };

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

/// Waits until this wish is told; others may be told more than once before.
async fn until_told(agenda: &mut mpsc::Receiver<Entry>, key: DeliveryKey) {
    loop {
        match next(agenda).await.expect("the wish is told") {
            Entry::Redrive(told) if told == key => return,
            Entry::Redrive(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn a_wish_is_told_and_kept_until_it_is_granted(world: World) {
    let lead = world.lead("a").await;
    let parts = [(hook(1), Status::Dead), (hook(1), Status::Scheduled), (hook(1), Status::Dead)];
    let made = world.deliver(&lead, "1", &parts).await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let mut latest = 0;
    // One that is asked for again is told again, in case that the lead could do nothing about it.
    for one in [&made[0], &made[1], &made[2], &made[0]] {
        let revision = world.redrive(one.head.key, true).await.unwrap();
        assert!(revision > latest, "each wish has a revision of its own");
        latest = revision;
        until_told(&mut agenda, one.head.key).await;
    }
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

pub(crate) async fn a_newer_wish_stays_when_an_older_one_is_taken_back(world: World) {
    let lead = world.lead("a").await;
    let key = world.deliver(&lead, "1", &[(hook(1), Status::Dead)]).await.remove(0).head.key;
    let take_back = async |expected| {
        let change = Change::Redrive { delivery: key, wish: None };
        world.ledger.configure(SHARD, change, expected).await
    };
    let stands = async || world.ledger.read(SHARD, Key::Redrive(key)).await.unwrap();
    let first = world.redrive(key, true).await.unwrap();
    assert_eq!(stands().await, Some(Record::Redrive(first, ASKED)));
    let second = world.redrive(key, true).await.unwrap();
    assert!(matches!(take_back(Some(first)).await, Err(Error::Conflict(_))));
    assert_eq!(stands().await, Some(Record::Redrive(second, ASKED)));
    assert_eq!(take_back(Some(second)).await, Ok(0));
    assert_eq!(stands().await, None);
    assert_eq!(take_back(Some(second)).await, Ok(0), "it is gone already");
}

pub(crate) async fn what_is_refused_is_kept_for_whoever_asked_and_for_nobody_else(world: World) {
    let lead = world.lead("a").await;
    let dead = world.deliver(&lead, "1", &[(hook(1), Status::Dead)]).await.remove(0).head;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let configure = async |wish: &Wish, expected| {
        let change = Change::Redrive { delivery: dead.key, wish: Some(wish.clone()) };
        world.ledger.configure(SHARD, change, expected).await
    };
    let stands = async || world.ledger.read(SHARD, Key::Redrive(dead.key)).await.unwrap();
    let refused = Wish::Refused { at: Timestamp::from_micros(9), why: "a later state".into() };
    let first = world.redrive(dead.key, true).await.unwrap();
    until_told(&mut agenda, dead.key).await;
    let second = configure(&Wish::Asked { out_of_order: true }, None).await.unwrap();
    until_told(&mut agenda, dead.key).await;
    // Somebody has asked again meanwhile, and is not refused by what was decided before.
    assert!(matches!(configure(&refused, Some(first)).await, Err(Error::Conflict(_))));
    assert_eq!(stands().await, Some(Record::Redrive(second, Wish::Asked { out_of_order: true })));
    let third = configure(&refused, Some(second)).await.unwrap();
    assert_eq!(stands().await, Some(Record::Redrive(third, refused.clone())));
    world.post("2").await;
    let told = next(&mut agenda).await;
    assert!(matches!(told, Some(Entry::Event(..))), "the lead knows what it refused: {told:?}");
    drop(agenda);
    assert_eq!(wishes(&world).await, [], "nor is it told to the next");
    // Asked again, and granted: nothing is left of it.
    let lead = world.lead("a").await;
    configure(&refused, None).await.unwrap();
    let after = Head { status: Status::Blocked, ..dead };
    let granted = Settlement { after, attempt: None, made: None, failure: None, before: dead };
    world.ledger.settle(&lead, granted).await.unwrap();
    assert_eq!(stands().await, None);
}

pub(crate) async fn what_was_refused_is_forgotten_with_its_event(world: World) {
    let lead = world.lead("a").await;
    let key = world.deliver(&lead, "1", &[(hook(1), Status::Dead)]).await.remove(0).head.key;
    world.redrive(key, true).await.unwrap();
    assert_eq!(world.retire(&lead, 9).await.unwrap().events, 0, "somebody asks for it");
    let refused = Wish::Refused { at: Timestamp::EPOCH, why: "a later state".into() };
    let change = Change::Redrive { delivery: key, wish: Some(refused) };
    world.ledger.configure(SHARD, change, None).await.unwrap();
    assert_eq!(world.retire(&lead, 9).await.unwrap().events, 1);
    assert_eq!(world.ledger.read(SHARD, Key::Redrive(key)).await.unwrap(), None);
}

pub(crate) async fn only_what_lets_a_delivery_go_out_again_grants_a_wish(world: World) {
    let lead = world.lead("a").await;
    let parts = [(hook(1), Status::Blocked), (hook(1), Status::Blocked)];
    let made = world.deliver(&lead, "1", &parts).await;
    let (later, ended) = (made[0].head, made[1].head);
    for head in [later, ended] {
        world.redrive(head.key, true).await.unwrap();
    }
    // A run that was begun before the wish asks for time, and another one ends in a fault.
    let still = Settlement {
        after: Head { attempts: 1, ..later },
        made: Some(Made { plugin: None, content: Content::Blocked("no rate yet".into()) }),
        ..settlement(later, Status::Blocked)
    };
    world.ledger.settle(&lead, Settlement { attempt: None, ..still }).await.unwrap();
    let no = ended.key.event;
    let mut dead = delivery(no, hook(1), 1, Status::Dead);
    dead.head.key = ended.key;
    let anew = Dispatch { replaces: Some(ended), deliveries: vec![dead], ..dispatch(no) };
    world.dispatch(&lead, anew).await.unwrap();
    assert_eq!(wishes(&world).await, [later.key, ended.key]);
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
