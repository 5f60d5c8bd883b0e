//! Points in time, as numbers; and the two things that the domain is always given: the time and chance.

use std::time::Duration;

/// Microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Microseconds, because vendors ask for up to six fraction digits and acceptance times should tell two
/// events apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// What tells the time. The domain never asks; it is told.
///
/// It is defined here so that every room above names the same trait.
pub trait Clock: Send + Sync + 'static {
    /// The time now, UTC.
    fn now(&self) -> Timestamp;
}

/// What gives random bytes, fit for secrets. The domain never asks; it is told.
pub trait Random: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

impl Timestamp {
    /// The beginning of 1970, UTC.
    pub const EPOCH: Self = Self(0);
    /// Later than every real point in time.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This time and `wait` more; never wraps.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// How long it is from `earlier` until this time; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_subtracts_without_wrapping() {
        let noon = Timestamp::from_micros(1_000_000);
        assert_eq!(noon.after(Duration::from_secs(2)).since(noon), Duration::from_secs(2));
        assert_eq!(noon.since(noon.after(Duration::from_secs(2))), Duration::ZERO);
        assert_eq!(Timestamp::MAX.after(Duration::MAX), Timestamp::MAX);
    }
}
