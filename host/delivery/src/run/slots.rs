//! Times at which work that was sent away comes back.

use std::time::Duration;

use transload_domain::Timestamp;

/// The latest time that is given, from now. Whoever was sent away looks again at least so often, in case that things
/// went faster than was thought; at a million of them that is some thousand looks a second.
pub(super) const SLOT_MAX: Duration = Duration::from_secs(300);

/// One behind the other, at the pace at which they can be served: what is sent away comes back when its turn should
/// be, and not all together to be sent away again.
#[derive(Debug, Default)]
pub(super) struct Slots {
    next: Timestamp,
}

impl Slots {
    /// The next time, not before `earliest`; whoever comes after it gets one that is `each` later.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        earliest: Timestamp,
        each: Duration,
    ) -> Timestamp {
        let latest = now.after(SLOT_MAX);
        let slot = self.next.max(earliest).max(now).min(latest);
        self.next = slot.after(each);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_one_another_within_bounds() {
        let at = |seconds| Timestamp::EPOCH.after(Duration::from_secs(seconds));
        let second = Duration::from_secs(1);
        let mut slots = Slots::default();
        assert_eq!(slots.take(at(10), at(0), second), at(10));
        assert_eq!(slots.take(at(10), at(0), second), at(11));
        assert_eq!(slots.take(at(10), at(20), second), at(20), "not before it can be served");
        assert_eq!(slots.take(at(10), at(0), second), at(21));
        assert_eq!(slots.take(at(40), at(0), second), at(40), "times that passed are not made up");
        assert_eq!(slots.take(at(40), at(1_000), second), at(340), "everybody looks again");
    }
}
