//! Whether a webhook's vendor is to be spoken to.

use std::time::Duration;

use crate::{AttemptOutcome, Gate, SendFailureKind, Success, Timestamp, limits};

/// What keeps a webhook from hitting a vendor that is down, overloaded, or does not know it.
///
/// Many failures in a row trip it: then one delivery at a time probes the vendor, after waits that grow, and the
/// others wait without spending attempts. One sign of life lets everything through again. Refused credentials trip
/// it at once, with longer waits, since they only help when somebody changes them. Beside that it keeps a vendor's
/// wish to be left alone for a while (`Retry-After`).
///
/// It is a webhook's, not an endpoint's: a webhook with several endpoints of which one is well is never cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    tripped: Option<Tripped>,
    paused: Option<Timestamp>,
}

/// A breaker that lets only probes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tripped {
    /// Why.
    pub cause: Cause,
    /// Since when.
    pub since: Timestamp,
    /// When the next probe may go.
    pub from: Timestamp,
    wait: Duration,
}

/// Why a breaker tripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The vendor keeps failing.
    Failing,
    /// The token endpoint refuses the credentials.
    Credentials,
}

/// What an exchange shows about the vendor, whatever it means for the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// It is there and does its work; a refusal of this one delivery is such a sign, too.
    Alive,
    /// It did not answer, or says that it cannot: 408, 425, 429, 5xx.
    Failing,
    /// The token endpoint refuses the credentials.
    Credentials,
    /// Nothing: it was not spoken to.
    Nothing,
}

impl Sign {
    /// What this outcome shows, where `success` says which answers are good.
    pub fn of(outcome: &AttemptOutcome, success: &Success) -> Self {
        match outcome {
            AttemptOutcome::Answered(answer) if success.includes(answer.status) => Self::Alive,
            AttemptOutcome::Answered(answer) => match answer.status {
                408 | 425 | 429 | 500..=599 => Self::Failing,
                _ => Self::Alive,
            },
            AttemptOutcome::Failed(failure) => match failure.kind {
                SendFailureKind::Credentials => Self::Credentials,
                SendFailureKind::Unsendable => Self::Nothing,
                SendFailureKind::Resolve
                | SendFailureKind::Refused
                | SendFailureKind::Connect
                | SendFailureKind::Tls
                | SendFailureKind::Timeout
                | SendFailureKind::Broken
                | SendFailureKind::Token => Self::Failing,
            },
        }
    }
}

impl Breaker {
    /// Takes in what an exchange showed that began at `began` and ended at `now`.
    pub fn saw(&mut self, sign: Sign, began: Timestamp, now: Timestamp) {
        let cause = match sign {
            Sign::Nothing => return,
            Sign::Alive => {
                self.failures = 0;
                self.tripped = None;
                return;
            }
            Sign::Failing => Cause::Failing,
            Sign::Credentials => Cause::Credentials,
        };
        self.failures = self.failures.saturating_add(1);
        let trips = cause == Cause::Credentials || self.failures >= limits::BREAKER_FAILURES;
        self.tripped = match self.tripped {
            None if trips => Some(Tripped::new(cause, now)),
            // What began before the probe was allowed is no probe: it says nothing new.
            Some(tripped) if began >= tripped.from => Some(tripped.again(cause, now)),
            unchanged => unchanged,
        };
    }

    /// Takes in that the vendor asks to be left alone for so long; bounded by [`limits::RETRY_AFTER_MAX`].
    pub fn pause(&mut self, asked: Duration, now: Timestamp) {
        let until = now.after(asked.min(limits::RETRY_AFTER_MAX));
        self.paused = self.paused.max(Some(until));
    }

    /// How the webhook's turns are to be gated.
    pub fn gate(&self) -> Gate {
        match (self.tripped, self.paused) {
            (Some(tripped), paused) => {
                Gate::Probing { from: paused.map_or(tripped.from, |until| until.max(tripped.from)) }
            }
            (None, Some(until)) => Gate::Paused { until },
            (None, None) => Gate::Open,
        }
    }

    /// How it tripped, if it did.
    pub fn tripped(&self) -> Option<&Tripped> {
        self.tripped.as_ref()
    }

    /// Whether there is nothing to remember about this vendor.
    pub fn is_at_rest(&self, now: Timestamp) -> bool {
        self.failures == 0 && self.tripped.is_none() && self.paused.is_none_or(|until| until <= now)
    }

    /// Whether the vendor showed no sign of life for so long that its webhook is to be suspended. `patience` is how
    /// long the vendor's own retry schedule lasts: no webhook is suspended before that has run out once.
    pub fn suspends(&self, patience: Duration, now: Timestamp) -> bool {
        let limit = limits::BREAKER_SUSPENDS_AFTER.max(patience);
        self.tripped.is_some_and(|tripped| now.since(tripped.since) >= limit)
    }
}

impl Tripped {
    fn new(cause: Cause, now: Timestamp) -> Self {
        let wait = cause.waits().0;
        Self { cause, since: now, from: now.after(wait), wait }
    }

    /// After a probe that failed.
    fn again(self, cause: Cause, now: Timestamp) -> Self {
        let (shortest, longest) = cause.waits();
        let wait = self.wait.saturating_mul(2).clamp(shortest, longest);
        Self { cause, since: self.since, from: now.after(wait), wait }
    }
}

impl Cause {
    /// The shortest and the longest wait between two probes.
    fn waits(self) -> (Duration, Duration) {
        match self {
            Self::Failing => (limits::BREAKER_WAIT_MIN, limits::BREAKER_WAIT_MAX),
            Self::Credentials => (limits::CREDENTIALS_WAIT_MIN, limits::CREDENTIALS_WAIT_MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, SendFailure};

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(second))
    }

    fn answered(status: u16) -> AttemptOutcome {
        AttemptOutcome::Answered(Answer {
            status,
            headers: vec![],
            body: vec![],
            cut: false,
            retry_after: None,
            resent: false,
        })
    }

    /// A breaker that tripped at second 100.
    fn tripped() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..limits::BREAKER_FAILURES {
            breaker.saw(Sign::Failing, at(99), at(100));
        }
        breaker
    }

    #[test]
    fn an_outcome_is_a_sign_of_the_vendor() {
        let exactly = Success::Exactly(vec![200, 503]);
        for (status, sign) in [
            (200, Sign::Alive),
            (503, Sign::Alive),
            (201, Sign::Alive),
            (404, Sign::Alive),
            (410, Sign::Alive),
            (302, Sign::Alive),
            (408, Sign::Failing),
            (425, Sign::Failing),
            (429, Sign::Failing),
            (500, Sign::Failing),
            (599, Sign::Failing),
        ] {
            assert_eq!(Sign::of(&answered(status), &exactly), sign, "{status}");
        }
        for kind in SendFailureKind::ALL {
            let failed = AttemptOutcome::Failed(SendFailure { kind, detail: String::new() });
            let expected = match kind {
                SendFailureKind::Credentials => Sign::Credentials,
                SendFailureKind::Unsendable => Sign::Nothing,
                _ => Sign::Failing,
            };
            assert_eq!(Sign::of(&failed, &exactly), expected, "{kind}");
        }
    }

    #[test]
    fn i8_failures_in_a_row_trip_it_and_others_do_not() {
        let mut breaker = Breaker::default();
        for second in 0..100 {
            let sign = if second % 10 == 9 { Sign::Alive } else { Sign::Failing };
            breaker.saw(sign, at(second), at(second));
            assert_eq!(breaker.gate(), Gate::Open, "second {second}");
        }
        assert!(breaker.is_at_rest(at(99)));
        assert_eq!(tripped().gate(), Gate::Probing { from: at(105) });
    }

    #[test]
    fn i8_probes_come_after_waits_that_grow() {
        let mut breaker = tripped();
        let (mut now, mut waits) = (at(100), Vec::new());
        for _ in 0..9 {
            let Gate::Probing { from } = breaker.gate() else { panic!("{breaker:?}") };
            waits.push(from.since(now).as_secs());
            breaker.saw(Sign::Failing, from, from);
            now = from;
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(breaker.tripped().map(|tripped| tripped.since), Some(at(100)));
        breaker.saw(Sign::Alive, now, now);
        assert_eq!((breaker.gate(), breaker.is_at_rest(now)), (Gate::Open, true));
    }

    #[test]
    fn what_began_before_it_tripped_is_no_probe() {
        let mut breaker = tripped();
        for _ in 0..50 {
            breaker.saw(Sign::Failing, at(99), at(103));
        }
        assert_eq!(breaker.gate(), Gate::Probing { from: at(105) });
        breaker.saw(Sign::Alive, at(99), at(104));
        assert_eq!(breaker.gate(), Gate::Open, "a late success is a sign of life all the same");
    }

    #[test]
    fn refused_credentials_trip_it_at_once_with_longer_waits() {
        let mut breaker = Breaker::default();
        breaker.saw(Sign::Credentials, at(0), at(0));
        let (mut now, mut waits) = (at(0), Vec::new());
        for _ in 0..8 {
            let Gate::Probing { from } = breaker.gate() else { panic!("{breaker:?}") };
            waits.push(from.since(now).as_secs() / 60);
            breaker.saw(Sign::Credentials, from, from);
            now = from;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(breaker.tripped().map(|tripped| tripped.cause), Some(Cause::Credentials));
        // When the token endpoint is well and the vendor is not, the vendor's shorter waits hold.
        let probe = now.after(limits::CREDENTIALS_WAIT_MAX);
        breaker.saw(Sign::Failing, probe, probe);
        let from = probe.after(limits::BREAKER_WAIT_MAX);
        assert_eq!(breaker.gate(), Gate::Probing { from });
    }

    #[test]
    fn a_wish_to_be_left_alone_is_bounded_and_outlives_a_success() {
        let mut breaker = Breaker::default();
        breaker.pause(Duration::from_secs(30), at(10));
        breaker.pause(Duration::from_secs(5), at(11));
        breaker.saw(Sign::Alive, at(9), at(12));
        assert_eq!(breaker.gate(), Gate::Paused { until: at(40) });
        assert_eq!((breaker.is_at_rest(at(39)), breaker.is_at_rest(at(40))), (false, true));
        breaker.pause(Duration::MAX, at(12));
        assert_eq!(breaker.gate(), Gate::Paused { until: at(12).after(limits::RETRY_AFTER_MAX) });
        let mut breaker = tripped();
        breaker.pause(Duration::from_secs(60), at(100));
        assert_eq!(breaker.gate(), Gate::Probing { from: at(160) });
    }

    #[test]
    fn i9_a_vendor_without_a_sign_of_life_is_given_up() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let breaker = tripped();
        for (patience, after, gives_up) in [
            (Duration::ZERO, days(5) - Duration::from_secs(1), false),
            (Duration::ZERO, days(5), true),
            (days(8), days(7), false),
            (days(8), days(8), true),
        ] {
            let now = at(100).after(after);
            assert_eq!(breaker.suspends(patience, now), gives_up, "{patience:?} {after:?}");
        }
        assert!(!Breaker::default().suspends(Duration::ZERO, Timestamp::MAX));
    }
}
