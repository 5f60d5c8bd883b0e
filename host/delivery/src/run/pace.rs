//! How much time a plugin uses, and when it must rest.
//!
//! The engine's threads are few and cannot be taken back: a transform that uses up its limit holds one for as long.
//! So a plugin that uses much is let in less:
//!
//! - A run is *heavy* when it used more than [`HEAVY`]. After it the plugin rests for [`REST_FACTOR`] times what the
//!   run used, so that no plugin has more than a quarter of a thread by heavy runs.
//! - A run that used up its limit would do so again for most events, so each further one in a row doubles the rest,
//!   up to [`REST_MAX`]. Any other run ends the row.
//! - A plugin with a heavy run among its latest is a *suspect* until enough light runs have cleared it. A suspect
//!   runs one transform at a time, and all suspects together have a quarter of the threads (`Runs` sees to that), so
//!   that ten of them cost the others no more than one does.
//! - A plugin that nobody has seen run yet runs one transform at a time too; each light run doubles that.

use std::time::Duration;

use transload_domain::{Timestamp, limits};

/// What a run may use without a consequence: a usual one takes some thousandth of it.
pub(super) const HEAVY: Duration =
    Duration::from_millis(limits::TRANSFORM_TIME_MAX.as_millis() as u64 / 10);
/// Rests are so many times as long as the heavy run before them.
pub(super) const REST_FACTOR: u32 = 3;
/// The longest rest: a plugin that never ends costs a quarter of a second a minute, and one that was overloaded by
/// mistake is back within a minute.
pub(super) const REST_MAX: Duration = Duration::from_secs(60);
/// Light runs that clear a plugin after a heavy run, and after one that used up its limit.
const CLEARED_AFTER_HEAVY: u32 = 4;
const CLEARED_AFTER_TIMEOUT: u32 = 8;
const SUSPICION_MAX: u32 = 16;
/// What a run is taken to use before one has ended.
const USUAL: Duration = Duration::from_micros(100);

/// What one run used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// How long it held a thread; a thread that waits for the processor is held by the machine.
    pub(super) took: Duration,
    /// Whether it was ended because its time was up.
    pub(super) timed_out: bool,
}

/// One plugin's pace.
#[derive(Debug)]
pub(super) struct Pace {
    /// A mean in which the latest run counts a quarter.
    mean: Duration,
    at_once: usize,
    suspicion: u32,
    timeouts: u32,
    free_at: Timestamp,
    latest_rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            mean: USUAL,
            at_once: 1,
            suspicion: 0,
            timeouts: 0,
            free_at: Timestamp::EPOCH,
            latest_rest: Duration::ZERO,
        }
    }
}

impl Pace {
    /// Takes in a run that ended at `now`.
    pub(super) fn ran(&mut self, used: Used, now: Timestamp) {
        self.mean = (self.mean * 3 + used.took) / 4;
        if used.took <= HEAVY && !used.timed_out {
            self.timeouts = 0;
            self.suspicion = self.suspicion.saturating_sub(1);
            self.at_once = self.at_once.saturating_mul(2);
            return;
        }
        let (timeouts, suspicion) = if used.timed_out {
            (self.timeouts.saturating_add(1), CLEARED_AFTER_TIMEOUT)
        } else {
            (0, CLEARED_AFTER_HEAVY)
        };
        self.timeouts = timeouts;
        self.suspicion = (self.suspicion + suspicion).min(SUSPICION_MAX);
        self.at_once = 1;
        let doublings = timeouts.saturating_sub(1).min(16);
        let rest = used.took.saturating_mul(REST_FACTOR).saturating_mul(1 << doublings);
        self.latest_rest = rest.min(REST_MAX);
        self.free_at = self.free_at.max(now.after(self.latest_rest));
    }

    /// Whether a heavy run is among its latest.
    pub(super) fn is_suspect(&self) -> bool {
        self.suspicion > 0
    }

    /// How many of its transforms may run at the same time.
    pub(super) fn at_once(&self) -> usize {
        if self.is_suspect() { 1 } else { self.at_once }
    }

    /// Until when it rests.
    pub(super) fn free_at(&self) -> Timestamp {
        self.free_at
    }

    /// What its next run will take, as far as can be told.
    pub(super) fn mean(&self) -> Duration {
        self.mean
    }

    /// How long it takes from the beginning of one run to that of the next, as far as can be told.
    pub(super) fn interval(&self) -> Duration {
        if self.is_suspect() { self.mean + self.latest_rest } else { self.mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_millis(millis))
    }

    fn light() -> Used {
        Used { took: Duration::from_micros(50), timed_out: false }
    }

    fn heavy(millis: u64) -> Used {
        Used { took: Duration::from_millis(millis), timed_out: false }
    }

    fn timed_out() -> Used {
        Used { took: limits::TRANSFORM_TIME_MAX, timed_out: true }
    }

    #[test]
    fn i8_a_plugin_that_nobody_knows_begins_with_one_run_and_earns_more() {
        let mut pace = Pace::default();
        let mut at_once = vec![pace.at_once()];
        for _ in 0..4 {
            pace.ran(light(), at(0));
            at_once.push(pace.at_once());
        }
        assert_eq!(at_once, [1, 2, 4, 8, 16]);
        pace.ran(timed_out(), at(0));
        assert_eq!(pace.at_once(), 1);
    }

    #[test]
    fn i8_rests_grow_with_what_was_used_and_while_it_repeats_and_are_bounded() {
        for (runs, rest_ms) in [
            (vec![light()], 0),
            (vec![heavy(25)], 0),
            (vec![heavy(26)], 78),
            (vec![heavy(100), heavy(100), heavy(100)], 300),
            (vec![timed_out()], 750),
            (vec![timed_out(), timed_out()], 1_500),
            (vec![timed_out(), timed_out(), timed_out()], 3_000),
            (vec![timed_out(), light(), timed_out()], 750),
            (vec![timed_out(); 50], 60_000),
        ] {
            let mut pace = Pace::default();
            let mut now = at(0);
            for run in &runs {
                now = now.max(pace.free_at());
                pace.ran(*run, now);
            }
            assert_eq!(pace.free_at().since(now).as_millis(), rest_ms, "{runs:?}");
        }
    }

    #[test]
    fn light_runs_clear_a_suspect() {
        for (run, needed) in [(heavy(100), 4), (timed_out(), 8)] {
            let mut pace = Pace::default();
            pace.ran(run, at(0));
            for _ in 0..needed {
                assert!(pace.is_suspect(), "{run:?}");
                pace.ran(light(), at(1));
            }
            assert!(!pace.is_suspect(), "{run:?}");
        }
    }
}
