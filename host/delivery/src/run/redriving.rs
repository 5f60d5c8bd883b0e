//! Sending deliveries again because somebody asks for them.

use std::collections::{HashMap, VecDeque};

use tracing::{info, warn};
use transload_domain::{Content, Delivery, DeliveryKey, Head, Status, Timestamp, redrive};
use transload_store::{Error, Settlement};

use super::{
    action::{Effect, Why, Wished},
    options::REDRIVES_MAX,
    term::Term,
};

/// The deliveries that somebody asks for again, until the wish is granted or taken back. Each is a row in the ledger,
/// so that none is forgotten.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    wishes: HashMap<DeliveryKey, Wish>,
    queue: VecDeque<DeliveryKey>,
    under_way: usize,
}

/// How far a wish is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// It waits for its turn.
    Queued,
    /// The delivery is being read.
    Reading,
    /// The delivery is being read, but has changed since: it is read again.
    Outdated,
    /// The delivery is under way; it is looked at when it comes to rest.
    Resting,
    /// It is being granted, or taken back.
    Writing,
}

impl Wishes {
    /// Whether more may be told.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < REDRIVES_MAX
    }

    fn set(&mut self, key: DeliveryKey, wish: Wish) {
        self.wishes.insert(key, wish);
    }

    fn queue(&mut self, key: DeliveryKey) {
        self.set(key, Wish::Queued);
        self.queue.push_back(key);
    }

    /// The next wish to look at.
    fn next(&mut self) -> Option<DeliveryKey> {
        while self.under_way < REDRIVES_MAX {
            let key = self.queue.pop_front()?;
            // One that came to rest meanwhile was looked at then.
            if self.wishes.get(&key) == Some(&Wish::Queued) {
                return Some(key);
            }
        }
        None
    }
}

impl Term {
    /// Somebody asks for a delivery again.
    pub(super) fn wished(&mut self, key: DeliveryKey) {
        if !self.wishes.wishes.contains_key(&key) {
            self.wishes.queue(key);
        }
    }

    /// Looks at wishes, some at a time.
    pub(super) fn look_at_wishes(&mut self) {
        while let Some(key) = self.wishes.next() {
            if self.rules.webhook(key.webhook).is_none() {
                self.take_back(key);
                continue;
            }
            self.wishes.set(key, Wish::Reading);
            self.wishes.under_way += 1;
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
        self.wishes.under_way -= 1;
        let outdated = match self.wishes.wishes.get(&key) {
            Some(Wish::Reading) => false,
            Some(Wish::Outdated) => true,
            _ => return,
        };
        match delivery {
            Ok(_) if outdated => self.wishes.queue(key),
            Ok(Wished::NoLonger) => {
                self.wishes.wishes.remove(&key);
            }
            Ok(Wished::Gone) => self.take_back(key),
            Ok(Wished::Found(found)) if found.head.status.is_open() => {
                let head = found.head;
                let waits = self.as_in_agenda(head);
                if self.agenda.take_out(&waits) {
                    self.moved.remove(&key);
                    self.grant(head, head.status == Status::Scheduled, now);
                } else {
                    self.wishes.set(key, Wish::Resting);
                }
            }
            Ok(Wished::Found(found)) => {
                let Delivery { head, made } = *found;
                self.grant(head, matches!(made.content, Content::Request(_)), now);
            }
            Err(Error::Corrupt(what)) => {
                self.tell_damage(format!("delivery {} cannot be retried: {what}", key.id()));
                self.take_back(key);
            }
            Err(error) => self.resign(error),
        }
    }

    /// Whether somebody asks for a delivery that has just come to rest, and nothing is being done about it.
    pub(super) fn is_wished(&self, key: &DeliveryKey) -> bool {
        self.wishes.wishes.get(key).is_some_and(|wish| *wish != Wish::Writing)
    }

    /// A delivery is closed. Where somebody asked for it while it was under way: one that arrived did so after the
    /// wish, which is granted by that; another goes out again.
    pub(super) fn closed(&mut self, head: &Head) {
        match self.wishes.wishes.get(&head.key) {
            Some(Wish::Reading) => self.wishes.set(head.key, Wish::Outdated),
            Some(Wish::Resting) if head.status == Status::Delivered => self.take_back(head.key),
            Some(Wish::Resting) => self.wishes.queue(head.key),
            Some(Wish::Queued | Wish::Outdated | Wish::Writing) | None => {}
        }
    }

    /// Lets a delivery that is in no agenda go out again, as somebody asks.
    pub(super) fn grant(&mut self, before: Head, has_bytes: bool, now: Timestamp) {
        self.wishes.set(before.key, Wish::Writing);
        if before.status.is_open() {
            // It is in no agenda for as long as this is being written: those behind it in its order do not go meanwhile.
            self.agenda.keep_place(&before);
        }
        let after = redrive(&before, has_bytes, now);
        let settlement = Settlement { before, after, attempt: None, made: None, failure: None };
        self.effects.push(Effect::Settle(Why::Redrive, Box::new(settlement)));
    }

    /// Forgets a wish that cannot be granted, or was granted by what happened meanwhile.
    pub(super) fn take_back(&mut self, key: DeliveryKey) {
        self.wishes.set(key, Wish::Writing);
        self.effects.push(Effect::TakeBack(key));
    }

    /// A wish was granted.
    pub(super) fn wish_granted(&mut self, before: &Head, after: &Head) {
        let key = before.key;
        info!(delivery = %key.id(), from = %before.status, to = %after.status, "goes out again");
        self.metrics.redriven();
        self.wishes.wishes.remove(&key);
    }

    /// The delivery was no longer as it was thought.
    pub(super) fn look_again(&mut self, key: DeliveryKey) {
        self.wishes.queue(key);
    }

    /// A wish was taken back, or not.
    pub(super) fn taken_back(&mut self, key: DeliveryKey, result: Result<(), Error>) {
        self.wishes.wishes.remove(&key);
        match result {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(Error::Corrupt(what) | Error::Conflict(what)) => {
                warn!(delivery = %key.id(), %what, "the wish for a delivery cannot be taken back");
            }
            Err(error) => self.resign(error),
        }
    }
}
