//! Writing attempts: each number once.

use transload_domain::{Attempt, Content, Head, Made, Status};
use transload_store::{Error, Key, LedgerExt, Query, Record, Settlement};

use super::accept::futures_join;
use crate::world::{SHARD, World, hook, settlement};

pub(crate) async fn i7_each_attempt_number_settles_once(world: World) {
    let lead = world.lead("a").await;
    let mut head = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    let mut attempts = Vec::new();
    for status in [Status::Scheduled, Status::Scheduled, Status::Delivered] {
        let tries = (0..16).map(|_| {
            let (world, lead) = (world.clone(), lead.clone());
            async move { world.ledger.settle(&lead, settlement(head, status)).await }
        });
        let answers = futures_join(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let lost =
            |answer: &&transload_store::Result<()>| matches!(answer, Err(Error::Conflict(_)));
        assert_eq!(answers.iter().filter(lost).count(), 15);
        let settled = settlement(head, status);
        attempts.extend(settled.attempt.map(|attempt| Record::Attempt(Box::new(attempt))));
        head = settled.after;
        assert_eq!(world.ledger.head(SHARD, head.key).await.unwrap(), Some(head));
    }
    assert_eq!(world.list(Query::Attempts(head.key), 2).await, attempts);
    for (number, attempt) in (1..).zip(attempts) {
        let found = world.ledger.read(SHARD, Key::Attempt(head.key, number)).await.unwrap();
        assert_eq!(found, Some(attempt));
    }
    let none = world.ledger.read(SHARD, Key::Attempt(head.key, 9)).await.unwrap();
    assert_eq!(none, None);
}

pub(crate) async fn i7_an_attempt_is_the_one_that_comes_next(world: World) {
    let lead = world.lead("a").await;
    let heads = world
        .deliver(&lead, "1", &[(hook(1), Status::Scheduled), (hook(2), Status::Scheduled)])
        .await;
    let (head, other) = (heads[0].head, heads[1].head);
    let good = settlement(head, Status::Delivered);
    let attempt = good.attempt.clone().unwrap();
    let before = world.picture(1, &[hook(1), hook(2)]).await;
    for spoiled in [
        Settlement { attempt: Some(Attempt { number: 2, ..attempt.clone() }), ..good.clone() },
        Settlement { attempt: Some(Attempt { delivery: other.key, ..attempt }), ..good.clone() },
        Settlement { after: Head { attempts: 5, ..good.after }, ..good.clone() },
        Settlement { after: Head { key: other.key, ..good.after }, ..good.clone() },
        Settlement { before: Head { attempts: 1, ..head }, ..good.clone() },
        Settlement {
            before: Head { due: transload_domain::Timestamp::MAX, ..head },
            ..good.clone()
        },
    ] {
        let answer = world.ledger.settle(&lead, spoiled).await;
        assert!(matches!(answer, Err(Error::Conflict(_))), "{answer:?}");
        assert_eq!(world.picture(1, &[hook(1), hook(2)]).await, before);
        assert_eq!(world.list(Query::Attempts(head.key), 9).await, []);
    }
    world.ledger.settle(&lead, good).await.unwrap();
}

/// A person may set the count back; the numbers that were used stay used.
pub(crate) async fn i7_a_used_attempt_number_is_not_used_again(world: World) {
    let lead = world.lead("a").await;
    let head = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    let dead = settlement(head, Status::Dead);
    world.ledger.settle(&lead, dead.clone()).await.unwrap();
    let after = Head { status: Status::Scheduled, attempts: 0, ..dead.after };
    let redrive =
        Settlement { before: dead.after, after, attempt: None, made: None, failure: None };
    world.ledger.settle(&lead, redrive).await.unwrap();
    let answer = world.ledger.settle(&lead, settlement(after, Status::Delivered)).await;
    assert!(matches!(answer, Err(Error::Conflict(_))), "{answer:?}");
    let attempts = world.list(Query::Attempts(head.key), 10).await;
    assert_eq!(attempts, [Record::Attempt(Box::new(dead.attempt.unwrap()))]);
}

pub(crate) async fn a_settlement_moves_lists_and_counts(world: World) {
    let lead = world.lead("a").await;
    let parts = [(hook(1), Status::Scheduled); 6];
    let made = world.deliver(&lead, "1", &parts).await;
    let ends = [Status::Delivered, Status::Dead, Status::Scheduled, Status::Delivered];
    for (one, status) in made.iter().zip(ends) {
        world.ledger.settle(&lead, settlement(one.head, status)).await.unwrap();
    }
    for (status, count) in
        [(Status::Scheduled, 3), (Status::Delivered, 2), (Status::Dead, 1), (Status::Blocked, 0)]
    {
        assert_eq!(world.ledger.count(SHARD, hook(1), status).await.unwrap(), count, "{status}");
        let listed = world.list(Query::DeliveriesByStatus(hook(1), status), 2).await;
        assert_eq!(listed.len() as u64, count, "{status}");
    }
}

pub(crate) async fn a_person_takes_up_a_dead_letter(world: World) {
    let lead = world.lead("a").await;
    let head = world.deliver(&lead, "1", &[(hook(1), Status::Scheduled)]).await[0].head;
    let dead = settlement(head, Status::Dead);
    world.ledger.settle(&lead, dead.clone()).await.unwrap();
    let after = Head { status: Status::Scheduled, ..dead.after };
    let redrive =
        Settlement { before: dead.after, after, attempt: None, made: None, failure: None };
    world.ledger.settle(&lead, redrive.clone()).await.unwrap();
    assert!(matches!(world.ledger.settle(&lead, redrive).await, Err(Error::Conflict(_))));
    world.ledger.settle(&lead, settlement(after, Status::Delivered)).await.unwrap();
    assert_eq!(world.list(Query::Attempts(head.key), 10).await.len(), 2);
}

pub(crate) async fn a_blocked_delivery_can_be_blocked_again_or_die(world: World) {
    let lead = world.lead("a").await;
    let one = world.deliver(&lead, "1", &[(hook(1), Status::Blocked)]).await.remove(0);
    let again = Made { plugin: None, content: Content::Blocked("it asks for time".into()) };
    let after = Head { attempts: 1, ..one.head };
    let blocked = Settlement {
        before: one.head,
        after,
        attempt: None,
        made: Some(again.clone()),
        failure: None,
    };
    world.ledger.settle(&lead, blocked).await.unwrap();
    assert_eq!(world.ledger.made(SHARD, one.head.key).await.unwrap(), Some(again));
    let scheduled = Head { status: Status::Scheduled, ..after };
    let unready =
        Settlement { before: after, after: scheduled, attempt: None, made: None, failure: None };
    assert!(matches!(world.ledger.settle(&lead, unready).await, Err(Error::Conflict(_))));
    let dead = Head { status: Status::Dead, attempts: 2, ..after };
    let end = Settlement { before: after, after: dead, attempt: None, made: None, failure: None };
    world.ledger.settle(&lead, end).await.unwrap();
    assert_eq!(world.ledger.head(SHARD, dead.key).await.unwrap(), Some(dead));
}
