//! Who decides what happens next: one step, some time, or trouble.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{
    facts::Promise,
    host::{Ended, Host},
    people::Person,
    scene::Scene,
    steps::{Step, Steps},
};

/// The hosts of a simulation.
pub(super) const HOSTS: [&str; 2] = ["one", "two"];
/// Steps without a pause after which something turns in a circle.
const STEPS_IN_A_ROW_MAX: u64 = 200_000;

/// Directs a simulation.
pub(super) struct Director {
    pub(super) scene: Scene,
    pub(super) person: Person,
    pub(super) hosts: [Option<Host>; 2],
    pub(super) people: JoinSet<()>,
    steps: Steps,
    ends: JoinSet<Ended>,
    in_a_row: u64,
    broken_off: bool,
}

impl Director {
    pub(super) fn new(scene: Scene, steps: Steps) -> Self {
        Self {
            person: Person::new(&scene),
            scene,
            hosts: [None, None],
            people: JoinSet::new(),
            steps,
            ends: JoinSet::new(),
            in_a_row: 0,
            broken_off: false,
        }
    }

    /// Lets one task do something. Looks after those that have ended.
    pub(super) async fn step(&mut self) -> Step {
        let step = self.steps.next().await;
        while self.people.try_join_next().is_some() {}
        while let Some(ended) = self.ends.try_join_next() {
            match ended {
                Ok(Ended::Failed(why)) => {
                    let words = format!("a host ended: {why}");
                    self.scene.facts.state().broken(Promise::I9, words);
                    self.broken_off = true;
                }
                // A task that was aborted is a host that was killed.
                Ok(Ended::Killed) | Err(_) => {}
                Ok(Ended::CutOff) => self.scene.facts.state().note("a host ends: it is cut off"),
                Ok(Ended::Stopped) => self.scene.facts.state().note("a host has stopped"),
            }
        }
        match step {
            Step::Task => {
                self.in_a_row += 1;
                self.scene.facts.state().counts.steps += 1;
                if self.in_a_row > STEPS_IN_A_ROW_MAX {
                    self.break_off("the hosts turn in a circle and never wait");
                }
            }
            Step::Idle => {
                self.in_a_row = 0;
                self.scene.time.idle();
                self.scene.facts.state().is_idle();
            }
        }
        step
    }

    /// Ends the simulation before its end.
    pub(super) fn break_off(&mut self, why: &str) {
        self.scene.facts.state().broken(Promise::I9, why);
        self.broken_off = true;
    }

    /// Whether it makes no sense to go on.
    pub(super) fn is_broken_off(&self) -> bool {
        self.broken_off
    }

    /// Lets time pass until somebody has something to do, at most so long.
    pub(super) fn pass(&self, longest: Duration) {
        let next = self.scene.time.next().unwrap_or(longest);
        self.scene.time.advance(next.min(longest).max(Duration::from_micros(1)));
    }

    /// Starts a host that does not run.
    pub(super) fn start(&mut self, which: usize) {
        if self.hosts[which].as_ref().is_none_or(Host::is_over) {
            self.scene.facts.state().note(&format!("{} starts", HOSTS[which]));
            self.scene.disturb();
            self.hosts[which] = Some(Host::start(&self.scene, HOSTS[which], &mut self.ends));
        }
    }

    /// Kills a host, wherever it is.
    pub(super) fn kill(&mut self, which: usize) {
        if let Some(host) = self.hosts[which].take() {
            let mut facts = self.scene.facts.state();
            facts.note(&format!("{} is killed", HOSTS[which]));
            facts.counts.crashes += 1;
            drop(facts);
            self.scene.disturb();
            drop(host);
        }
    }

    /// The hosts look at the plugin folder.
    pub(super) fn look(&self) {
        self.scene.disturb();
        self.hosts.iter().flatten().for_each(Host::look);
    }

    /// Somebody does something, beside everybody else.
    pub(super) fn lets(&mut self, doing: impl Future<Output = ()> + Send + 'static) {
        self.people.spawn(doing);
    }
}
