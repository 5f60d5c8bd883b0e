//! Runs on an engine that is nothing but a few threads and a clock.

use std::{collections::BTreeMap, sync::Arc};

use transload_domain::{Event, Organization, WebhookId, limits};

use super::*;

fn plugin(name: &str) -> PluginName {
    PluginName::new(name).unwrap()
}

fn run(name: &str, plan: u64) -> Run {
    let event = Event {
        organization: Organization::new("acme").unwrap(),
        id: plan.to_string(),
        source: "/shop".into(),
        kind: "order.created".into(),
        subject: None,
        time: None,
        extensions: vec![],
        data: "{}".into(),
        accepted_at: Timestamp::EPOCH,
        emulated_for: None,
    };
    Run {
        plan,
        webhook: WebhookId::from_random([1; 16]),
        plugin: plugin(name),
        event: Arc::new(event),
        targets: vec![],
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::EPOCH.after(Duration::from_millis(millis))
}

/// Plugins that always have something to run, and what became of it.
struct Engine {
    runs: Runs,
    threads: usize,
    /// Milliseconds that a run of each plugin takes.
    takes: BTreeMap<&'static str, u64>,
    /// Who runs, until when; the first ones are on the threads, the others behind them.
    begun: VecDeque<(&'static str, Option<u64>)>,
    done: BTreeMap<&'static str, usize>,
    plans: u64,
}

impl Engine {
    fn new(max: usize, threads: usize, takes: &[(&'static str, u64)]) -> Self {
        Self {
            runs: Runs::new(max, threads),
            threads,
            takes: takes.iter().copied().collect(),
            begun: VecDeque::new(),
            done: BTreeMap::new(),
            plans: 0,
        }
    }

    /// Lets so many milliseconds pass, with two more runs asked for by each plugin in each.
    fn work(&mut self, millis: std::ops::Range<u64>) {
        for now in millis {
            let names: Vec<_> = self.takes.keys().copied().collect();
            for name in names.iter().chain(&names) {
                let waiting = self.runs.names.get(&plugin(name)).map(|id| &self.runs.plugins[*id]);
                let long = waiting.is_some_and(|plugin| plugin.waiting.len() > 20);
                if !long && self.runs.admits(&plugin(name), at(now)) {
                    self.plans += 1;
                    self.runs.push(run(name, self.plans), at(now));
                }
            }
            self.end_some(now);
            while self.runs.overdue(at(now)).is_some() {}
            while let Some(run) = self.runs.next(at(now)) {
                let name = *self.takes.keys().find(|name| **name == run.plugin.as_str()).unwrap();
                self.begun.push_back((name, None));
            }
            for (name, until) in self.begun.iter_mut().take(self.threads) {
                until.get_or_insert(now + self.takes[name]);
            }
        }
    }

    fn end_some(&mut self, now: u64) {
        let ended = |(_, until): &(&str, Option<u64>)| until.is_some_and(|until| until <= now);
        while let Some(place) = self.begun.iter().position(ended) {
            let (name, _) = self.begun.remove(place).unwrap();
            let took = Duration::from_millis(self.takes[name]);
            let timed_out = took >= limits::TRANSFORM_TIME_MAX;
            self.runs.ended(&plugin(name), Some(Used { took, timed_out }), at(now));
            *self.done.entry(name).or_default() += 1;
        }
    }

    fn done(&self, name: &str) -> usize {
        self.done.get(name).copied().unwrap_or(0)
    }
}

const LOOPS: [&str; 10] = ["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9"];

#[test]
fn i8_ten_plugins_in_endless_loops_leave_the_others_more_than_half() {
    for threads in [1, 2, 4, 16] {
        let mut alone = Engine::new(32, threads, &[("a", 2), ("b", 2)]);
        alone.work(0..10_000);
        let mut plugins = vec![("a", 2), ("b", 2)];
        plugins.extend(LOOPS.map(|name| (name, 250)));
        let mut beside = Engine::new(32, threads, &plugins);
        beside.work(0..10_000);
        for name in ["a", "b"] {
            let (alone, beside) = (alone.done(name), beside.done(name));
            assert!(2 * beside > alone, "{threads} threads: {beside} of {alone} runs of {name}");
        }
        for name in LOOPS {
            assert!(beside.done(name) > 0, "{name} has its share too");
        }
    }
}

#[test]
fn i8_the_plugin_that_has_used_least_goes_first() {
    // Ten times as long, one tenth as often: both have the same time.
    let mut engine = Engine::new(8, 1, &[("long", 20), ("short", 2)]);
    engine.work(0..20_000);
    let (long, short) = (engine.done("long") * 20, engine.done("short") * 2);
    assert!(long.abs_diff(short) < 2_000, "long used {long} ms, short {short} ms");
}

#[test]
fn i8_no_plugin_has_more_than_half_of_all_runs() {
    let mut runs = Runs::new(8, 8);
    for plan in 0..100 {
        runs.push(run("a", plan), at(0));
    }
    // It has earned all that it may have.
    for _ in 0..10 {
        if let Some(run) = runs.next(at(0)) {
            runs.ended(&run.plugin, Some(Used::default()), at(0));
        }
    }
    let begun = std::iter::from_fn(|| runs.next(at(0))).count();
    assert_eq!(begun, 4);
    runs.push(run("b", 100), at(0));
    assert_eq!(runs.next(at(0)).map(|run| run.plan), Some(100));
}

#[test]
fn i8_what_waits_for_a_plugin_that_begins_to_rest_waits_no_longer() {
    let mut runs = Runs::new(8, 2);
    for plan in 0..3 {
        runs.push(run("a", plan), at(0));
    }
    assert!(runs.next(at(0)).is_some());
    let used = Used { took: limits::TRANSFORM_TIME_MAX, timed_out: true };
    runs.ended(&plugin("a"), Some(used), at(250));
    let sent_away: Vec<_> = std::iter::from_fn(|| runs.overdue(at(250))).map(|r| r.plan).collect();
    assert_eq!(sent_away, [1, 2]);
    assert!(!runs.admits(&plugin("a"), at(250)));
    let slots = [runs.slot(&plugin("a"), at(250)), runs.slot(&plugin("a"), at(250))];
    assert!(at(1_000) <= slots[0] && slots[0] < slots[1], "{slots:?}");
    assert!(runs.admits(&plugin("a"), at(1_000)));
    runs.renewed(&plugin("a"), at(250));
    assert!(runs.admits(&plugin("a"), at(250)), "another version has another pace");
}

#[test]
fn a_run_waits_no_longer_than_it_may() {
    let mut runs = Runs::new(1, 1);
    runs.push(run("a", 1), at(0));
    runs.push(run("b", 2), at(10));
    runs.push(run("b", 3), at(20));
    assert_eq!(runs.next(at(20)).map(|run| run.plan), Some(1));
    assert_eq!(runs.wake_at(), Some(at(2_010)));
    assert_eq!(runs.overdue(at(2_009)).map(|run| run.plan), None);
    assert_eq!(runs.overdue(at(2_010)).map(|run| run.plan), Some(2));
    assert_eq!(runs.overdue(at(2_010)).map(|run| run.plan), None);
    assert_eq!(runs.wake_at(), Some(at(2_020)));
}
