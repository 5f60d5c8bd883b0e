//! Deliveries of an ordered webhook that somebody asks for again: no old state is put over a new one.

use transload_domain::{DeliveryKey, Event, Ordering, Profile, RetryPolicy, Status, Webhook};

use crate::{
    redriving::until_granted,
    support::{Fault, World, answered, event, profile, seconds, webhook},
};

/// An ordered webhook whose vendor refuses event 1 until it is told otherwise. What was refused `attempts` times is dead.
async fn world(attempts: u32) -> World {
    let world = World::with_host();
    let usual = profile("acme");
    let retry = RetryPolicy { max_attempts: attempts, ..usual.retry };
    world.plugins.load(Profile { retry, ..usual });
    refuse_the_first(&world);
    world.put(Webhook { ordering: Ordering::Key, ..webhook(1) }).await;
    world
}

fn refuse_the_first(world: &World) {
    world.network.answers(|one| {
        let is_first = one.request.body == event("1").data.as_bytes();
        answered(if is_first { 500 } else { 200 })
    });
}

/// Posts a state of the one subject that there is.
async fn post(world: &World, id: &str) -> DeliveryKey {
    let event = Event { subject: Some("red".into()), ..event(id) };
    world.key(world.post(event).await, &webhook(1))
}

fn sent(world: &World) -> Vec<DeliveryKey> {
    world.network.sent().iter().map(|(_, one)| one.delivery).collect()
}

/// The first is asked for, and the word that this is written comes late: it is in no agenda meanwhile. Whatever is due
/// by then, only what was sent before is sent.
async fn ask_and_wait(world: &World, first: DeliveryKey) {
    let before = world.network.count();
    world.network.answers(|_| answered(200));
    world.ledger.fail(Fault::GrantAnswerWaits);
    world.ask_for(first).await;
    until_granted(world, first).await;
    world.pass(seconds(60), 3).await;
    assert_eq!(world.network.count(), before);
    world.ledger.mend();
}

#[tokio::test]
async fn nothing_overtakes_an_ordered_delivery_while_it_is_being_asked_for_again() {
    let world = world(9).await;
    let first = post(&world, "1").await;
    world.until_true("it failed", async || world.attempts(first).await.len() == 1).await;
    let second = post(&world, "2").await;
    world.until(second, Status::Scheduled).await;
    ask_and_wait(&world, first).await;
    world.until(second, Status::Delivered).await;
    assert_eq!(sent(&world), [first, first, second]);
}

#[tokio::test]
async fn nothing_overtakes_a_dead_letter_of_an_ordered_webhook_while_it_is_being_asked_for_again() {
    let world = world(2).await;
    world.network.answers(|_| answered(500));
    let first = post(&world, "1").await;
    world.until_sent(1).await;
    world.pass(seconds(60), 1).await;
    world.until(first, Status::Dead).await;
    let second = post(&world, "2").await;
    world.until_true("it failed", async || world.attempts(second).await.len() == 1).await;
    ask_and_wait(&world, first).await;
    world.until(second, Status::Delivered).await;
    assert_eq!(sent(&world), [first, first, second, first, second]);
}

#[tokio::test]
async fn what_the_vendor_has_a_later_state_of_does_not_go_out_again_unless_that_is_meant() {
    let world = world(1).await;
    let first = post(&world, "1").await;
    world.until(first, Status::Dead).await;
    let second = post(&world, "2").await;
    world.until(second, Status::Delivered).await;
    world.ask_for(first).await;
    let why = world.until_refused(first).await;
    assert!(why.contains("has a later state") && why.contains("out_of_order"), "{why}");
    assert!(why.contains(&second.id().to_string()), "{why}");
    assert_eq!((world.status(first).await, world.network.count()), (Some(Status::Dead), 2));
    // The last of a subject always goes.
    world.ask_for(second).await;
    world.until_sent(3).await;
    world.until(second, Status::Delivered).await;
    world.network.answers(|_| answered(200));
    world.insist_on(first).await;
    world.until(first, Status::Delivered).await;
    assert_eq!(sent(&world), [first, second, second, first]);
}

#[tokio::test]
async fn what_is_in_flight_to_the_vendor_is_not_followed_by_an_older_state() {
    let mut world = world(1).await;
    let first = post(&world, "1").await;
    world.until(first, Status::Dead).await;
    world.network.hang("vendor1");
    let second = post(&world, "2").await;
    world.until_sent(2).await;
    world.ask_for(first).await;
    let why = world.until_refused(first).await;
    assert!(why.contains("is being sent a later state"), "{why}");
    assert!(why.contains(&second.id().to_string()), "{why}");
    // It is over with that, for the next lead as well.
    world.network.release();
    world.until(second, Status::Delivered).await;
    world.kill().await;
    world.start("one");
    world.pass(seconds(60), 3).await;
    assert_eq!(sent(&world), [first, second]);
    assert_eq!(world.until_refused(first).await, why);
}

#[tokio::test]
async fn what_arrives_while_the_list_is_read_counts() {
    let world = world(1).await;
    let first = post(&world, "1").await;
    world.until(first, Status::Dead).await;
    world.network.hang("vendor1");
    let second = post(&world, "2").await;
    world.until_sent(2).await;
    // What was read says nothing of the second.
    world.ledger.fail(Fault::DeliveredListWaits);
    world.ask_for(first).await;
    world.quiet().await;
    world.network.release();
    world.until(second, Status::Delivered).await;
    world.quiet().await;
    world.ledger.mend();
    let why = world.until_refused(first).await;
    assert!(why.contains("has a later state"), "{why}");
    assert_eq!(sent(&world), [first, second]);
}
