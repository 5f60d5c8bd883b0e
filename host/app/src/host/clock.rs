//! The real clock and real chance: the one place that reads them.

use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use ring::rand::{SecureRandom, SystemRandom};
use transload_domain::{Clock, Random, Timestamp};

/// The machine's clock, UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one file that reads the real clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.after(since)
    }
}

/// Bytes that are given out of stock at once: numbers and the names of spans, requests and objects.
const OF_STOCK_BYTES_MAX: usize = 16;
/// Bytes that are asked of the operating system at once. Each delivery needs some eight of them, and to ask costs more
/// than to give them out.
const DRAWN_BYTES: usize = 512;

/// The operating system's random numbers.
#[derive(Debug)]
pub struct SystemChance {
    system: SystemRandom,
    /// Bytes that were drawn; those before the place have been given out, and are gone.
    drawn: Mutex<([u8; DRAWN_BYTES], usize)>,
}

impl SystemChance {
    /// The operating system's generator.
    pub fn new() -> Self {
        Self { system: SystemRandom::new(), drawn: Mutex::new(([0; DRAWN_BYTES], DRAWN_BYTES)) }
    }

    fn draw(&self, buffer: &mut [u8]) {
        self.system.fill(buffer).expect(
            "an operating system that gives no random bytes can make no secret: going on would be unsafe",
        );
    }
}

impl Default for SystemChance {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemChance {
    /// Short ones come out of stock, which holds the operating system's bytes and nothing else; what is longer, like
    /// a key, is drawn for itself.
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > OF_STOCK_BYTES_MAX {
            return self.draw(buffer);
        }
        // Whoever panicked here had drawn nothing: the place tells what was given out.
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, place) = &mut *drawn;
        if bytes.len() - *place < buffer.len() {
            self.draw(bytes);
            *place = 0;
        }
        let given = &mut bytes[*place..*place + buffer.len()];
        buffer.copy_from_slice(given);
        given.fill(0);
        *place += buffer.len();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_bytes_are_given_out_twice() {
        /// Bytes that by chance do not come twice.
        const TELLING: usize = 8;
        let chance = SystemChance::new();
        let mut given = HashSet::new();
        for bytes in [8, 13, 16, 17, 32] {
            for _ in 0..1_000 {
                let mut buffer = vec![0; bytes];
                chance.fill(&mut buffer);
                for some in buffer.windows(TELLING) {
                    assert!(given.insert(some.to_vec()), "of {bytes} bytes");
                }
            }
        }
    }
}
