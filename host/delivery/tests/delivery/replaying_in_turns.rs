//! No replay holds up another organization's, nor its own organization's new events.

use std::sync::Arc;

use transload_delivery::{
    Backlog, BacklogLimits,
    run::{LEASE, REPLAY_DELIVERED_PAGES_PER_TURN, REPLAY_PAGE},
};
use transload_domain::{
    Content, Delivery, DeliveryKey, Digest, Event, Head, HookNo, Made, Method, OrderKey, Ordering,
    Organization, Part, PluginName, PluginRef, Replay, ReplayId, Request, Status, Timestamp,
    Webhook,
};
use transload_store::{Change, Dispatch, Ledger, Shard};

use crate::{
    replaying::{begin, progress, replay, until_finished},
    support::{World, answered, event, profile, seconds, webhook},
};

/// Deliveries that one event has in these tests.
const OF_EACH: u8 = 200;

fn other() -> Organization {
    Organization::new("other").unwrap()
}

fn of_other() -> Webhook {
    Webhook { organization: other(), ..webhook(2) }
}

/// A world without a host, with a webhook for each of two organizations.
async fn world(mine: Webhook) -> World {
    let world = World::new();
    world.network.answers(|_| answered(200));
    world.put(mine).await;
    world.put(of_other()).await;
    world
}

/// Puts deliveries of one event into the ledger as some host before has left them. Where they are in order, each has a
/// subject of its own.
async fn put(world: &World, webhook: &Webhook, id: usize, count: u8, status: Status) {
    let organization = webhook.organization.clone();
    let event = world.post(Event { organization, ..event(&id.to_string()) }).await;
    let lead = world.ledger.lead(Shard(0), "before", LEASE).await.unwrap();
    let name = PluginName::new("acme").unwrap();
    let plugin = PluginRef { name, version: "1.0.0".into(), digest: Digest([1; 32]) };
    let rules = Change::Profile(plugin.digest, profile("acme"));
    world.ledger.configure(Shard(0), rules, None).await.unwrap();
    let request = Arc::new(Request {
        method: Method::Put,
        path: String::new(),
        headers: vec![],
        body: b"{}".to_vec(),
    });
    let delivery = |part| {
        let key = DeliveryKey { event, webhook: webhook.id, hook: HookNo(0), part: Part(part) };
        let order = (webhook.ordering == Ordering::Key)
            .then(|| OrderKey::of_subject(&format!("{id} {part}")));
        Delivery {
            head: Head { order, ..Head::new(key, status, Timestamp::EPOCH, Timestamp::EPOCH) },
            made: Made {
                plugin: Some(plugin.clone()),
                content: Content::Request(Arc::clone(&request)),
            },
        }
    };
    let dispatch = Dispatch {
        event,
        replaces: None,
        deliveries: (0..count).map(delivery).collect(),
        checks: vec![],
        changes: vec![],
    };
    assert_eq!(world.ledger.dispatch(&lead, vec![dispatch]).await, [Ok(())]);
}

/// The other organization's replay.
fn replay_of_other(world: &World) -> Replay {
    let id = ReplayId::from_random([2; 16]);
    Replay { id, organization: other(), ..replay(world, vec![Status::Dead]) }
}

/// Both replays, of whom nobody has had a turn yet when the host begins.
async fn begin_both(world: &mut World) -> (Replay, Replay) {
    let both = (replay(world, vec![Status::Dead]), replay_of_other(world));
    begin(world, &both.0).await;
    begin(world, &both.1).await;
    world.time.advance(LEASE);
    world.start("one");
    both
}

#[tokio::test]
async fn i8_a_long_replay_does_not_hold_up_another_organizations() {
    let mut world = world(webhook(1)).await;
    for id in 0..10 {
        put(&world, &webhook(1), id, OF_EACH, Status::Dead).await;
    }
    put(&world, &of_other(), 10, 10, Status::Dead).await;
    let (long, short) = begin_both(&mut world).await;
    assert_eq!(until_finished(&world, &short).await.moved, 10);
    let moved = progress(&world, &long).await.moved;
    assert!(moved <= 4 * REPLAY_PAGE as u64, "{moved} went first");
    assert_eq!(until_finished(&world, &long).await.moved, 2_000);
}

#[tokio::test]
async fn i8_nor_does_one_that_must_first_find_out_what_its_vendor_has() {
    let ordered = Webhook { ordering: Ordering::Key, ..webhook(1) };
    let mut world = world(ordered.clone()).await;
    put(&world, &ordered, 0, 10, Status::Dead).await;
    put(&world, &of_other(), 1, 10, Status::Dead).await;
    // Some twenty pages to be looked through, all of them later.
    for id in 2..102 {
        put(&world, &ordered, id, OF_EACH, Status::Delivered).await;
    }
    let (long, short) = begin_both(&mut world).await;
    assert_eq!(until_finished(&world, &short).await.moved, 10);
    let read = world.ledger.delivered_pages();
    assert!(read <= 2 * REPLAY_DELIVERED_PAGES_PER_TURN as usize, "{read} pages were read first");
    let progress = until_finished(&world, &long).await;
    assert_eq!((progress.moved, progress.skipped), (10, 0));
    let read = world.ledger.delivered_pages();
    assert!((20..=22).contains(&read), "nothing of it is read twice: {read} pages");
}

#[tokio::test]
async fn i8_a_replay_waits_while_its_organization_has_much_open_and_no_other_does() {
    let mut world = world(webhook(1)).await;
    let limits = BacklogLimits { deliveries: 800, ..BacklogLimits::default() };
    world.backlog = Arc::new(Backlog::new(Arc::clone(&world.ledger) as _, Shard(0), limits));
    for id in 0..3 {
        put(&world, &webhook(1), id, OF_EACH, Status::Dead).await;
    }
    put(&world, &of_other(), 3, 100, Status::Dead).await;
    world.network.hang("vendor1");
    let (long, short) = begin_both(&mut world).await;
    assert_eq!(until_finished(&world, &short).await.moved, 100);
    world.pass(seconds(1), 9).await;
    let moved = progress(&world, &long).await.moved;
    // Alone it may have 400 open; half of that, and the rest of a page.
    assert!((150..=200 + REPLAY_PAGE as u64).contains(&moved), "{moved} of 600");
    let mine = long.organization.clone();
    assert!(world.backlog.admits(&mine).is_ok() && !world.backlog.admits_replay(&mine));
    let no = world.post(event("new")).await;
    world.until(world.key(no, &webhook(1)), Status::Scheduled).await;
    world.network.release();
    let all_moved = async || {
        world.time.advance(seconds(1));
        world.quiet().await;
        progress(&world, &long).await.finished_at.is_some()
    };
    world.until_true("the replay goes on when its deliveries arrive", all_moved).await;
    assert_eq!(progress(&world, &long).await.moved, 600);
}
