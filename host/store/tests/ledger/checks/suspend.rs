//! Suspending a webhook, together with the event that says so.

use std::sync::Arc;

use transload_domain::{Event, Organization, Timestamp, Webhook};
use transload_store::{Change, Entry, Error, LedgerExt, Query, Result};

use crate::world::{SHARD, World, acme, event, hook, next, until_current, webhook};

fn suspension(at: i64) -> Change {
    Change::Suspend {
        organization: acme(),
        webhook: hook(1),
        at: Timestamp::from_micros(at),
        reason: "it answered 410".into(),
        decided_on: None,
        event: Box::new(event(&format!("suspended at {at}"))),
    }
}

async fn suspend(world: &World, change: Change, expected: Option<u64>) -> Result<u64> {
    world.ledger.configure(SHARD, change, expected).await
}

pub(crate) async fn i4_a_suspension_and_its_event_come_true_together(world: World) {
    let first = world.put_webhook(&webhook(hook(1))).await;
    let lead = world.lead("a").await;
    let mut agenda = world.ledger.agenda(&lead).await.unwrap();
    until_current(&mut agenda).await;
    let revision = suspend(&world, suspension(77), Some(first)).await.unwrap();
    assert!(revision > first);
    let suspended = Webhook {
        suspended_at: Some(Timestamp::from_micros(77)),
        suspended_because: Some("it answered 410".into()),
        updated_at: Timestamp::from_micros(77),
        ..webhook(hook(1))
    };
    let stored = world.ledger.webhook(SHARD, &acme(), hook(1)).await.unwrap();
    assert_eq!(stored, Some((revision, suspended.clone())));
    assert_eq!(next(&mut agenda).await, Some(Entry::Webhook(suspended.into())));
    let told = next(&mut agenda).await.unwrap();
    assert!(matches!(told, Entry::Event(_, event) if event.id == "suspended at 77"));
    assert_eq!(world.ledger.undispatched(SHARD), 1);
}

pub(crate) async fn a_webhook_is_suspended_once(world: World) {
    world.put_webhook(&webhook(hook(1))).await;
    let revision = suspend(&world, suspension(77), None).await.unwrap();
    let before = world.picture(3, &[hook(1)]).await;
    for (at, expected) in [(77, None), (78, None), (79, Some(revision)), (80, Some(1_000))] {
        assert_eq!(suspend(&world, suspension(at), expected).await, Ok(revision));
    }
    assert_eq!(world.picture(3, &[hook(1)]).await, before);
}

/// A suspension for what the vendor did to the webhook as it is here.
fn decided(at: i64, on: &Webhook) -> Change {
    match suspension(at) {
        Change::Suspend { organization, webhook, at, reason, event, .. } => {
            let decided_on = Some(Arc::new(on.clone()));
            Change::Suspend { organization, webhook, at, reason, decided_on, event }
        }
        other => other,
    }
}

pub(crate) async fn whoever_resumes_a_webhook_is_not_overruled_by_what_was_decided_before(
    world: World,
) {
    let former = webhook(hook(1));
    let resumed = Webhook { resumed_at: Some(Timestamp::from_micros(78)), ..former.clone() };
    let revision = world.put_webhook(&resumed).await;
    let before = world.picture(3, &[hook(1)]).await;
    // Whatever the clocks of the two show.
    for at in [77, 78, 79] {
        assert_eq!(suspend(&world, decided(at, &former), None).await, Ok(revision));
    }
    assert_eq!(world.picture(3, &[hook(1)]).await, before);
    assert!(suspend(&world, decided(77, &resumed), None).await.unwrap() > revision);
}

pub(crate) async fn what_a_former_vendor_did_suspends_nobody(world: World) {
    let former = webhook(hook(1));
    world.put_webhook(&former).await;
    let mut moved = webhook(hook(1));
    moved.hooks[0].endpoint.push_str("/new");
    moved.name = "another name".into();
    let revision = world.put_webhook(&moved).await;
    let before = world.picture(3, &[hook(1)]).await;
    assert_eq!(suspend(&world, decided(77, &former), None).await, Ok(revision));
    assert_eq!(world.picture(3, &[hook(1)]).await, before);
    let renamed = Webhook { name: "a third name".into(), ..moved };
    assert!(suspend(&world, decided(78, &renamed), None).await.unwrap() > revision);
}

pub(crate) async fn a_refused_suspension_leaves_no_trace(world: World) {
    let revision = world.put_webhook(&webhook(hook(1))).await;
    world.post("suspended at 5").await;
    let before = world.picture(3, &[hook(1)]).await;
    let Change::Suspend { organization, webhook, at, reason, event: told, .. } = suspension(77)
    else {
        panic!("it is a suspension");
    };
    let with = |organization: &Organization, webhook, told: Event| Change::Suspend {
        organization: organization.clone(),
        webhook,
        at,
        reason: reason.clone(),
        decided_on: None,
        event: Box::new(told),
    };
    let foreign = Organization::new("other").unwrap();
    let others_event = Event { organization: foreign.clone(), ..(*told).clone() };
    let known_id = Event { data: "{}".into(), ..event("suspended at 5") };
    let stale = suspend(&world, suspension(77), Some(revision + 1)).await;
    assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
    for gone in [with(&organization, hook(9), (*told).clone()), with(&foreign, webhook, *told)] {
        let answer = suspend(&world, gone, None).await;
        assert!(matches!(answer, Err(Error::NotFound(_))), "{answer:?}");
    }
    let answer = suspend(&world, with(&organization, webhook, others_event), None).await;
    assert!(matches!(answer, Err(Error::Conflict(_))), "{answer:?}");
    let answer = suspend(&world, with(&organization, webhook, known_id), None).await;
    assert_eq!(answer, Err(Error::Differs { position: 0 }));
    assert_eq!(world.picture(3, &[hook(1)]).await, before);
    assert_eq!(world.list(Query::Events(acme()), 9).await.len(), 1);
}
