//! Rows that cannot be read: said by name, and nobody else is held up.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use transload_domain::{DeliveryKey, EventNo, Status, Timestamp};
use transload_store::{
    Batch, Change, Dispatch, Entry, Error, Failure, LedgerExt, Local, MemoryRows, Order, Query,
    Record, Retired, Rows, Settlement, Visit,
};

use crate::world::{
    HandClock, SHARD, World, acme, change, delivery, dispatch, event, hook, next, next_events,
    settlement, until_current, webhook,
};

/// A ledger over rows that a test can damage.
fn world() -> (Arc<MemoryRows>, World) {
    let (rows, clock) = (Arc::new(MemoryRows::default()), Arc::new(HandClock::default()));
    let ledger = Arc::new(Local::inline(rows.clone(), clock.clone()).unwrap());
    (rows, World { ledger, clock })
}

/// Spoils the rows of a kind whose keys hold `part`.
fn damage(rows: &MemoryRows, kind: u8, part: &[u8]) {
    let mut keys = Vec::new();
    rows.scan(&[kind][..]..&[kind + 1][..], Order::Ascending, &mut |key, _| {
        if key.windows(part.len().max(1)).any(|window| window.starts_with(part)) {
            keys.push((key.to_vec(), Some(vec![0xee])));
        }
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    assert!(!keys.is_empty(), "there is such a row");
    rows.write(keys).unwrap();
}

fn named<T: std::fmt::Debug>(answer: Result<T, Error>, key: DeliveryKey) {
    let Err(Error::Corrupt(what)) = answer else { panic!("{answer:?}") };
    assert!(what.contains(&key.id().to_string()), "{what}");
}

#[tokio::test]
async fn i10_a_damaged_delivery_is_named_when_it_cannot_be_written() {
    let (rows, world) = world();
    let lead = world.lead("a").await;
    let parts = [(hook(1), Status::Scheduled), (hook(2), Status::Scheduled)];
    let made = world.deliver(&lead, "1", &parts).await;
    let blocked = world.deliver(&lead, "2", &[(hook(3), Status::Blocked)]).await.remove(0);
    damage(&rows, b'h', hook(1).0.as_bytes());
    let settled = settlement(made[0].head, Status::Delivered);
    named(world.ledger.settle(&lead, settled).await, made[0].head.key);
    let settled = settlement(made[1].head, Status::Delivered);
    world.ledger.settle(&lead, settled).await.unwrap();

    damage(&rows, b'm', hook(3).0.as_bytes());
    let no = blocked.head.key.event;
    let anew = Dispatch {
        replaces: Some(blocked.head),
        deliveries: vec![delivery(no, hook(3), 0, Status::Scheduled)],
        ..dispatch(no)
    };
    named(world.dispatch(&lead, anew).await, blocked.head.key);
}

#[tokio::test]
async fn i10_damaged_state_is_named_with_its_webhook() {
    let (rows, world) = world();
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let mut answers = Vec::new();
    for id in ["1", "2"] {
        let no = world.post(id).await;
        let changes = vec![change(hook(1), "counter", Some(b"1"))];
        answers.push(world.dispatch(&lead, Dispatch { changes, ..dispatch(no) }).await);
        damage(&rows, b'k', b"counter");
    }
    let [Ok(()), Err(Error::Corrupt(what))] = &answers[..] else { panic!("{answers:?}") };
    assert!(what.contains("counter") && what.contains(&hook(1).to_string()), "{what}");
}

/// Failures and replays are not worth a shard that stands still.
#[tokio::test]
async fn damaged_failures_hold_up_nobody() {
    let (rows, world) = world();
    let lead = world.lead("a").await;
    world.put_webhook(&webhook(hook(1))).await;
    let made = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await.remove(0);
    let failed = |before, at| Settlement {
        failure: Some(Failure {
            at: Timestamp::from_micros(at),
            keep: 9,
            spoken_to: webhook(hook(1)).into(),
        }),
        ..settlement(before, Status::Scheduled)
    };
    let first = failed(made.head, 1);
    world.ledger.settle(&lead, first.clone()).await.unwrap();
    damage(&rows, b'g', b"");
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let told = until_current(&mut agenda).await;
    assert!(matches!(&told[..], [Entry::Webhook(_), Entry::Delivery(_)]), "{told:?}");
    // The next failure begins a new list.
    world.ledger.settle(&lead, failed(first.after, 2)).await.unwrap();
    drop(agenda);
    let lead = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let told = until_current(&mut agenda).await;
    let failures = Entry::Failures(hook(1), vec![Timestamp::from_micros(2)]);
    assert!(told.contains(&failures), "{told:?}");
}

#[tokio::test]
async fn i1_no_delivery_is_forgotten_because_its_list_is_damaged() {
    let (rows, world) = world();
    let lead = world.lead("a").await;
    let parts =
        [(hook(1), Status::Scheduled), (hook(1), Status::Delivered), (hook(2), Status::Scheduled)];
    let made = world.deliver(&lead, "1", &parts).await;
    damage(&rows, b'S', hook(1).0.as_bytes());
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let told = until_current(&mut agenda).await;
    assert_eq!(told, [Entry::Delivery(made[0].head), Entry::Delivery(made[2].head)]);
    // It cannot be taken from the list, and that is said.
    let settled = settlement(made[0].head, Status::Delivered);
    named(world.ledger.settle(&lead, settled).await, made[0].head.key);
    let settled = settlement(made[2].head, Status::Delivered);
    world.ledger.settle(&lead, settled).await.unwrap();
}

#[tokio::test]
async fn damaged_marks_hold_up_only_their_block() {
    let (rows, world) = world();
    let lead = world.lead("a").await;
    let events = (0..1_030).map(|id| event(&id.to_string())).collect();
    let numbers = world.accept(events).await.unwrap();
    world.dispatch(&lead, dispatch(numbers[0].no)).await.unwrap();
    damage(&rows, b'v', b"");
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let told = next_events(&mut agenda, 1_030).await;
    assert!(told.into_iter().eq(numbers.iter().map(|receipt| receipt.no.0)), "none is forgotten");
    let answer = world.dispatch(&lead, dispatch(numbers[1].no)).await;
    assert!(matches!(&answer, Err(Error::Corrupt(what)) if what.contains("event 2")), "{answer:?}");
    world.dispatch(&lead, dispatch(numbers[1_029].no)).await.unwrap();
}

#[tokio::test]
async fn a_damaged_list_of_events_keeps_nobody_from_posting() {
    let (rows, world) = world();
    let first = world.post("1").await;
    damage(&rows, b'b', b"");
    let second = world.post("2").await;
    let listed = world.list(Query::Events(acme()), 9).await;
    assert!(matches!(&listed[..], [Record::Event(no, _)] if *no == second), "{listed:?}");
    assert!(world.ledger.event(SHARD, first).await.unwrap().is_some());
}

/// What cannot be read stays, and holds up none of those that are forgotten with it or behind it.
#[tokio::test]
async fn one_damaged_row_keeps_no_other_event_from_being_forgotten() {
    let first = 1_u64.to_be_bytes();
    let webhook_of_first = hook(1);
    for (what, kind, part, stays, damaged) in [
        ("the event", b'e', &first[..], true, 0),
        ("its delivery", b'h', webhook_of_first.0.as_bytes(), true, 1),
        ("the list that it is on", b'S', webhook_of_first.0.as_bytes(), true, 1),
        ("a webhook that is gone", b'W', b"", false, 0),
    ] {
        let (rows, world) = world();
        let lead = world.lead("a").await;
        world.put_webhook(&webhook(hook(3))).await;
        let gone = Change::RemoveWebhook(acme(), hook(3));
        world.ledger.configure(SHARD, gone, None).await.unwrap();
        for id in ["1", "2", "3"] {
            let webhook = if id == "1" { hook(1) } else { hook(2) };
            world.deliver(&lead, id, &[(webhook, Status::Dead)]).await;
        }
        damage(&rows, kind, part);
        for forgotten in [if stays { 2 } else { 3 }, 0] {
            let retired = Retired { events: forgotten, damaged, next: None };
            assert_eq!(world.retire(&lead, 9).await, Ok(retired), "damaged is {what}");
        }
        assert!(world.ledger.event(SHARD, EventNo(1)).await.transpose().is_some() == stays);
        for no in [2, 3] {
            assert_eq!(world.ledger.event(SHARD, EventNo(no)).await, Ok(None));
        }
        assert_eq!(world.ledger.count(SHARD, hook(2), Status::Dead).await, Ok(0));
    }
}

/// Rows whose disk can be made to refuse to be read through.
#[derive(Default)]
struct Refusing {
    rows: MemoryRows,
    refuses: AtomicBool,
}

impl Rows for Refusing {
    fn blocks(&self) -> bool {
        self.rows.blocks()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.rows.get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<(), Error> {
        if self.refuses.load(SeqCst) && range.start.starts_with(b"S") {
            return Err(Error::Unavailable("a bad sector".into()));
        }
        self.rows.scan(range, order, visit)
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
        self.rows.write(batch)
    }

    fn bytes(&self) -> Result<u64, Error> {
        self.rows.bytes()
    }
}

#[tokio::test]
async fn an_agenda_that_cannot_be_read_says_why_before_it_ends() {
    let (rows, clock) = (Arc::<Refusing>::default(), Arc::new(HandClock::default()));
    let ledger = Arc::new(Local::inline(rows.clone(), clock.clone()).unwrap());
    let world = World { ledger, clock };
    let lead = world.lead("a").await;
    rows.refuses.store(true, SeqCst);
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    let why = Error::Unavailable("a bad sector".into());
    assert_eq!(next(&mut agenda).await, Some(Entry::Failed(why)));
    assert_eq!(next(&mut agenda).await, None);
}
