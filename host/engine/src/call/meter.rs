//! What a call uses of the engine's time.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::ticker::TICK;

/// Measures one call, on the thread that runs it.
///
/// Where the machine has more to do than it can, a thread waits for the processor, and a clock on the wall goes on.
/// That is not the guest's doing: by the wall alone a plugin that uses fifty microseconds would be ended, or held back
/// so that others need not wait for it, just when the host is busiest. So the thread's processor time counts.
#[derive(Debug)]
pub(super) struct Meter {
    begun: Instant,
    processor_begun: Duration,
    /// Processor time in which the host did what the guest asked it for.
    hosts: Duration,
    /// Time that the guest waited for the host.
    waited: Duration,
}

impl Meter {
    /// Begins to measure, on this thread.
    pub(super) fn start() -> Self {
        Self {
            begun: Instant::now(),
            processor_begun: processor_time(),
            hosts: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    /// Processor time that the guest itself has used.
    pub(super) fn own(&self) -> Duration {
        processor_time().saturating_sub(self.processor_begun).saturating_sub(self.hosts)
    }

    /// How long the call has held its thread: the guest's own time, and what it waited for the host. Time in which the
    /// machine ran something else is no part of it.
    pub(super) fn held(&self) -> Duration {
        let passed = self.begun.elapsed();
        // Within a tick there is little to tell apart, and the processor's clock costs more than the wall's.
        if passed < TICK { passed } else { passed.min(self.own() + self.waited) }
    }

    /// Takes note of something that the host did for the guest, which began then.
    pub(super) fn host_did(&mut self, since: &Self) {
        self.hosts += processor_time().saturating_sub(since.processor_begun);
        self.waited += since.begun.elapsed();
    }
}

/// Processor time of this thread since it began.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};

    use super::*;

    const LONG: Duration = Duration::from_millis(60);

    /// The thread does nothing, as while the machine runs others.
    fn rest() {
        let (_kept, nothing) = channel::<()>();
        assert_eq!(nothing.recv_timeout(LONG), Err(RecvTimeoutError::Timeout));
    }

    fn work(meter: &Meter) {
        while meter.own() < LONG {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn i8_time_in_which_the_machine_runs_others_is_not_the_guests() {
        let meter = Meter::start();
        rest();
        assert!(meter.begun.elapsed() >= LONG);
        assert!(meter.own() < LONG / 2, "{meter:?}");
        assert!(meter.held() < LONG / 2, "{meter:?}");
    }

    #[test]
    fn what_the_guest_works_is_the_guests() {
        let meter = Meter::start();
        work(&meter);
        assert!(meter.held() >= LONG, "{meter:?}");
    }

    #[test]
    fn what_the_host_does_for_it_holds_the_thread_and_is_not_the_guests() {
        let mut meter = Meter::start();
        let since = Meter::start();
        rest();
        work(&since);
        meter.host_did(&since);
        assert!(meter.own() < LONG / 2, "{meter:?}");
        assert!(meter.held() >= LONG * 2, "{meter:?}");
    }
}
