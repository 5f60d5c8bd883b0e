//! Whether deliveries go out.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use transload_domain::Timestamp;

/// How long the loop may be silent before it counts as dead. It takes a turn at least each third of its lease, and a
/// turn never waits for anything.
pub const LOOP_SILENCE_MAX: Duration = Duration::from_secs(30);

/// Whether deliveries go out: written by the loop and by those who write to the store, read by `/health/ready`.
#[derive(Debug, Default)]
pub struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last_turn: Option<Timestamp>,
    ended: Option<String>,
    store: Option<String>,
    damages: Damages,
}

/// Records of the store that cannot be read or written any more, since the host started. They keep nobody else from
/// going on, so they are no [`Problem`]; but what hangs on them stays as it is until somebody repairs the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damages {
    /// How often one was met.
    pub count: u64,
    /// The latest, in words.
    pub latest: Option<String>,
}

/// Something that keeps deliveries from going out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The loop has not begun.
    NotStarted,
    /// The loop has been silent for so long.
    Silent(Duration),
    /// The loop has ended, and why.
    Ended(String),
    /// The store refuses work, and why.
    Store(String),
}

impl Health {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// All that keeps deliveries from going out; empty when the host is ready.
    pub fn problems(&self, now: Timestamp) -> Vec<Problem> {
        let state = self.state();
        let looping = match (&state.ended, state.last_turn) {
            (Some(why), _) => Some(Problem::Ended(why.clone())),
            (None, None) => Some(Problem::NotStarted),
            (None, Some(at)) if now.since(at) > LOOP_SILENCE_MAX => {
                Some(Problem::Silent(now.since(at)))
            }
            (None, Some(_)) => None,
        };
        looping.into_iter().chain(state.store.clone().map(Problem::Store)).collect()
    }

    /// Says that the loop took a turn.
    pub fn turned(&self, now: Timestamp) {
        self.state().last_turn = Some(now);
    }

    /// Says that the loop has ended.
    pub fn ended(&self, why: impl Into<String>) {
        self.state().ended = Some(why.into());
    }

    /// Says that the store refuses work.
    pub fn store_failed(&self, why: impl Into<String>) {
        self.state().store = Some(why.into());
    }

    /// Says that the store works.
    pub fn store_works(&self) {
        self.state().store = None;
    }

    /// Says that a record cannot be read or written, and what hangs on it.
    pub fn damaged(&self, what: impl Into<String>) {
        let mut state = self.state();
        state.damages.count += 1;
        state.damages.latest = Some(what.into());
    }

    /// What was found damaged since the host started.
    pub fn damages(&self) -> Damages {
        self.state().damages.clone()
    }

    /// Each change is one assignment, so what a panicking holder left behind is still sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted => f.write_str("the delivery loop has not started"),
            Self::Silent(time) => {
                write!(f, "the delivery loop has been silent for {} s", time.as_secs())
            }
            Self::Ended(why) => write!(f, "the delivery loop has ended: {why}"),
            Self::Store(why) => write!(f, "the store refuses work: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_wrong_and_nothing_else() {
        let health = Health::new();
        let at = |seconds| Timestamp::EPOCH.after(Duration::from_secs(seconds));
        assert_eq!(health.problems(at(0)), [Problem::NotStarted]);
        health.turned(at(1));
        assert_eq!(health.problems(at(31)), []);
        assert_eq!(health.problems(at(32)), [Problem::Silent(Duration::from_secs(31))]);
        health.store_failed("disk full");
        assert_eq!(health.problems(at(1)), [Problem::Store("disk full".into())]);
        health.store_works();
        health.damaged("delivery 1");
        health.damaged("delivery 2");
        assert_eq!(health.problems(at(1)), [], "one damaged record stops nobody else");
        assert_eq!(health.damages(), Damages { count: 2, latest: Some("delivery 2".into()) });
        health.ended("stopped");
        assert_eq!(health.problems(at(1)), [Problem::Ended("stopped".into())]);
    }
}
