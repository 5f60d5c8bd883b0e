//! The delivery loop in a simulated world, by a seed: first it hurts, then it heals, then it is judged.
//!
//! Real are the loop and the memory store. Scripted are the vendors, the plugins, the clock, and everybody who uses or
//! harms the host; no socket is opened and nobody sleeps. There is one thread, and one source of chance, so that a seed
//! always takes the same steps: what it found can be looked at again.
//!
//! Read `director.rs`, `hurt.rs` and `heal.rs` for what happens; `effects.rs`, `wishes.rs`, `exchanges.rs` and `judge.rs` for
//! what is demanded; `facts.rs` for what is known. It judges by what took effect in the store and what the vendors saw, never
//! by what the loop believes.

mod director;
mod effects;
mod engine;
mod exchanges;
mod facts;
mod heal;
mod host;
mod hurt;
mod judge;
mod ledger;
mod people;
mod plugins;
mod scene;
mod steps;
mod time;
mod values;
mod vendors;
mod wishes;

use std::io;

pub use self::facts::{Counts, Promise, Violation};
use self::{director::Director, hurt::Hurt, scene::Scene, steps::Steps};

/// What came of one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The promises that were broken; empty when all is well.
    pub violations: Vec<Violation>,
    /// How much of everything there was.
    pub counts: Counts,
    /// A digest of every step. The same seed gives the same.
    pub digest: u64,
}

/// Simulates one seed; prints every step where that is asked for.
///
/// # Errors
/// When the machine refuses a thread.
pub fn simulate(seed: u64, printed: bool) -> io::Result<Report> {
    Steps::direct(async |steps| {
        let scene = Scene::new(seed, printed)?;
        let mut director = Director::new(scene.clone(), steps);
        Hurt::new().hurt(&mut director).await;
        heal::heal(&mut director).await;
        if !director.is_broken_off() {
            judge::judge(&scene).await;
        }
        drop(director);
        let facts = scene.facts.state();
        Ok(Report {
            seed,
            violations: facts.violations.clone(),
            counts: facts.counts,
            digest: facts.digest(),
        })
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds of the test. The tool takes many more.
    const SEEDS: u64 = 12;

    #[test]
    fn what_was_promised_holds_whatever_happens() {
        let mut all = Counts::default();
        for seed in 0..SEEDS {
            let report = simulate(seed, false).unwrap();
            assert_eq!(report.violations, [], "seed {seed}");
            all += report.counts;
        }
        let Counts { events, deliveries, exchanges, crashes, terms, .. } = all;
        for (count, least) in
            [(events, 200), (deliveries, 200), (exchanges, 500), (crashes, 10), (terms, 30)]
        {
            assert!(count >= least, "too little has happened: {all:?}");
        }
    }

    #[test]
    fn the_same_seed_takes_the_same_steps() {
        for seed in [0, 10, 65, 85] {
            let (first, second) = (simulate(seed, false).unwrap(), simulate(seed, false).unwrap());
            assert_eq!(first, second);
            assert_ne!(simulate(seed + 1, false).unwrap().digest, first.digest);
        }
    }
}
