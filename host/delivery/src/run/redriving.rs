//! Sending deliveries again because somebody asks for them.

use std::collections::{HashMap, HashSet, VecDeque};

use tracing::{info, warn};
use transload_domain::{
    Content, Delivery, DeliveryKey, Head, OrderKey, Status, Timestamp, Wish, redrive,
};
use transload_store::{Error, Revision, Settlement};

use super::{
    action::{Effect, Why, Wished},
    options::REDRIVES_MAX,
    term::Term,
};
use crate::order::overtaken;

/// The deliveries that somebody asks for again, until the wish is granted or taken back. Each is a row in the ledger,
/// so that none is forgotten.
///
/// Somebody may ask again at any time, also while the row of a former wish is being read or cleared. What was found
/// then is no answer: the delivery is looked at again when that has ended.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    wishes: HashMap<DeliveryKey, Way>,
    queue: VecDeque<DeliveryKey>,
    /// Those that are being read, and the order keys of later events that have arrived at their webhooks since.
    arrived: HashMap<DeliveryKey, HashSet<OrderKey>>,
}

/// How far a wish is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It waits for its turn.
    Queued,
    /// The delivery is being read.
    Reading,
    /// The delivery is being read, but it has moved since, or somebody asked again: it is read again.
    Outdated,
    /// The delivery is under way; it is looked at when it comes to rest.
    Resting(Revision),
    /// It is being granted, or taken back; and whether somebody asked again meanwhile.
    Writing { wish: Option<Revision>, again: bool },
}

impl Wishes {
    /// Whether more may be told.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < REDRIVES_MAX
    }

    /// Somebody asks for a delivery, perhaps not for the first time.
    fn told(&mut self, key: DeliveryKey) {
        match self.wishes.get_mut(&key) {
            None | Some(Way::Resting(_)) => self.queue(key),
            Some(Way::Queued | Way::Outdated) => {}
            Some(reading @ Way::Reading) => *reading = Way::Outdated,
            Some(Way::Writing { again, .. }) => *again = true,
        }
    }

    /// A delivery has arrived: what is being found out of the earlier ones of its order key may not tell of it.
    fn delivered(&mut self, head: &Head) {
        let Some(order) = head.order else { return };
        for (key, arrived) in &mut self.arrived {
            if key.webhook == head.key.webhook && key.event < head.key.event {
                arrived.insert(order);
            }
        }
    }

    /// A write has ended that ends what was known of the wish.
    fn written(&mut self, key: DeliveryKey) {
        if let Some(Way::Writing { again: true, .. }) = self.wishes.remove(&key) {
            self.queue(key);
        }
    }

    fn set(&mut self, key: DeliveryKey, way: Way) {
        self.wishes.insert(key, way);
    }

    fn write(&mut self, key: DeliveryKey, wish: Option<Revision>) {
        self.set(key, Way::Writing { wish, again: false });
    }

    fn queue(&mut self, key: DeliveryKey) {
        self.set(key, Way::Queued);
        self.queue.push_back(key);
    }

    /// The next wish to look at.
    fn next(&mut self) -> Option<DeliveryKey> {
        while self.arrived.len() < REDRIVES_MAX {
            let key = self.queue.pop_front()?;
            // One that came to rest meanwhile was looked at then.
            if self.wishes.get(&key) == Some(&Way::Queued) {
                return Some(key);
            }
        }
        None
    }
}

impl Term {
    /// Somebody asks for a delivery again.
    pub(super) fn wished(&mut self, key: DeliveryKey) {
        self.wishes.told(key);
    }

    /// Looks at wishes, some at a time.
    pub(super) fn look_at_wishes(&mut self) {
        while let Some(key) = self.wishes.next() {
            self.wishes.set(key, Way::Reading);
            self.wishes.arrived.insert(key, HashSet::new());
            self.effects.push(Effect::ReadDelivery(key));
        }
    }

    /// A delivery that is asked for was read.
    pub(super) fn wished_read(
        &mut self,
        key: DeliveryKey,
        delivery: Result<Wished, Error>,
        now: Timestamp,
    ) {
        let arrived = self.wishes.arrived.remove(&key).unwrap_or_default();
        let found = match delivery {
            Ok(found) => found,
            Err(error) => return self.resign(error),
        };
        match self.wishes.wishes.get(&key) {
            Some(Way::Reading) => {}
            Some(Way::Outdated) => return self.wishes.queue(key),
            _ => return,
        }
        match found {
            Wished::NoLonger => {
                self.wishes.wishes.remove(&key);
            }
            Wished::Gone(wish) => self.take_back(key, Some(wish)),
            Wished::Found { wish, .. } if self.rules.webhook(key.webhook).is_none() => {
                self.take_back(key, Some(wish));
            }
            Wished::Found { wish, delivery, .. } if delivery.head.status.is_open() => {
                let head = delivery.head;
                let waits = self.as_in_agenda(head);
                if self.agenda.take_out(&waits) {
                    self.moved.remove(&key);
                    self.grant(head, head.status == Status::Scheduled, wish, now);
                } else {
                    self.wishes.set(key, Way::Resting(wish));
                }
            }
            Wished::Found { wish, delivery, out_of_order, why_not } => {
                let Delivery { head, made } = *delivery;
                let why_not = why_not.or_else(|| self.why_not_now(&head).filter(|_| !out_of_order));
                match why_not {
                    Some(why) => self.refuse(key, wish, why, now),
                    None if !out_of_order
                        && head.order.is_some_and(|key| arrived.contains(&key)) =>
                    {
                        self.wishes.queue(key);
                    }
                    None => {
                        self.grant(head, matches!(made.content, Content::Request(_)), wish, now);
                    }
                }
            }
            Wished::Damaged(wish, what) => {
                self.tell_damage(format!("delivery {} cannot be retried: {what}", key.id()));
                self.take_back(key, wish);
            }
        }
    }

    /// The wish for an open delivery that has just come to rest, where it waited for that. One that is being read is
    /// read again: what is found may be how the delivery was before.
    pub(super) fn wish_at_rest(&mut self, key: &DeliveryKey) -> Option<Revision> {
        match self.wishes.wishes.get_mut(key)? {
            Way::Resting(wish) => return Some(*wish),
            reading @ Way::Reading => *reading = Way::Outdated,
            Way::Queued | Way::Outdated | Way::Writing { .. } => {}
        }
        None
    }

    /// Why a closed delivery may not go out again now, beside what the vendor has: it is just being sent a later state.
    fn why_not_now(&self, head: &Head) -> Option<String> {
        let other = head.order.and_then(|_| self.agenda.overtaken_by(head))?.id();
        let why = format!(
            "the vendor is being sent a later state of the same subject (delivery {other})"
        );
        Some(overtaken(&why))
    }

    /// A delivery is closed. Where somebody asked for it while it was under way: one that arrived did so after the
    /// wish, which is granted by that; another goes out again.
    pub(super) fn closed(&mut self, head: &Head) {
        if head.status == Status::Delivered {
            self.replays.delivered(head);
            self.wishes.delivered(head);
        }
        match self.wish_at_rest(&head.key) {
            Some(wish) if head.status == Status::Delivered => self.take_back(head.key, Some(wish)),
            Some(_) => self.wishes.queue(head.key),
            None => {}
        }
    }

    /// Lets a delivery that is in no agenda go out again, as somebody asks by this wish.
    pub(super) fn grant(&mut self, before: Head, has_bytes: bool, wish: Revision, now: Timestamp) {
        self.wishes.write(before.key, Some(wish));
        let after = redrive(&before, has_bytes, now);
        self.open_again(Why::Redrive, before, after);
    }

    /// Lets a delivery that is in no agenda go out again. Those behind it in its order do not go while that is written.
    pub(super) fn open_again(&mut self, why: Why, before: Head, after: Head) {
        if before.order.is_some() {
            self.agenda.keep_place(&before);
        }
        let settlement = Settlement { before, after, attempt: None, made: None, failure: None };
        self.effects.push(Effect::Settle(why, Box::new(settlement)));
    }

    /// Says that a delivery does not go out again, and why, where whoever asked for it looks.
    fn refuse(&mut self, key: DeliveryKey, wish: Revision, why: String, now: Timestamp) {
        info!(delivery = %key.id(), %why, "does not go out again");
        let refused = Some(Wish::Refused { at: now, why });
        self.wishes.write(key, Some(wish));
        self.effects.push(Effect::EndWish { delivery: key, wish: Some(wish), refused });
    }

    /// Forgets a wish that cannot be granted, or was granted by what happened meanwhile.
    fn take_back(&mut self, key: DeliveryKey, wish: Option<Revision>) {
        self.wishes.write(key, wish);
        self.effects.push(Effect::EndWish { delivery: key, wish, refused: None });
    }

    /// A wish was granted.
    pub(super) fn wish_granted(&mut self, before: &Head, after: &Head) {
        let key = before.key;
        info!(delivery = %key.id(), from = %before.status, to = %after.status, "goes out again");
        self.metrics.redriven();
        self.wishes.written(key);
    }

    /// What would grant a wish cannot be written.
    pub(super) fn wish_unwritten(&mut self, key: DeliveryKey) {
        if let Some(Way::Writing { wish, .. }) = self.wishes.wishes.get(&key) {
            self.take_back(key, *wish);
        }
    }

    /// The delivery was no longer as it was thought.
    pub(super) fn look_again(&mut self, key: DeliveryKey) {
        self.wishes.queue(key);
    }

    /// A wish was taken back or refused, or not.
    pub(super) fn wish_ended(&mut self, key: DeliveryKey, result: Result<(), Error>) {
        match result {
            Ok(()) | Err(Error::NotFound(_)) => self.wishes.written(key),
            // Somebody asked again before that.
            Err(Error::Conflict(_)) => self.wishes.queue(key),
            Err(Error::Corrupt(what)) => {
                warn!(delivery = %key.id(), %what, "the wish for a delivery cannot be ended");
                self.wishes.wishes.remove(&key);
            }
            Err(error) => self.resign(error),
        }
    }
}
