//! Writing what became of events: once, whole, and only on state that is still so.

use std::{collections::BTreeSet, sync::Arc};

use transload_domain::{
    Content, Event, EventNo, Head, Made, Organization, Status, Timestamp, limits,
};
use transload_store::{Change, Dispatch, Error, LedgerExt, Query, Record, Settlement, Shard};

use crate::world::{
    LEASE, SHARD, World, acme, change, check, delivery, dispatch, event, hook, key, next_events,
    plugin, request, until_current, webhook,
};

pub(crate) async fn i3_an_event_is_dispatched_once(world: World) {
    let lead = world.lead("a").await;
    let no = world.post("1").await;
    let deliveries = vec![delivery(no, hook(1), 0, Status::Scheduled)];
    let one = Dispatch { deliveries: deliveries.clone(), ..dispatch(no) };
    world.dispatch(&lead, one.clone()).await.unwrap();
    let before = world.picture(2, &[hook(1)]).await;
    for again in [one.clone(), dispatch(no), dispatch(transload_domain::EventNo(77))] {
        let answer = world.dispatch(&lead, again).await;
        assert!(matches!(answer, Err(Error::Conflict(_))), "{answer:?}");
    }
    let two = world.post("2").await;
    let stolen = Dispatch { event: two, ..one.clone() };
    assert!(matches!(world.dispatch(&lead, stolen).await, Err(Error::Conflict(_))));
    let twice = Dispatch {
        deliveries: vec![delivery(two, hook(1), 0, Status::Scheduled); 2],
        ..dispatch(two)
    };
    assert!(matches!(world.dispatch(&lead, twice).await, Err(Error::Conflict(_))));
    assert_eq!(world.picture(2, &[hook(1)]).await[1..], before[..]);
    let found = world.ledger.delivery(SHARD, deliveries[0].head.key.id()).await.unwrap();
    assert_eq!(found.as_ref(), deliveries.first());
    assert_eq!(
        world.ledger.made(SHARD, deliveries[0].head.key).await.unwrap().unwrap(),
        deliveries[0].made
    );
}

pub(crate) async fn i4_a_dispatch_happens_as_a_whole_or_not_at_all(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let no = world.post("1").await;
    let before = world.picture(1, &[hook(1)]).await;
    let whole = Dispatch {
        deliveries: vec![
            delivery(no, hook(1), 0, Status::Scheduled),
            delivery(no, hook(1), 1, Status::Dead),
        ],
        changes: vec![change(hook(1), "seen", Some(b"1"))],
        ..dispatch(no)
    };
    let late = vec![change(hook(1), "a", Some(b"1")), change(hook(9), "gone", Some(b"1"))];
    for (spoiled, whose) in [
        (Dispatch { checks: vec![check(hook(1), "seen", 1)], ..whole.clone() }, hook(1)),
        (Dispatch { changes: late, ..whole.clone() }, hook(9)),
    ] {
        assert_eq!(stale(&world.dispatch(&lead, spoiled).await), Some(whose));
        assert_eq!(world.picture(1, &[hook(1)]).await, before);
        for key in ["seen", "a"] {
            assert_eq!(world.ledger.state(SHARD, hook(1), key).await.unwrap(), None);
        }
    }
    // The event is still to be dispatched: an agenda tells it.
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    assert_eq!(next_events(&mut agenda, 1).await, [no.0]);
    world.dispatch(&lead, whole).await.unwrap();
    assert!(world.ledger.state(SHARD, hook(1), "seen").await.unwrap().is_some());
    assert_eq!(world.list(Query::DeliveriesByEvent(no), 10).await.len(), 2);
}

pub(crate) async fn i4_two_that_read_the_same_state_do_not_both_write(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let mut of = Vec::new();
    for id in ["1", "2", "3"] {
        let no = world.post(id).await;
        of.push(Dispatch {
            checks: vec![check(hook(1), "n", 0)],
            changes: vec![change(hook(1), "n", Some(id.as_bytes()))],
            ..dispatch(no)
        });
    }
    let answers = world.ledger.dispatch(&lead, of[..2].to_vec()).await;
    assert!(matches!(&answers[..], [Ok(()), Err(Error::Stale { .. })]), "{answers:?}");
    assert_eq!(stale(&world.dispatch(&lead, of[2].clone()).await), Some(hook(1)));
    let (revision, value) = world.ledger.state(SHARD, hook(1), "n").await.unwrap().unwrap();
    assert_eq!(value, b"1");
    let informed = Dispatch { checks: vec![check(hook(1), "n", revision)], ..of[1].clone() };
    world.dispatch(&lead, informed).await.unwrap();
    assert_eq!(world.ledger.state(SHARD, hook(1), "n").await.unwrap().unwrap().1, b"2");
}

pub(crate) async fn i4_a_revision_is_never_given_twice(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let mut seen = vec![0];
    for (id, value) in
        [("1", Some(b"x")), ("2", None), ("3", Some(b"x")), ("4", None), ("5", Some(b"x"))]
    {
        let no = world.post(id).await;
        let one = Dispatch {
            changes: vec![change(hook(1), "k", value.map(|value| &value[..]))],
            ..dispatch(no)
        };
        world.dispatch(&lead, one).await.unwrap();
        let found = world.ledger.state(SHARD, hook(1), "k").await.unwrap();
        assert_eq!(found.is_some(), value.is_some());
        if let Some((revision, _)) = found {
            for old in &seen {
                let no = world.post(&format!("{id} {old}")).await;
                let late = Dispatch { checks: vec![check(hook(1), "k", *old)], ..dispatch(no) };
                let answer = world.dispatch(&lead, late).await;
                assert_eq!(stale(&answer), Some(hook(1)), "{old} for {revision}");
            }
            seen.push(revision);
        }
    }
    assert_eq!(seen.len(), 4);
}

pub(crate) async fn state_has_a_limit_for_each_webhook(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    world.put_webhook(&webhook(hook(2))).await;
    let value = vec![7; limits::STATE_VALUE_BYTES_MAX];
    let fits = limits::STATE_BYTES_PER_WEBHOOK_MAX / (value.len() + 4);
    let fill = |range: std::ops::Range<usize>, hook| {
        range.map(|n| change(hook, &format!("{n:04}"), Some(&value))).collect::<Vec<_>>()
    };
    let no = world.post("1").await;
    let full = Dispatch { changes: fill(0..fits, hook(1)), ..dispatch(no) };
    world.dispatch(&lead, full).await.unwrap();
    let no = world.post("2").await;
    let over = Dispatch { changes: fill(fits..fits + 1, hook(1)), ..dispatch(no) };
    let refused = world.dispatch(&lead, over.clone()).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Full { webhook, what } if *webhook == hook(1) && what.contains("bytes of plugin state")),
        "{refused}"
    );
    // Another webhook has room of its own, and so has this one when something goes.
    let changes = [vec![change(hook(1), "0000", None)], over.changes, fill(0..1, hook(2))].concat();
    world.dispatch(&lead, Dispatch { changes, ..dispatch(no) }).await.unwrap();
    let stored = world.ledger.state(SHARD, hook(1), &format!("{fits:04}")).await.unwrap();
    assert_eq!(stored.unwrap().1, value);
}

pub(crate) async fn state_goes_with_its_webhook(world: World) {
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    world.put_webhook(&webhook(hook(2))).await;
    let no = world.post("1").await;
    let changes = vec![change(hook(1), "k", Some(b"1")), change(hook(2), "k", Some(b"2"))];
    world.dispatch(&lead, Dispatch { changes, ..dispatch(no) }).await.unwrap();
    let remove = Change::RemoveWebhook(acme(), hook(1));
    world.ledger.configure(SHARD, remove, None).await.unwrap();
    assert_eq!(world.ledger.state(SHARD, hook(1), "k").await.unwrap(), None);
    assert_eq!(world.ledger.state(SHARD, hook(2), "k").await.unwrap().unwrap().1, b"2");
    let no = world.post("2").await;
    let late = Dispatch { changes: vec![change(hook(1), "k", Some(b"1"))], ..dispatch(no) };
    assert_eq!(stale(&world.dispatch(&lead, late).await), Some(hook(1)));
    assert_eq!(world.ledger.state(SHARD, hook(1), "k").await.unwrap(), None);
}

pub(crate) async fn a_blocked_delivery_is_made_anew(world: World) {
    let lead = world.lead("a").await;
    let blocked = world.deliver(&lead, "1", &[(hook(1), Status::Blocked)]).await.remove(0);
    let no = blocked.head.key.event;
    let anew = Dispatch {
        replaces: Some(blocked.head),
        deliveries: (0..3).map(|part| delivery(no, hook(1), part, Status::Scheduled)).collect(),
        ..dispatch(no)
    };
    let stale = Dispatch { replaces: Some(Head { attempts: 5, ..blocked.head }), ..anew.clone() };
    assert!(matches!(world.dispatch(&lead, stale).await, Err(Error::Conflict(_))));
    world.dispatch(&lead, anew.clone()).await.unwrap();
    assert!(matches!(world.dispatch(&lead, anew.clone()).await, Err(Error::Conflict(_))));
    let listed = world.list(Query::DeliveriesByEvent(no), 10).await;
    let expected: Vec<Record> =
        anew.deliveries.iter().map(|one| Record::Delivery(Box::new(one.clone()))).collect();
    assert_eq!(listed, expected);
    for (status, count) in [(Status::Blocked, 0), (Status::Scheduled, 3)] {
        assert_eq!(world.ledger.count(SHARD, hook(1), status).await.unwrap(), count);
        let query = Query::DeliveriesByStatus(hook(1), status);
        assert_eq!(world.list(query, 10).await.len() as u64, count);
    }
}

pub(crate) async fn i5_bytes_once_made_never_change(world: World) {
    let lead = world.lead("a").await;
    for (id, status) in [("1", Status::Scheduled), ("2", Status::Delivered)] {
        let made = world.deliver(&lead, id, &[(hook(1), status)]).await.remove(0);
        let no = made.head.key.event;
        let mut other = delivery(no, hook(1), 0, Status::Scheduled);
        other.made.content = Content::Request(Arc::new(request(b"[other]")));
        let anew =
            Dispatch { replaces: Some(made.head), deliveries: vec![other.clone()], ..dispatch(no) };
        assert!(matches!(world.dispatch(&lead, anew).await, Err(Error::Conflict(_))));
        let after = Head { at: Timestamp::from_micros(9), ..made.head };
        let settled = Settlement {
            before: made.head,
            after,
            attempt: None,
            made: Some(other.made),
            failure: None,
        };
        let answer = world.ledger.settle(&lead, settled).await;
        assert!(matches!(answer, Err(Error::Conflict(_))), "{answer:?}");
        let stored = world.ledger.delivery(SHARD, made.head.key.id()).await.unwrap();
        assert_eq!(stored, Some(made));
    }
}

pub(crate) async fn a_delivery_belongs_to_its_event(world: World) {
    let lead = world.lead("a").await;
    let (one, two) = (world.post("1").await, world.post("2").await);
    let foreign = Dispatch {
        deliveries: vec![delivery(two, hook(1), 0, Status::Scheduled)],
        ..dispatch(one)
    };
    assert!(matches!(world.dispatch(&lead, foreign).await, Err(Error::Conflict(_))));
    assert_eq!(world.ledger.head(SHARD, key(two, hook(1), 0)).await.unwrap(), None);
}

pub(crate) async fn a_large_request_is_kept_whole(world: World) {
    let lead = world.lead("a").await;
    let no = world.post("1").await;
    let body: Vec<u8> = (0..limits::BODY_BYTES_MAX).map(|n| (n % 251) as u8).collect();
    let mut one = delivery(no, hook(1), 0, Status::Scheduled);
    one.made = Made { plugin: Some(plugin()), content: Content::Request(Arc::new(request(&body))) };
    let whole = Dispatch { deliveries: vec![one.clone()], ..dispatch(no) };
    world.dispatch(&lead, whole).await.unwrap();
    assert_eq!(world.ledger.made(SHARD, one.head.key).await.unwrap(), Some(one.made));
}

/// More events than a block of marks has, dispatched in no order: what waits is known all the time.
pub(crate) async fn i3_whatever_the_order_each_event_is_dispatched_once(world: World) {
    const EVENTS: u64 = 2_500;
    let events = (0..EVENTS).map(|id| event(&id.to_string())).collect();
    let numbers: Vec<u64> =
        world.accept(events).await.unwrap().iter().map(|receipt| receipt.no.0).collect();
    let mut waiting: BTreeSet<u64> = numbers.iter().copied().collect();
    // The first block is emptied last but for one event, so that those behind it are full before.
    let order = (0..EVENTS).map(|n| numbers[((n * 1_009 + 1_024) % EVENTS) as usize]);
    let order: Vec<u64> = order.filter(|no| *no != numbers[7]).collect();
    for some in order.chunks(400) {
        let lead = world.lead("a").await;
        let twice = some.iter().chain(some).map(|no| dispatch(EventNo(*no))).collect();
        let answers = world.ledger.dispatch(&lead, twice).await;
        let (first, second) = answers.split_at(some.len());
        assert!(first.iter().all(Result::is_ok));
        assert!(second.iter().all(|answer| matches!(answer, Err(Error::Conflict(_)))));
        some.iter().for_each(|no| assert!(waiting.remove(no)));
        assert_eq!(world.ledger.undispatched(SHARD), waiting.len() as u64);
        let told = still_waiting(&world, waiting.len()).await;
        assert!(told.iter().eq(&waiting), "{told:?}");
    }
    let lead = world.lead("a").await;
    assert_eq!(world.ledger.undispatched(SHARD), 1);
    world.dispatch(&lead, dispatch(EventNo(numbers[7]))).await.unwrap();
    assert_eq!(world.ledger.undispatched(SHARD), 0);
    for no in [0, numbers[0], numbers[7], numbers[2_499], numbers[2_499] + 1, u64::MAX] {
        let answer = world.dispatch(&lead, dispatch(EventNo(no))).await;
        assert!(matches!(answer, Err(Error::Conflict(_))), "{no}: {answer:?}");
    }
    let next = world.post("next").await;
    assert_eq!(still_waiting(&world, 1).await, [next.0]);
}

/// A block whose events are all dispatched says nothing of the next one.
pub(crate) async fn i1_what_lies_behind_a_full_block_still_waits(world: World) {
    let events = (0..2_100).map(|id| event(&id.to_string())).collect();
    let numbers = world.accept(events).await.unwrap();
    let lead = world.lead("a").await;
    let (first, rest) = numbers.split_at(1_024);
    let dispatches = first.iter().map(|receipt| dispatch(receipt.no)).collect();
    assert!(world.ledger.dispatch(&lead, dispatches).await.iter().all(Result::is_ok));
    assert_eq!(world.ledger.undispatched(SHARD), rest.len() as u64);
    let told = still_waiting(&world, rest.len()).await;
    assert!(told.into_iter().eq(rest.iter().map(|receipt| receipt.no.0)));
    let lead = world.lead("a").await;
    world.dispatch(&lead, dispatch(rest[0].no)).await.unwrap();
}

/// Whoever decides whether an organization may post more knows how many of its own events wait.
pub(crate) async fn i8_what_waits_is_counted_for_each_organization(world: World) {
    let other = Organization::new("other").unwrap();
    let waiting = || [acme(), other.clone()].map(|one| world.ledger.undispatched_of(SHARD, &one));
    let of_other = |id: &str| Event { organization: other.clone(), ..event(id) };
    let events = vec![event("1"), of_other("1"), event("2"), of_other("2"), event("3")];
    let numbers = world.accept(events).await.unwrap();
    assert_eq!(waiting(), [3, 2]);
    world.accept(vec![event("1"), of_other("2")]).await.unwrap();
    assert_eq!(waiting(), [3, 2], "what was there already does not wait twice");
    let lead = world.lead("a").await;
    let dispatches = [0, 0, 3].map(|n: usize| dispatch(numbers[n].no)).to_vec();
    let answers = world.ledger.dispatch(&lead, dispatches).await;
    assert!(answers[1].is_err());
    assert_eq!(waiting(), [2, 1]);
    assert_eq!(world.ledger.undispatched_of(Shard(1), &other), 0);
}

/// The events that another lead is told of.
async fn still_waiting(world: &World, count: usize) -> Vec<u64> {
    let other = world.ledger.clone();
    world.clock.advance(LEASE * 2);
    let lead = other.lead(SHARD, "another", LEASE).await.unwrap();
    let mut agenda = other.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let told = next_events(&mut agenda, count).await;
    drop(agenda);
    world.clock.advance(LEASE * 2);
    told
}

/// Whose state has changed since it was read.
fn stale(answer: &transload_store::Result<()>) -> Option<transload_domain::WebhookId> {
    match answer {
        Err(Error::Stale { webhook, .. }) => Some(*webhook),
        _ => None,
    }
}
