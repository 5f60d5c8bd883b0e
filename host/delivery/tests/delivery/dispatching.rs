//! From events to deliveries.

use std::collections::HashSet;

use transload_domain::{
    Content, DeliveryKey, Filter, Hook, HookNo, HookType, Outcome, Part, Pattern, Status, limits,
};
use transload_store::{Key, Ledger, Record, Shard};

use crate::support::{Fault, World, echo_body, event, profile, seconds, webhook, webhook_of};

#[tokio::test]
async fn an_event_goes_to_every_webhook_that_wants_it() {
    let world = World::with_host();
    let wants = webhook(1);
    let mut other_type = webhook(2);
    other_type.filter = Filter { types: vec![Pattern::new("contact.*").unwrap()], sources: vec![] };
    let mut other_source = webhook(3);
    other_source.filter = Filter { types: vec![], sources: vec!["/elsewhere".into()] };
    let mut other_organization = webhook(4);
    other_organization.organization = transload_domain::Organization::new("other").unwrap();
    for each in [&wants, &other_type, &other_source, &other_organization] {
        world.put(each.clone()).await;
    }
    let no = world.post(event("1")).await;
    world.until(world.key(no, &wants), Status::Delivered).await;
    let deliveries = world.deliveries(no).await;
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    let sent = world.network.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1.endpoint, "https://vendor1.example/hook");
    assert_eq!(sent[0].1.request.body, br#"{"order":"1"}"#);
    assert_eq!(sent[0].1.request.method.as_str(), "PUT");
}

#[tokio::test]
async fn an_event_that_nobody_wants_is_dispatched_to_nobody() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    let mut other = event("1");
    other.kind = "contact.updated".into();
    let no = world.post(other).await;
    let wanted = world.post(event("2")).await;
    world.until(world.key(wanted, &webhook(1)), Status::Delivered).await;
    assert_eq!(world.deliveries(no).await, []);
    assert_eq!(world.plugins.runs(), ["2"]);
}

#[tokio::test]
async fn an_outcome_of_several_requests_is_several_deliveries() {
    let world = World::with_host();
    world.plugins.load_with(profile("acme"), 1, |call, _| {
        Ok(Outcome::Deliver(vec![echo_body(call), echo_body(call), echo_body(call)]))
    });
    world.put(webhook(1)).await;
    let no = world.post(event("1")).await;
    for part in 0..3 {
        let key = DeliveryKey { part: Part(part), ..world.key(no, &webhook(1)) };
        world.until(key, Status::Delivered).await;
    }
    world.until_sent(3).await;
}

#[tokio::test]
async fn i3_a_dispatch_done_twice_gives_the_same_deliveries() {
    for fault in [Fault::DispatchBefore, Fault::DispatchAfter] {
        let world = World::with_host();
        world.put(webhook(1)).await;
        world.ledger.fail(fault);
        let no = world.post(event("1")).await;
        world.until_true("the dispatch fails", async || !world.ledger.is_armed()).await;
        world.time.advance(seconds(1));
        world.until(world.key(no, &webhook(1)), Status::Delivered).await;
        world.quiet().await;
        let keys: Vec<_> = world.deliveries(no).await.iter().map(|one| one.head.key).collect();
        assert_eq!(keys, [world.key(no, &webhook(1))], "{fault:?}");
        let ids: Vec<_> = world.network.sent().iter().map(|(_, one)| one.delivery.id()).collect();
        assert_eq!(ids, [world.key(no, &webhook(1)).id()], "{fault:?}");
    }
}

#[tokio::test]
async fn i4_events_that_meet_at_the_same_state_lose_no_update() {
    let world = World::with_host();
    world.plugins.load_with(profile("acme"), 1, |call, state| {
        let number = state.number("n") + 1;
        state.set_number("n", number);
        let mut request = echo_body(call);
        request.body = number.to_string().into_bytes();
        Ok(Outcome::Deliver(vec![request]))
    });
    world.put(webhook(1)).await;
    let events: Vec<_> = (0..40).map(|id| event(&id.to_string())).collect();
    world.ledger.accept(Shard::default(), events).await.unwrap();
    world.until_sent(40).await;
    let numbers: HashSet<u64> = world
        .network
        .sent()
        .iter()
        .map(|(_, one)| String::from_utf8(one.request.body.clone()).unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (1..=40).collect());
    let state = Key::State(webhook(1).id, "n".into());
    let stored = world.ledger.read(Shard::default(), state).await.unwrap();
    assert!(matches!(stored, Some(Record::State(_, value)) if value == b"40"));
}

#[tokio::test]
async fn i9_state_beyond_its_limit_makes_a_dead_letter_and_the_next_event_goes_on() {
    let world = World::with_host();
    world.plugins.load_with(profile("acme"), 1, |call, state| {
        if call.event.id == "greedy" {
            state.set("all", vec![0; limits::STATE_BYTES_PER_WEBHOOK_MAX + 1]);
        }
        Ok(Outcome::Deliver(vec![echo_body(call)]))
    });
    world.put(webhook(1)).await;
    let greedy = world.post(event("greedy")).await;
    let modest = world.post(event("modest")).await;
    world.until(world.key(greedy, &webhook(1)), Status::Dead).await;
    world.until(world.key(modest, &webhook(1)), Status::Delivered).await;
    let reason = world.deliveries(greedy).await[0].made.reason().unwrap();
    assert!(reason.contains("bytes of plugin state"), "{reason}");
    assert_eq!(world.network.sent().len(), 1);
}

#[tokio::test]
async fn i4_two_hooks_of_one_webhook_see_each_others_state() {
    let world = World::with_host();
    let mut rules = profile("acme");
    let mut second = rules.hooks[0].clone();
    second.kind = HookType::new("copies").unwrap();
    rules.hooks.push(second);
    world.plugins.load_with(rules, 1, |call, state| {
        let number = state.number("n") + 1;
        state.set_number("n", number);
        let mut request = echo_body(call);
        request.body = number.to_string().into_bytes();
        Ok(Outcome::Deliver(vec![request]))
    });
    let mut both = webhook(1);
    both.hooks.push(Hook {
        no: HookNo(1),
        kind: HookType::new("copies").unwrap(),
        method: None,
        endpoint: "https://vendor1.example/copies".into(),
    });
    world.put(both).await;
    for id in ["1", "2"] {
        world.post(event(id)).await;
    }
    world.until_sent(4).await;
    let mut numbers: Vec<_> =
        world.network.sent().iter().map(|(_, one)| one.request.body.clone()).collect();
    numbers.sort();
    assert_eq!(numbers, [b"1", b"2", b"3", b"4"]);
}

#[tokio::test]
async fn an_echo_is_skipped_where_the_profile_says_so() {
    for (suppress, expected) in [(true, Status::Skipped), (false, Status::Delivered)] {
        let world = World::with_host();
        let mut rules = profile("acme");
        rules.suppress_echo = suppress;
        world.plugins.load(rules);
        world
            .plugins
            .load_with(profile("other"), 2, |call, _| Ok(Outcome::Deliver(vec![echo_body(call)])));
        world.put(webhook(1)).await;
        world.put(webhook_of(2, "other")).await;
        let mut from_vendor = event("1");
        from_vendor.extensions = vec![("origin".into(), "acme".into())];
        let no = world.post(from_vendor).await;
        world.until(world.key(no, &webhook(1)), expected).await;
        world.until(world.key(no, &webhook(2)), Status::Delivered).await;
        if suppress {
            let content = world.content(world.key(no, &webhook(1))).await;
            let Some(Content::Skipped(reason)) = content else { panic!("{content:?}") };
            assert!(reason.contains("suppresses echoes"), "{reason}");
            assert_eq!(world.network.count(), 1);
        }
    }
}

#[tokio::test]
async fn the_profile_is_stored_before_the_first_delivery() {
    let world = World::with_host();
    world.put(webhook(1)).await;
    let no = world.post(event("1")).await;
    world.until(world.key(no, &webhook(1)), Status::Delivered).await;
    let delivery = &world.deliveries(no).await[0];
    let digest = delivery.made.plugin.as_ref().unwrap().digest;
    let stored = world.ledger.read(Shard::default(), Key::Profile(digest)).await.unwrap();
    assert_eq!(stored, Some(Record::Profile(Box::new(profile("acme")))));
}

#[tokio::test]
async fn an_event_on_trial_goes_to_its_webhook_only_whatever_its_filter_says() {
    let world = World::with_host();
    let mut tried = webhook(2);
    tried.filter = Filter { types: vec![Pattern::new("contact.*").unwrap()], sources: vec![] };
    for webhook in [webhook(1), tried.clone(), webhook(3)] {
        world.put(webhook).await;
    }
    let mut on_trial = event("1");
    on_trial.emulated_for = Some(tried.id);
    let no = world.post(on_trial).await;
    world.until(world.key(no, &tried), Status::Delivered).await;
    let deliveries = world.deliveries(no).await;
    assert_eq!(deliveries.len(), 1);
    assert!(deliveries[0].head.emulated);
    // What the plugin does not know cannot be tried.
    let mut unknown = event("2");
    unknown.kind = "contact.updated".into();
    unknown.emulated_for = Some(tried.id);
    let no = world.post(unknown).await;
    let usual = world.post(event("3")).await;
    world.until(world.key(usual, &webhook(3)), Status::Delivered).await;
    assert_eq!(world.deliveries(no).await, []);
    let deliveries = world.deliveries(usual).await;
    assert!(deliveries.len() == 2 && deliveries.iter().all(|one| !one.head.emulated));
}

#[tokio::test]
async fn damage_where_a_dispatch_is_written_is_told_and_holds_up_nobody() {
    let mut world = World::with_host();
    world.put(webhook(1)).await;
    world.ledger.fail(Fault::Damage);
    let damaged = world.post(event("damaged")).await;
    world.until_true("the damage is met", async || !world.ledger.is_armed()).await;
    let next = world.post(event("next")).await;
    world.until(world.key(next, &webhook(1)), Status::Delivered).await;
    assert_eq!(world.status(world.key(damaged, &webhook(1))).await, None);
    let damages = world.health.damages();
    assert_eq!(damages.count, 1);
    let told = damages.latest.unwrap();
    assert!(told.contains("\"damaged\" of organization acme cannot be dispatched"), "{told}");
    assert_eq!(world.problems(), []);
    // Each new lead tries once more.
    world.kill().await;
    world.start("one");
    world.until(world.key(damaged, &webhook(1)), Status::Delivered).await;
}

#[tokio::test]
async fn the_backlog_is_what_the_ledger_has_not_dispatched() {
    let mut world = World::new();
    for id in ["1", "2", "3"] {
        world.post(event(id)).await;
    }
    world.post(event("3")).await;
    assert_eq!(world.backlog.events(), 3, "before any host has started");
    world.start("one");
    world.until_true("all are dispatched", async || world.backlog.events() == 0).await;
    world.kill().await;
    world.post(event("4")).await;
    assert_eq!(world.backlog.events(), 1);
}
