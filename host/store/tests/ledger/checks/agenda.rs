//! What a lead is told: everything, once, in order.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tokio::sync::mpsc;
use transload_domain::{Digest, Event, Organization, Status};
use transload_store::{Change, Entry, Settlement};

use crate::world::{
    SHARD, World, acme, dispatch, event, hook, next, next_events, settlement, until_current,
    webhook,
};

pub(crate) async fn an_agenda_tells_what_is_there_and_then_what_comes(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let profile = crate::rows::profile();
    let change = Change::Profile(Digest::of(b"module"), profile.clone());
    world.ledger.configure(SHARD, change, None).await.unwrap();
    let parts = [
        (hook(1), Status::Scheduled),
        (hook(2), Status::Blocked),
        (hook(1), Status::Delivered),
        (hook(1), Status::Skipped),
        (hook(1), Status::Dead),
    ];
    let made = world.deliver(&lead, "1", &parts).await;
    let (two, three) = (world.post("2").await, world.post("3").await);
    world.dispatch(&lead, dispatch(two)).await.unwrap();

    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let told = until_current(&mut agenda).await;
    let expected = [
        Entry::Profile(Digest::of(b"module"), Arc::new(profile)),
        Entry::Webhook(Arc::new(webhook(hook(1)))),
        Entry::Delivery(made[1].head),
        Entry::Delivery(made[0].head),
    ];
    assert_eq!(told, expected);
    assert_eq!(next(&mut agenda).await, Some(Entry::Event(three, Arc::new(event("3")))));

    let four = world.post("4").await;
    world.put_webhook(&webhook(hook(3))).await;
    let five = world.post("5").await;
    let remove = Change::RemoveWebhook(acme(), hook(1));
    world.ledger.configure(SHARD, remove, None).await.unwrap();
    for expected in [
        Entry::Event(four, Arc::new(event("4"))),
        Entry::Webhook(Arc::new(webhook(hook(3)))),
        Entry::Event(five, Arc::new(event("5"))),
        Entry::WebhookRemoved(hook(1)),
    ] {
        assert_eq!(next(&mut agenda).await, Some(expected));
    }
}

pub(crate) async fn a_new_agenda_tells_what_was_not_dispatched(world: World) {
    let first = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&first).await.unwrap();
    until_current(&mut agenda).await;
    let numbers = [world.post("1").await, world.post("2").await, world.post("3").await];
    assert_eq!(next_events(&mut agenda, 3).await, numbers.map(|no| no.0));
    world.dispatch(&first, dispatch(numbers[1])).await.unwrap();
    drop(agenda);
    let second = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&second).await.unwrap();
    assert_eq!(until_current(&mut agenda).await, []);
    assert_eq!(next_events(&mut agenda, 2).await, [numbers[0].0, numbers[2].0]);
}

/// More events than the agenda's channel and tail hold, posted by several while the reader sleeps, reads, and
/// sleeps again.
pub(crate) async fn an_agenda_misses_nothing_and_repeats_nothing(world: World) {
    const POSTERS: usize = 4;
    const BATCHES: usize = 60;
    const BATCH: usize = 40;
    let lead = world.lead("a").await;
    world.post("before").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let mut posters = tokio::task::JoinSet::new();
    for poster in 0..POSTERS {
        let world = world.clone();
        posters.spawn(async move {
            for batch in 0..BATCHES {
                let id = |n| format!("{poster} {batch} {n}");
                world.accept((0..BATCH).map(|n| event(&id(n))).collect()).await.unwrap();
                if batch % 10 == 0 {
                    world.put_webhook(&webhook(hook(poster as u8))).await;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    until_current(&mut agenda).await;
    // Half of them read along, then nobody reads until all are posted: the tail overflows.
    let all = 1 + POSTERS * BATCHES * BATCH;
    let mut told = Vec::new();
    let mut hooks = BTreeSet::new();
    while told.len() < all {
        match next(&mut agenda).await.unwrap() {
            Entry::Event(no, _) => told.push(no.0),
            Entry::Webhook(webhook) => {
                hooks.insert(webhook.id);
            }
            other => panic!("{other:?}"),
        }
        if told.len() == all / 4 {
            while let Some(posted) = posters.join_next().await {
                posted.unwrap();
            }
        }
    }
    assert!(told.is_sorted_by(|a, b| a < b), "each once, oldest first");
    assert_eq!(hooks.len(), POSTERS);
    let no = world.post("after").await;
    loop {
        match next(&mut agenda).await.unwrap() {
            Entry::Event(last, _) => break assert_eq!(last, no),
            Entry::Webhook(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Posts events of an organization, many at once.
async fn post_many(world: &World, organization: &str, ids: std::ops::Range<usize>) {
    let organization = Organization::new(organization).unwrap();
    let one = |id: usize| Event { organization: organization.clone(), ..event(&id.to_string()) };
    let all: Vec<Event> = ids.map(one).collect();
    for some in all.chunks(500) {
        world.accept(some.to_vec()).await.expect("new events are accepted");
    }
}

/// Reads so many events. Returns behind how many the first of organization `other` was told; each organization's are told
/// once and in order.
async fn place_of_other(agenda: &mut mpsc::Receiver<Entry>, count: usize) -> usize {
    let (mut latest, mut place) = (HashMap::new(), None);
    for n in 0..count {
        let Some(Entry::Event(no, event)) = next(agenda).await else {
            panic!("event {n} of {count} was to come");
        };
        let before = latest.insert(event.organization.clone(), no);
        assert!(before < Some(no), "{no:?} behind {before:?}");
        if event.organization.as_str() == "other" {
            place.get_or_insert(n);
        }
    }
    place.expect("the other's are told")
}

pub(crate) async fn i8_organizations_take_turns_however_much_one_has_undispatched(world: World) {
    post_many(&world, "acme", 0..2_000).await;
    post_many(&world, "other", 0..40).await;
    let lead = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let place = place_of_other(&mut agenda, 2_040).await;
    assert!(place < 200, "{place} of another organization go first");
    world.post("and then").await;
    next_events(&mut agenda, 1).await;
}

pub(crate) async fn i8_what_one_posts_beside_another_that_posts_more_than_is_read_is_told_soon(
    world: World,
) {
    const TAIL: usize = 4_096;
    let lead = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    // Nobody reads meanwhile: more than is kept for the reader.
    post_many(&world, "acme", 0..TAIL + 3_000).await;
    post_many(&world, "other", 0..1).await;
    let place = place_of_other(&mut agenda, TAIL + 3_001).await;
    assert!(place < TAIL + 1_000, "{place} of another organization go first");
}

pub(crate) async fn a_webhook_is_told_before_the_events_after_it(world: World) {
    let lead = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    // Nobody reads meanwhile, and the tail overflows.
    for round in 0..12_u8 {
        world.put_webhook(&webhook(hook(round))).await;
        let id = |n| format!("{round} {n}");
        let data = format!("\"{round}\"");
        let events = (0..500).map(|n| Event { data: data.clone(), ..event(&id(n)) });
        world.accept(events.collect()).await.unwrap();
    }
    let (mut known, mut events) = (BTreeSet::new(), 0);
    while events < 12 * 500 {
        match next(&mut agenda).await.unwrap() {
            Entry::Webhook(webhook) => {
                known.insert(webhook.id);
            }
            Entry::Event(_, event) => {
                let round: u8 = event.data.trim_matches('"').parse().unwrap();
                assert!(known.contains(&hook(round)), "round {round}");
                events += 1;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A lead may be at work before it knows all: what it has changed itself is not told again.
pub(crate) async fn an_agenda_does_not_tell_a_lead_its_own_changes(world: World) {
    let lead = world.lead("a").await;
    let parts = vec![(hook(1), Status::Scheduled); 200];
    let made = world.deliver(&lead, "1", &parts).await;
    let blocked = world.deliver(&lead, "2", &[(hook(1), Status::Blocked); 200]).await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let mut told = Vec::new();
    while told.len() < 10 {
        match next(&mut agenda).await.unwrap() {
            Entry::Delivery(head) => told.push(head),
            other => panic!("{other:?}"),
        }
    }
    assert!(told.iter().all(|head| head.key.event == blocked[0].head.key.event));
    // What it was told of last, it makes anew: now scheduled, which the agenda has not come to yet.
    let again = told[9];
    let no = again.key.event;
    let remade = transload_store::Dispatch {
        replaces: Some(again),
        deliveries: vec![crate::world::delivery(no, hook(1), again.key.part.0, Status::Scheduled)],
        ..dispatch(no)
    };
    world.dispatch(&lead, remade).await.unwrap();
    let rest = until_current(&mut agenda).await;
    let keys = told.iter().map(|head| head.key);
    let rest = rest.iter().map(|entry| match entry {
        Entry::Delivery(head) => head.key,
        other => panic!("{other:?}"),
    });
    let all: Vec<_> = keys.chain(rest).collect();
    assert_eq!(all.len(), made.len() + blocked.len());
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    let settled = settlement(made[0].head, Status::Delivered);
    world.ledger.settle(&lead, Settlement { ..settled }).await.unwrap();
}
