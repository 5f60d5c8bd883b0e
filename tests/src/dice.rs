//! Chance that repeats: the same seed gives the same numbers.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use transload_domain::Random;

/// Random numbers by SplitMix64 (Steele, Lea and Flood 2014). They are for tests: whoever knows the seed knows them.
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    /// Dice with this seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A number, spread over the whole range.
    pub fn number(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        mix(self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP))
    }

    /// A number within the range, which must not be empty.
    pub fn within(&self, range: Range<u64>) -> u64 {
        range.start + self.number() % (range.end - range.start)
    }

    /// A number below `end`, as an index.
    pub fn index(&self, end: usize) -> usize {
        // The number is below `end`, so that it fits.
        usize::try_from(self.within(0..end as u64)).unwrap_or(0)
    }

    /// True so often in a thousand times.
    pub fn per_mille(&self, often: u64) -> bool {
        self.number() % 1_000 < often
    }

    /// A duration of so many milliseconds.
    pub fn millis(&self, range: Range<u64>) -> Duration {
        Duration::from_micros(self.within(range.start * 1_000..range.end * 1_000))
    }

    /// One of the values, each as likely as the others. There must be one.
    pub fn pick<'a, T>(&self, values: &'a [T]) -> &'a T {
        &values[self.index(values.len())]
    }
}

impl Random for Dice {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A number that looks random and is always the same for the same input.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
