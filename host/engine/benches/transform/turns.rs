//! Times of turns, and their middle.

use std::time::Instant;

/// Times per call, one for each turn.
pub(crate) struct Turns(Vec<f64>);

impl Turns {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Times one turn of so many calls.
    pub(crate) fn time<T>(&mut self, calls: usize, turn: impl FnOnce() -> T) {
        let begun = Instant::now();
        let made = turn();
        let took = begun.elapsed();
        drop(made);
        let calls = u32::try_from(calls).expect("a few calls");
        self.0.push(took.as_secs_f64() / f64::from(calls));
    }

    pub(crate) fn median_us(&mut self) -> f64 {
        median(&mut self.0) * 1e6
    }
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
