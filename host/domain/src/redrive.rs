//! Sending a delivery again because somebody asks for it.

use crate::{Head, Status, Timestamp};

/// What is kept of somebody's asking for a delivery again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to go out again.
    Asked {
        /// Also where it goes out in order and its vendor has, or is being sent, a later state of the same subject.
        out_of_order: bool,
    },
    /// It does not go out again. This is kept for whoever asked, until somebody asks again.
    Refused {
        /// When it was decided.
        at: Timestamp,
        /// Why, in words for the operator.
        why: String,
    },
}

/// The head of a delivery that is to go out again from `now` on.
///
/// One that is over begins its schedule anew, under the same id and with attempt numbers that go on: with the same
/// bytes where it has them, and otherwise by another run of the transform. One that is open is due at once, and its
/// schedule goes on. The head's time is later than before, so that a replay knows what it has moved.
pub fn redrive(head: &Head, has_bytes: bool, now: Timestamp) -> Head {
    let (status, earlier, due) = match head.status {
        Status::Blocked | Status::Scheduled => (head.status, head.earlier, head.due.min(now)),
        Status::Delivered | Status::Skipped | Status::Dead => {
            let status = if has_bytes { Status::Scheduled } else { Status::Blocked };
            (status, head.attempts, now)
        }
    };
    let later = Timestamp::from_micros(head.at.as_micros().saturating_add(1));
    Head { status, earlier, due, at: now.max(later), ..*head }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeliveryKey, EventNo, HookNo, OrderKey, Part, WebhookId};

    #[test]
    fn what_is_asked_for_goes_out_again() {
        let at = Timestamp::from_micros;
        let webhook = WebhookId::from_random([1; 16]);
        let key = DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) };
        let (now, later) = (at(100), at(900));
        for (status, has_bytes, due, expected) in [
            (Status::Dead, true, at(50), (Status::Scheduled, 7, now)),
            (Status::Delivered, true, at(50), (Status::Scheduled, 7, now)),
            (Status::Dead, false, at(50), (Status::Blocked, 7, now)),
            (Status::Skipped, false, at(50), (Status::Blocked, 7, now)),
            (Status::Scheduled, true, later, (Status::Scheduled, 2, now)),
            (Status::Scheduled, true, at(50), (Status::Scheduled, 2, at(50))),
            (Status::Blocked, false, later, (Status::Blocked, 2, now)),
        ] {
            let before = Head {
                attempts: 7,
                earlier: 2,
                order: Some(OrderKey(5)),
                emulated: true,
                ..Head::new(key, status, due, at(60))
            };
            let after = redrive(&before, has_bytes, now);
            assert_eq!((after.status, after.earlier, after.due), expected, "{status}");
            assert_eq!((after.attempts, after.at), (7, now));
            assert_eq!((after.order, after.emulated), (before.order, true));
        }
    }

    #[test]
    fn its_time_moves_on_even_when_the_clock_stands_still() {
        let webhook = WebhookId::from_random([1; 16]);
        let key = DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) };
        let now = Timestamp::from_micros(5);
        let before = Head::new(key, Status::Dead, now, now);
        assert_eq!(redrive(&before, true, now).at, Timestamp::from_micros(6));
    }
}
