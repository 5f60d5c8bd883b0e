//! Vendors that are down, overloaded, or do not know the webhook.

use std::time::Duration;

use transload_delivery::TroubleKind;
use transload_domain::{
    AttemptOutcome, Authentication, Clock, DeliveryKey, Event, Sealed, SendFailureKind, Status,
    Suspend,
};

use crate::support::{
    Fault, World, answered, asked_to_wait, event, failed, profile, seconds, webhook, webhook_of,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// A world whose vendor is patient: an attempt each ten minutes, a thousand in all.
fn patient() -> World {
    let world = World::with_host();
    let mut patient = profile("acme");
    patient.retry.schedule = vec![10 * MINUTE];
    patient.retry.max_attempts = 1_000;
    world.plugins.load(patient);
    world
}

/// Posts so many events, and waits until each has its delivery for webhook 1.
async fn post(world: &World, events: u32) -> Vec<DeliveryKey> {
    let mut keys = Vec::new();
    for id in 0..events {
        keys.push(world.key(world.post(event(&id.to_string())).await, &webhook(1)));
    }
    for key in &keys {
        let made = async || world.status(*key).await.is_some();
        world.until_true("the delivery is made", made).await;
    }
    keys
}

fn down() -> impl Fn(&transload_delivery::Exchange) -> AttemptOutcome + Send + Sync + 'static {
    |exchange| match exchange.endpoint.contains("vendor1") {
        true => failed(SendFailureKind::Connect),
        false => answered(200),
    }
}

#[tokio::test]
async fn i8_a_dead_vendor_is_probed_by_one_at_a_time_and_opened_by_one_success() {
    let world = patient();
    world.network.answers(down());
    world.put(webhook(1)).await;
    // They are due together, so that all that the webhook may have at a time go out at once.
    world.network.hang("vendor1");
    let keys = post(&world, 40).await;
    world.network.release();
    world
        .until_true("it trips", async || {
            world.troubles.of(webhook(1).id, world.time.now()).is_some()
        })
        .await;
    world.quiet().await;
    let burst = world.network.count();
    assert!((10..=16).contains(&burst), "{burst} at once");
    let trouble = world.troubles.of(webhook(1).id, world.time.now()).unwrap();
    assert_eq!((trouble.kind, trouble.detail.as_str()), (TroubleKind::Failing, "scripted connect"));
    assert_eq!(trouble.next_try, trouble.since.after(seconds(5)));
    // Probes after 5, 10, 20, ... 160, 300 s: seven in the first eleven minutes, and one at a time.
    world.pass(seconds(1), 660).await;
    assert_eq!(world.network.count() - burst, 7);
    let spent: u32 = {
        let mut spent = 0;
        for key in &keys {
            spent += world.head(*key).await.attempts;
        }
        spent
    };
    assert_eq!(spent as usize, world.network.count(), "who waits spends no attempt");
    world.network.answers(|_| answered(200));
    world.pass(seconds(300), 4).await;
    for key in &keys {
        assert_eq!(world.status(*key).await, Some(Status::Delivered));
    }
    assert_eq!(world.troubles.of(webhook(1).id, world.time.now()), None);
}

#[tokio::test]
async fn i8_a_dead_vendor_keeps_no_other_waiting() {
    let world = patient();
    world.network.answers(down());
    for n in 1..=2 {
        world.put(webhook(n)).await;
    }
    for id in 0..100 {
        let no = world.post(event(&id.to_string())).await;
        world.until(world.key(no, &webhook(2)), Status::Delivered).await;
    }
    assert_eq!(world.troubles.of(webhook(2).id, world.time.now()), None);
}

#[tokio::test]
async fn refused_credentials_stop_the_webhook_at_once_until_they_are_changed() {
    let world = patient();
    world.network.answers(|exchange| match exchange.authentication {
        Authentication::None => failed(SendFailureKind::Credentials),
        _ => answered(200),
    });
    world.put(webhook(1)).await;
    let first = world.key(world.post(event("first")).await, &webhook(1));
    world.until_true("it is tried", async || world.attempts(first).await.len() == 1).await;
    let others = post(&world, 5).await;
    world.pass(seconds(1), 59).await;
    assert_eq!(world.network.count(), 1, "the token endpoint is not hammered");
    assert_eq!(
        world.troubles.of(webhook(1).id, world.time.now()).unwrap().kind,
        TroubleKind::Credentials
    );
    // A minute, then two, then four: each time one probe, which is the delivery that waits longest.
    world.pass(seconds(1), 7 * 60).await;
    assert_eq!(world.network.count(), 4);
    let mut mended = webhook(1);
    mended.authentication =
        Authentication::Basic { username: "acme".into(), password: Sealed(vec![1]) };
    world.put(mended).await;
    world.until(others[4], Status::Delivered).await;
    assert_eq!(world.troubles.of(webhook(1).id, world.time.now()), None);
    world.pass(MINUTE, 11).await;
    assert_eq!(world.status(first).await, Some(Status::Delivered));
}

#[tokio::test]
async fn retry_after_keeps_the_webhooks_other_deliveries_back_and_nobody_elses() {
    let world = patient();
    world.network.answers(|exchange| match exchange.endpoint.contains("vendor1") {
        true if exchange.attempt == 1 && exchange.request.body.ends_with(b"\"1\"}") => {
            asked_to_wait(429, 90)
        }
        _ => answered(200),
    });
    world.put(webhook(1)).await;
    let first = world.key(world.post(event("1")).await, &webhook(1));
    world.until_true("it is tried", async || world.attempts(first).await.len() == 1).await;
    world.put(webhook(2)).await;
    let no = world.post(event("2")).await;
    world.until(world.key(no, &webhook(2)), Status::Delivered).await;
    world.until(world.key(no, &webhook(1)), Status::Scheduled).await;
    let told = world.troubles.of(webhook(1).id, world.time.now()).unwrap();
    assert_eq!(told.kind, TroubleKind::Paused);
    assert_eq!(told.detail, "the vendor answered 429 and asks to be left alone until then");
    assert_eq!(told.next_try, told.since.after(seconds(90)));
    world.pass(seconds(1), 89).await;
    assert_eq!(world.status(world.key(no, &webhook(1))).await, Some(Status::Scheduled));
    world.pass(seconds(1), 1).await;
    world.until(world.key(no, &webhook(1)), Status::Delivered).await;
    assert_eq!(
        world.troubles.of(webhook(1).id, world.time.now()),
        None,
        "to be asked to wait is no trouble"
    );
    world.pass(MINUTE, 10).await;
    assert_eq!(world.status(first).await, Some(Status::Delivered));
}

#[tokio::test]
async fn i9_a_vendor_without_a_sign_of_life_for_five_days_is_suspended() {
    let world = patient();
    // Its own schedule lasts for 1,000 attempts each ten minutes: nearly seven days.
    let patience = 999 * 10 * MINUTE;
    world.network.answers(down());
    let mut watched = profile("watcher");
    watched.hooks[0].events = vec![transload_domain::Pattern::new("transload.webhook.*").unwrap()];
    world.plugins.load(watched);
    world.put(webhook(1)).await;
    world.put(webhook_of(2, "watcher")).await;
    post(&world, 20).await;
    let in_trouble = async || world.troubles.of(webhook(1).id, world.time.now()).is_some();
    world.until_true("it trips", in_trouble).await;
    let tripped = world.troubles.of(webhook(1).id, world.time.now()).unwrap().since;
    while world.time.now().since(tripped) < patience {
        assert_eq!(world.stored(&webhook(1)).await.suspended_at, None);
        world.pass(10 * MINUTE, 1).await;
    }
    world.pass(HOUR, 2).await;
    let reason = world.until_suspended(&webhook(1)).await;
    assert!(reason.starts_with("no sign of life for 6 days"), "{reason}");
    assert!(reason.ends_with("scripted connect"), "{reason}");
    let told = || {
        let sent = world.network.sent();
        sent.iter().filter(|(_, one)| one.endpoint.contains("vendor2")).count()
    };
    world.until_true("somebody is told", async || told() > 0).await;
    world.quiet().await;
    assert_eq!(told(), 1, "somebody is told, once");
    assert_eq!(
        world.troubles.of(webhook(1).id, world.time.now()),
        None,
        "the webhook says why itself"
    );
}

#[tokio::test]
async fn i9_with_a_dead_vendor_everything_ends_or_is_held_with_a_reason() {
    for suspends in [true, false] {
        let world = World::with_host();
        let mut impatient = profile("acme");
        impatient.retry.schedule = vec![HOUR];
        impatient.retry.max_attempts = 20;
        world.plugins.load(impatient);
        world.network.answers(down());
        let mut hook = webhook(1);
        if !suspends {
            hook.overrides.suspend = Some(Suspend::Never);
        }
        world.put(hook.clone()).await;
        // One is tried an hour here, so that those of a webhook that is never suspended use up their attempts; those
        // of the other are held after five days, and given up after a month.
        let keys = post(&world, if suspends { 300 } else { 20 }).await;
        world.pass(HOUR, 37 * 24).await;
        for key in keys {
            // What is dead for a month is forgotten with its event.
            let status = world.status(key).await;
            assert!(matches!(status, Some(Status::Dead) | None), "{status:?}");
        }
        let because = world.stored(&hook).await.suspended_because;
        assert_eq!(because.is_some(), suspends, "{because:?}");
        assert!(world.network.count() < 2_000, "{} exchanges", world.network.count());
    }
}

#[tokio::test]
async fn to_resume_one_that_is_not_suspended_is_to_try_now() {
    for asks_to_wait in [true, false] {
        let world = patient();
        world.network.answers(move |_| match asks_to_wait {
            true => asked_to_wait(503, 3_600),
            false => failed(SendFailureKind::Connect),
        });
        world.put(webhook(1)).await;
        // Many that fail at once trip the breaker, and one that is asked to wait does not.
        post(&world, if asks_to_wait { 1 } else { 30 }).await;
        let trouble = || world.troubles.of(webhook(1).id, world.time.now()).map(|it| it.kind);
        world.until_true("it is in trouble", async || trouble().is_some()).await;
        // Probes have failed for a while, so that the next is minutes away.
        world.pass(seconds(100), if asks_to_wait { 0 } else { 5 }).await;
        let expected = if asks_to_wait { TroubleKind::Paused } else { TroubleKind::Failing };
        assert_eq!(trouble(), Some(expected));
        world.network.answers(|_| answered(200));
        let late = world.key(world.post(event("late")).await, &webhook(1));
        world.until(late, Status::Scheduled).await;
        world.quiet().await;
        assert_eq!(world.status(late).await, Some(Status::Scheduled), "it waits behind the gate");
        world.time.advance(seconds(1));
        world.resume(&webhook(1)).await;
        world.until(late, Status::Delivered).await;
        assert_eq!(trouble(), None);
    }
}

#[tokio::test]
async fn what_is_on_trial_never_suspends_a_webhook_whose_vendor_is_dead() {
    for on_trial in [true, false] {
        let world = World::with_host();
        let mut patient = profile("acme");
        patient.retry.schedule = vec![2 * HOUR];
        patient.retry.max_attempts = 61;
        world.plugins.load(patient);
        world.network.answers(down());
        world.put(webhook(1)).await;
        // As long as the vendor's own schedule, and the five days; the second is still tried behind them.
        for (id, hours) in [("1", 50), ("2", 130)] {
            let emulated_for = on_trial.then(|| webhook(1).id);
            world.post(Event { emulated_for, ..event(id) }).await;
            world.pass(HOUR, hours).await;
        }
        assert!(world.network.count() > 70, "{}", world.network.count());
        assert_eq!(world.stored(&webhook(1)).await.suspended_at.is_some(), !on_trial);
    }
}

#[tokio::test]
async fn i8_requests_that_were_being_read_when_it_tripped_do_not_go_out_beside_the_probe() {
    let mut world = patient();
    world.network.hang("vendor1");
    world.put(webhook(1)).await;
    let keys = post(&world, 5).await;
    // Behind a restart each request is read again; all but the first take their time.
    world.kill().await;
    world.network.answers(|_| failed(SendFailureKind::Credentials));
    world.network.release();
    let before = world.network.count();
    world.ledger.fail(Fault::MadeWaitsBut(keys[0].event));
    world.start("one");
    let trouble = async || world.troubles.of(webhook(1).id, world.time.now()).is_some();
    world.until_true("it trips", trouble).await;
    assert_eq!(world.network.count(), before + 1);
    world.pass(seconds(30), 3).await;
    world.network.hang("vendor1");
    world.ledger.mend();
    world.quiet().await;
    assert_eq!(world.network.count(), before + 2, "one probe");
}
