//! When a failed attempt is made again.

use std::time::Duration;

use crate::{Timestamp, limits};

/// A vendor's retry schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The waits after the first, second, ... failed attempt.
    pub schedule: Vec<Duration>,
    /// Whether the last wait repeats when the schedule is used up.
    pub repeat_last: bool,
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// How far a wait is spread, in percent of its length, so that deliveries that failed together do not come
    /// back together: 10 makes a wait of 100 s one of 100 to 110 s.
    pub jitter_percent: u8,
}

impl RetryPolicy {
    /// The example schedule of Standard Webhooks 1.0.0: 10 attempts over 75 hours.
    pub fn standard() -> Self {
        const HOUR: u64 = 3_600;
        let waits = [5, 300, 1_800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
        Self {
            schedule: waits.map(Duration::from_secs).to_vec(),
            repeat_last: false,
            max_attempts: 10,
            jitter_percent: 10,
        }
    }

    /// When to try again after `attempts` attempts have failed, the last at `now`; `None` when there is no next try.
    ///
    /// `asked` is the vendor's own wish (`Retry-After`): it can lengthen the wait, never shorten it, and is bounded
    /// by [`limits::RETRY_AFTER_MAX`]. `random` is any number, spread over its whole range.
    pub fn next(
        &self,
        attempts: u32,
        now: Timestamp,
        asked: Option<Duration>,
        random: u32,
    ) -> Option<Timestamp> {
        if attempts >= self.max_attempts.min(limits::ATTEMPTS_MAX) {
            return None;
        }
        let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = match self.schedule.get(step) {
            Some(wait) => *wait,
            None if self.repeat_last => *self.schedule.last()?,
            None => return None,
        };
        let asked = asked.unwrap_or(Duration::ZERO).min(limits::RETRY_AFTER_MAX);
        let share = f64::from(random) / f64::from(u32::MAX);
        let spread = f64::from(self.jitter_percent.min(100)) / 100.0 * share;
        let base = wait.max(asked);
        Some(now.after(base.saturating_add(base.mul_f64(spread))))
    }

    /// How long it takes until a delivery that never succeeds is given up, at the longest and without the time that
    /// the attempts take.
    pub fn span(&self) -> Duration {
        let start = Timestamp::EPOCH;
        let waits = (1..).map_while(|attempts| self.next(attempts, start, None, u32::MAX));
        waits.fold(Duration::ZERO, |sum, at| sum.saturating_add(at.since(start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn minutes(policy: &RetryPolicy, attempts: u32) -> Option<u64> {
        let next = policy.next(attempts, NOW, None, 0)?;
        Some(next.since(NOW).as_secs() / 60)
    }

    /// CorrigoPro: 5, 10, 20, 40, 60 and then 60 minutes for ever, 200 attempts (its page "Event notifications").
    fn corrigopro() -> RetryPolicy {
        RetryPolicy {
            schedule: [5, 10, 20, 40, 60].map(|m| Duration::from_secs(m * 60)).to_vec(),
            repeat_last: true,
            max_attempts: 200,
            jitter_percent: 0,
        }
    }

    #[test]
    fn follows_the_schedule_and_repeats_its_end() {
        let policy = corrigopro();
        let first: Vec<_> = (1..=8).map(|attempts| minutes(&policy, attempts)).collect();
        assert_eq!(first, [5, 10, 20, 40, 60, 60, 60, 60].map(Some));
        assert_eq!(minutes(&policy, 199), Some(60));
        assert_eq!(minutes(&policy, 200), None);
    }

    #[test]
    fn all_of_corrigopros_waits_are_eight_days() {
        let policy = corrigopro();
        assert_eq!(policy.span(), Duration::from_secs(11_775 * 60));
        let sum: u64 = (1..=300).filter_map(|attempts| minutes(&policy, attempts)).sum();
        assert_eq!(sum, 11_775);
    }

    #[test]
    fn the_standard_schedule_is_ten_attempts_in_75_hours() {
        let policy = RetryPolicy { jitter_percent: 0, ..RetryPolicy::standard() };
        let waits = (1..=20).map_while(|attempts| policy.next(attempts, NOW, None, 0));
        let (count, sum) =
            waits.fold((0, 0), |(n, sum), at| (n + 1, sum + at.since(NOW).as_secs()));
        assert_eq!((count, sum), (9, 75 * 3_600 + 35 * 60 + 5));
    }

    #[test]
    fn retry_after_lengthens_within_bounds_and_never_shortens() {
        let policy = corrigopro();
        for (asked, expected) in [(1, 5 * 60), (3_600, 3_600), (1_000_000_000, 24 * 3_600)] {
            let next = policy.next(1, NOW, Some(Duration::from_secs(asked)), 0).unwrap();
            assert_eq!(next.since(NOW).as_secs(), expected, "asked for {asked}");
        }
    }

    #[test]
    fn jitter_only_lengthens_and_stays_within_its_share() {
        let policy = RetryPolicy { jitter_percent: 10, ..corrigopro() };
        for (random, expected) in [(0, 300), (u32::MAX / 2, 314), (u32::MAX, 330)] {
            let next = policy.next(1, NOW, None, random).unwrap();
            assert_eq!(next.since(NOW).as_secs(), expected, "random {random}");
        }
    }

    #[test]
    fn an_empty_schedule_gives_up() {
        let policy = RetryPolicy { schedule: vec![], ..corrigopro() };
        assert_eq!(policy.next(1, NOW, None, 0), None);
    }
}
