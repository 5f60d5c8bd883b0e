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

    /// The same time as much earlier; never wraps.
    #[must_use]
    pub fn before(self, time: Duration) -> Self {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// The time as RFC 3339 text, UTC, with microseconds. What lies outside the years 0 to 9999, which that text can
    /// show, becomes the first or the last time that it can.
    pub fn rfc3339(self) -> String {
        /// Microseconds of a day.
        const DAY: i64 = 86_400_000_000;
        /// Days from 0000-03-01 to 1970-01-01.
        const TO_EPOCH: i64 = 719_468;
        let micros = self.0.clamp(-62_167_219_200_000_000, 253_402_300_799_999_999);
        let (days, rest) = (micros.div_euclid(DAY) + TO_EPOCH, micros.rem_euclid(DAY));
        // The years begin in March here, so that the leap day is a year's last day; 400 years have 146,097 days.
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day_of_month = day - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = era * 400 + year + next;
        let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        format!(
            "{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_by_the_calendar() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (1_536_055_928_167_161, "2018-09-04T10:12:08.167161Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (951_868_799_000_001, "2000-02-29T23:59:59.000001Z"),
            (951_868_800_000_000, "2000-03-01T00:00:00.000000Z"),
            (1_709_164_800_000_000, "2024-02-29T00:00:00.000000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (1_767_225_599_999_999, "2025-12-31T23:59:59.999999Z"),
            (i64::MAX, "9999-12-31T23:59:59.999999Z"),
            (i64::MIN, "0000-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).rfc3339(), text);
        }
    }

    #[test]
    fn adds_and_subtracts_without_wrapping() {
        let noon = Timestamp::from_micros(1_000_000);
        assert_eq!(noon.after(Duration::from_secs(2)).since(noon), Duration::from_secs(2));
        assert_eq!(noon.since(noon.after(Duration::from_secs(2))), Duration::ZERO);
        assert_eq!(Timestamp::MAX.after(Duration::MAX), Timestamp::MAX);
    }
}
