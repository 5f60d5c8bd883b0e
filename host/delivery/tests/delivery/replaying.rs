//! Replays by query.

use std::collections::HashMap;

use transload_domain::{
    Clock, DeliveryKey, Event, Fault as PluginFault, Ordering, Outcome, Progress, Replay, ReplayId,
    Selection, Status, Timestamp, Webhook,
};
use transload_store::{Change, Key, Ledger, Record, Shard};

use crate::support::{Fault, World, answered, event, profile, seconds, webhook};

pub(crate) fn replay(world: &World, statuses: Vec<Status>) -> Replay {
    Replay {
        id: ReplayId::from_random([1; 16]),
        organization: webhook(1).organization,
        selection: Selection { webhook: None, statuses, from: None, to: None, out_of_order: false },
        created_at: world.time.now(),
        progress: Progress::default(),
    }
}

pub(crate) async fn begin(world: &World, replay: &Replay) {
    let change = Change::Replay(replay.clone());
    world.ledger.configure(Shard::default(), change, Some(0)).await.unwrap();
}

pub(crate) async fn progress(world: &World, replay: &Replay) -> Progress {
    let key = Key::Replay(replay.organization.clone(), replay.id);
    match world.ledger.read(Shard::default(), key).await.unwrap() {
        Some(Record::Replay(_, replay)) => replay.progress,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn until_finished(world: &World, replay: &Replay) -> Progress {
    let finished = async || progress(world, replay).await.finished_at.is_some();
    world.until_true("the replay has ended", finished).await;
    progress(world, replay).await
}

/// A world with two webhooks whose vendors fail, and so many dead deliveries for each; a second between the events.
async fn world_with_dead(events: u32) -> (World, Vec<DeliveryKey>) {
    world_with(events, [Status::Dead; 2]).await
}

/// The same, where the deliveries of each webhook end as told: dead or delivered.
async fn world_with(events: u32, ends: [Status; 2]) -> (World, Vec<DeliveryKey>) {
    let world = World::with_host();
    let mut impatient = profile("acme");
    impatient.retry.max_attempts = 1;
    world.plugins.load(impatient);
    // Their failures are no news about the vendor.
    world.network.answers(move |one| {
        let of_first = one.endpoint.contains("vendor1.");
        let end = if of_first { ends[0] } else { ends[1] };
        answered(if end == Status::Dead { 400 } else { 200 })
    });
    for n in 1..=2 {
        world.put(webhook(n)).await;
    }
    let mut keys = Vec::new();
    for id in 0..events {
        let accepted_at = world.time.now();
        let no = world.post(Event { accepted_at, ..event(&id.to_string()) }).await;
        for (n, end) in (1..=2).zip(ends) {
            let key = world.key(no, &webhook(n));
            world.until(key, end).await;
            keys.push(key);
        }
        world.time.advance(seconds(1));
    }
    (world, keys)
}

fn sends(world: &World) -> HashMap<DeliveryKey, usize> {
    let mut sends = HashMap::new();
    for (_, exchange) in world.network.sent() {
        *sends.entry(exchange.delivery).or_default() += 1;
    }
    sends
}

#[tokio::test]
async fn a_replay_sends_what_was_asked_for_and_tells_how_far_it_is() {
    let (world, keys) = world_with_dead(100).await;
    world.network.answers(|_| answered(200));
    let replay = replay(&world, vec![Status::Dead]);
    begin(&world, &replay).await;
    let progress = until_finished(&world, &replay).await;
    assert_eq!((progress.seen, progress.moved, progress.stage), (200, 200, 2));
    assert_eq!((progress.error, progress.next), (None, None));
    for key in keys {
        world.until(key, Status::Delivered).await;
    }
    assert!(sends(&world).values().all(|sends| *sends == 2));
}

#[tokio::test]
async fn a_replay_keeps_to_its_webhook_its_times_and_its_statuses() {
    let (world, keys) = world_with_dead(20).await;
    let start = world.time.now().before(seconds(20));
    world.network.answers(|_| answered(200));
    let mut replay = replay(&world, vec![Status::Dead, Status::Skipped]);
    replay.selection.webhook = Some(webhook(2).id);
    replay.selection.from = Some(start.after(seconds(5)));
    replay.selection.to = Some(start.after(seconds(12)));
    begin(&world, &replay).await;
    assert_eq!(until_finished(&world, &replay).await.moved, 7);
    world.until_true("they are sent", async || world.network.count() == 47).await;
    let mut again: Vec<DeliveryKey> =
        sends(&world).into_iter().filter(|(_, sends)| *sends == 2).map(|(key, _)| key).collect();
    again.sort();
    let expected: Vec<DeliveryKey> =
        keys.iter().filter(|key| key.webhook == webhook(2).id).skip(5).take(7).copied().collect();
    assert_eq!(again, expected);
}

#[tokio::test]
async fn a_replay_of_both_what_is_dead_and_what_arrived_moves_each_once() {
    let (world, _) = world_with_dead(70).await;
    world.network.answers(|_| answered(200));
    // The clock stands still meanwhile: what was dead has arrived at the very time of the wish.
    let replay = replay(&world, vec![Status::Dead, Status::Delivered]);
    begin(&world, &replay).await;
    assert_eq!(until_finished(&world, &replay).await.moved, 140);
    world.until_true("they are sent", async || world.network.count() == 280).await;
    world.quiet().await;
    assert!(sends(&world).values().all(|sends| *sends == 2));
}

#[tokio::test]
async fn i6_a_replay_survives_restarts_and_moves_nothing_twice() {
    let (mut world, keys) = world_with(600, [Status::Dead, Status::Delivered]).await;
    world.network.answers(|_| answered(200));
    // What is moved arrives, and stands where the replay looks: it must be known as moved.
    let replay = Replay {
        created_at: world.time.now().before(seconds(1)),
        ..replay(&world, vec![Status::Dead, Status::Delivered])
    };
    begin(&world, &replay).await;
    let mut restarts = 0;
    while progress(&world, &replay).await.finished_at.is_none() {
        // Each life is a little longer, so that the cuts fall everywhere.
        for _ in 0..restarts {
            tokio::task::yield_now().await;
        }
        world.kill().await;
        world.time.advance(seconds(1));
        world.start("one");
        restarts += 1;
        assert!(restarts < 500, "{:?}", progress(&world, &replay).await);
    }
    assert!(restarts > 3, "it was cut {restarts} times");
    for key in &keys {
        world.until(*key, Status::Delivered).await;
    }
    // A move is one write: none is lost, and none is done twice. An exchange that a crash cut is made again.
    for key in keys {
        let attempts = world.attempts(key).await;
        assert_eq!(attempts.len(), 2, "{attempts:?}");
    }
}

#[tokio::test]
async fn i6_what_a_replay_has_moved_is_known_though_its_progress_was_not_written() {
    let (mut world, keys) = world_with(10, [Status::Delivered; 2]).await;
    let created_at = world.time.now().before(seconds(1));
    let replay = Replay { created_at, ..replay(&world, vec![Status::Delivered]) };
    world.ledger.fail(Fault::ReplayWaits);
    begin(&world, &replay).await;
    // The first webhook's have arrived once more, and stand where they stood.
    world.until_sent(30).await;
    for key in keys.iter().filter(|key| key.webhook == webhook(1).id) {
        world.until_true("it arrives", async || world.attempts(*key).await.len() == 2).await;
    }
    world.kill().await;
    world.ledger.mend();
    assert_eq!(progress(&world, &replay).await, Progress::default());
    world.start("one");
    assert_eq!(until_finished(&world, &replay).await.moved, 10, "the second webhook's");
    world.until_sent(40).await;
    world.quiet().await;
    assert!(sends(&world).values().all(|sends| *sends == 2));
}

#[tokio::test]
async fn a_replay_of_a_webhook_that_is_gone_says_so() {
    let (world, _) = world_with_dead(1).await;
    world.remove(&webhook(2)).await;
    let mut replay = replay(&world, vec![Status::Dead]);
    replay.selection.webhook = Some(webhook(2).id);
    begin(&world, &replay).await;
    let progress = until_finished(&world, &replay).await;
    assert_eq!(progress.error, Some(format!("webhook {} is gone", webhook(2).id)));
    assert_eq!((progress.moved, world.network.count()), (0, 2));
}

#[tokio::test]
async fn an_ended_replay_is_not_begun_again() {
    let (mut world, _) = world_with_dead(3).await;
    let mut replay = replay(&world, vec![Status::Dead]);
    replay.progress.finished_at = Some(Timestamp::EPOCH);
    begin(&world, &replay).await;
    world.kill().await;
    world.start("one");
    world.pass(seconds(1), 5).await;
    assert_eq!(world.network.count(), 6);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_replay_and_the_next_host_goes_on_with_it() {
    let (mut world, _) = world_with_dead(200).await;
    world.network.answers(|_| answered(200));
    let replay = replay(&world, vec![Status::Dead]);
    begin(&world, &replay).await;
    let begun = async || progress(&world, &replay).await.moved > 0;
    world.until_true("it has begun", begun).await;
    world.ask_to_stop();
    world.ended().await.unwrap();
    let stopped = progress(&world, &replay).await;
    assert_eq!(stopped.finished_at, None);
    world.start_anew("one");
    assert_eq!(until_finished(&world, &replay).await.moved, 400);
}

#[tokio::test]
async fn what_a_replay_moved_it_does_not_meet_again_in_a_later_status() {
    let world = World::with_host();
    world.plugins.load_with(profile("acme"), 1, |_, _| Ok(Outcome::Skip("not ours".into())));
    world.put(webhook(1)).await;
    for id in 0..200 {
        let key = world.key(world.post(event(&id.to_string())).await, &webhook(1));
        world.until(key, Status::Skipped).await;
    }
    // Run again, they are dead at once; and what is dead is asked for, too.
    world.plugins.load_with(profile("acme"), 2, |_, _| Err(PluginFault::Internal("broken".into())));
    let replay = replay(&world, vec![Status::Skipped, Status::Dead]);
    begin(&world, &replay).await;
    assert_eq!(until_finished(&world, &replay).await.moved, 200);
    // Some are put off for a while, since so many are to be made at once.
    let all_again = async || {
        world.pass(seconds(1), 1).await;
        world.plugins.runs().len() >= 400
    };
    world.until_true("all have run again", all_again).await;
    world.pass(seconds(1), 60).await;
    assert_eq!(world.plugins.runs().len(), 400);
}

fn ordered() -> Webhook {
    Webhook { ordering: Ordering::Key, ..webhook(1) }
}

/// A world with an ordered webhook, and so many dead deliveries for it of each subject, in turns.
async fn world_with_dead_in_order(subjects: &[&str], of_each: usize) -> (World, Vec<DeliveryKey>) {
    let world = World::with_host();
    let mut impatient = profile("acme");
    impatient.retry.max_attempts = 1;
    world.plugins.load(impatient);
    world.network.answers(|_| answered(400));
    world.put(ordered()).await;
    let mut keys = Vec::new();
    for n in 0..of_each {
        for subject in subjects {
            let id = format!("{subject}{n}");
            let event = Event { subject: Some((*subject).into()), ..event(&id) };
            keys.push(world.key(world.post(event).await, &ordered()));
        }
    }
    for key in &keys {
        world.until(*key, Status::Dead).await;
    }
    (world, keys)
}

/// The deliveries that were sent from the `n`-th exchange on, in that order.
fn sent_from(world: &World, n: usize) -> Vec<DeliveryKey> {
    world.network.sent().iter().skip(n).map(|(_, exchange)| exchange.delivery).collect()
}

#[tokio::test]
async fn a_replay_of_an_ordered_webhook_sends_the_oldest_of_each_subject_first() {
    let (world, keys) = world_with_dead_in_order(&["red", "blue"], 150).await;
    world.network.answers(|_| answered(200));
    let replay = replay(&world, vec![Status::Dead]);
    begin(&world, &replay).await;
    let progress = until_finished(&world, &replay).await;
    assert_eq!((progress.moved, progress.skipped), (300, 0));
    for key in &keys {
        world.until(*key, Status::Delivered).await;
    }
    for color in 0..2 {
        let of_color = |key: &DeliveryKey| {
            keys.iter().position(|one| one == key).is_some_and(|n| n % 2 == color)
        };
        let sent = sent_from(&world, 300).into_iter().filter(of_color).collect::<Vec<_>>();
        assert!(sent.is_sorted(), "{sent:?}");
        assert_eq!(sent.len(), 150);
    }
}

#[tokio::test]
async fn a_replay_puts_no_older_state_over_a_newer_one_unless_it_is_asked_to() {
    for out_of_order in [false, true] {
        let (world, keys) = world_with_dead_in_order(&["red", "blue"], 2).await;
        world.network.answers(|_| answered(200));
        let newer = Event { subject: Some("red".into()), ..event("newer") };
        let newer = world.key(world.post(newer).await, &ordered());
        world.until(newer, Status::Delivered).await;
        let mut replay = replay(&world, vec![Status::Dead]);
        replay.selection.out_of_order = out_of_order;
        begin(&world, &replay).await;
        let progress = until_finished(&world, &replay).await;
        let expected = if out_of_order { (4, 4, 0) } else { (4, 2, 2) };
        assert_eq!((progress.seen, progress.moved, progress.skipped), expected);
        for (n, key) in keys.iter().enumerate() {
            let is_blue = n % 2 == 1;
            let arrives = is_blue || out_of_order;
            world.until(*key, if arrives { Status::Delivered } else { Status::Dead }).await;
        }
        assert_eq!(world.network.count(), 5 + if out_of_order { 4 } else { 2 });
    }
}

#[tokio::test]
async fn a_replay_sends_nothing_behind_a_newer_state_that_is_on_its_way() {
    let (world, keys) = world_with_dead_in_order(&["red"], 2).await;
    world.network.answers(|_| answered(200));
    world.network.hang("vendor1");
    let newer = Event { subject: Some("red".into()), ..event("newer") };
    let newer = world.key(world.post(newer).await, &ordered());
    world.until_sent(3).await;
    let replay = replay(&world, vec![Status::Dead]);
    begin(&world, &replay).await;
    let progress = until_finished(&world, &replay).await;
    assert_eq!((progress.moved, progress.skipped), (0, 2));
    world.network.release();
    world.until(newer, Status::Delivered).await;
    world.quiet().await;
    assert_eq!((world.network.count(), world.status(keys[0]).await), (3, Some(Status::Dead)));
}

#[tokio::test]
async fn nothing_goes_out_between_those_that_a_replay_is_moving() {
    let (world, keys) = world_with_dead_in_order(&["red"], 3).await;
    world.network.answers(|_| answered(200));
    // What the replay moves is written, and its word comes late: a newer state is made meanwhile.
    world.ledger.fail(Fault::GrantAnswerWaits);
    let replay = replay(&world, vec![Status::Dead]);
    begin(&world, &replay).await;
    world.until(keys[2], Status::Scheduled).await;
    let newer = Event { subject: Some("red".into()), ..event("newer") };
    let newer = world.key(world.post(newer).await, &ordered());
    world.until(newer, Status::Scheduled).await;
    world.quiet().await;
    assert_eq!(world.network.count(), 3);
    world.ledger.mend();
    world.until(newer, Status::Delivered).await;
    assert_eq!(sent_from(&world, 3), [&keys[..], &[newer]].concat());
}

#[tokio::test]
async fn nothing_goes_out_before_what_is_moved_though_its_arrival_was_not_yet_heard_of() {
    let world = World::with_host();
    world.plugins.load(profile("acme"));
    world.put(ordered()).await;
    let red = |id| Event { subject: Some("red".into()), ..event(id) };
    world.ledger.fail(Fault::ArrivalAndGrantAnswersWait);
    let older = world.key(world.post(red("older")).await, &ordered());
    world.until(older, Status::Delivered).await;
    let newer = world.key(world.post(red("newer")).await, &ordered());
    world.until(newer, Status::Scheduled).await;
    begin(&world, &replay(&world, vec![Status::Delivered])).await;
    world.until(older, Status::Scheduled).await;
    // Now the loop hears of the arrival, and only later of the move.
    world.ledger.fail(Fault::GrantAnswerWaits);
    world.quiet().await;
    assert_eq!(sent_from(&world, 0), [older]);
    world.ledger.mend();
    world.until(newer, Status::Delivered).await;
    assert_eq!(sent_from(&world, 0), [older, older, newer]);
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_nothing_from_a_replay() {
    let world = World::with_host();
    let mut impatient = profile("acme");
    impatient.retry.max_attempts = 1;
    world.plugins.load(impatient);
    world.network.answers(|_| answered(400));
    world.put(webhook(1)).await;
    let start = world.time.now();
    let mut keys = Vec::new();
    // Half an hour forth and back between the events; asked for is the second half of the hour.
    for (id, minute) in [0, 45, 10, 40, 15, 50, 90, 35, 170, 55].into_iter().enumerate() {
        let accepted_at = start.after(seconds(60 * minute));
        let no = world.post(Event { accepted_at, ..event(&id.to_string()) }).await;
        let key = world.key(no, &webhook(1));
        world.until(key, Status::Dead).await;
        keys.push((minute, key));
    }
    world.network.answers(|_| answered(200));
    let mut replay = replay(&world, vec![Status::Dead]);
    replay.selection.from = Some(start.after(seconds(30 * 60)));
    replay.selection.to = Some(start.after(seconds(60 * 60)));
    begin(&world, &replay).await;
    let progress = until_finished(&world, &replay).await;
    // What follows an event that came two hours later is no longer looked for.
    assert_eq!(progress.moved, 4, "{progress:?}");
    for (minute, key) in &keys[..9] {
        let wanted = (30..60).contains(minute);
        world.until(*key, if wanted { Status::Delivered } else { Status::Dead }).await;
    }
}
