//! The real clock and real chance: the one place that reads them.

use std::time::SystemTime;

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

/// The operating system's random numbers.
#[derive(Clone, Debug)]
pub struct SystemChance(SystemRandom);

impl SystemChance {
    /// The operating system's generator.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemChance {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemChance {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer).expect(
            "an operating system that gives no random bytes can make no secret: going on would be unsafe",
        );
    }
}
