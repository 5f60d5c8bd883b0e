//! What was asked for, singly and by replays, judged on the spot.

use transload_domain::{DeliveryKey, Ordering, Progress, Replay, Selection, Status, Wish};

use super::facts::{DeliveryFact, EventFact, Promise, ReplayFact, State, name};

impl State {
    /// A closed delivery is open again: somebody asked for it, or for a replay that it belongs to, and not less often
    /// than that.
    pub(super) fn reopened(&mut self, name: &str, key: DeliveryKey) {
        self.counts.reopened += 1;
        let times = self.reopened.entry(key).or_default();
        *times += 1;
        let times = *times;
        let asked = self.asked.get(&key).copied().unwrap_or(0);
        let may_select =
            |replay: &&ReplayFact| replay.selection.webhook.is_none_or(|only| only == key.webhook);
        // What closes in the very instant in which a replay was asked for can be found once in each of its statuses.
        let replays = self.replays.values().filter(may_select);
        let replays = replays.map(|replay| replay.selection.statuses.len());
        let most = asked as usize + replays.sum::<usize>();
        if times as usize > most {
            let words = format!("{name} was opened {times} times and asked for {most} times");
            self.broken(Promise::Wishes, words);
        }
    }

    /// Somebody asked for a delivery again, or no longer does, or was refused.
    pub(super) fn asked(&mut self, delivery: DeliveryKey, wish: Option<&Wish>) {
        let words = match wish {
            Some(Wish::Asked { .. }) => "asked for".to_owned(),
            Some(Wish::Refused { why, .. }) => format!("refused: {why}"),
            None => "no longer asked for".to_owned(),
        };
        self.note(&format!("delivery {} is {words}", name(&delivery)));
        let Some(&Wish::Asked { out_of_order }) = wish else {
            self.wishes.remove(&delivery);
            if wish.is_some() && !self.is_one_of_many(delivery) {
                let words = format!("{} is refused, and nothing is later", name(&delivery));
                self.broken(Promise::Wishes, words);
            }
            return;
        };
        *self.asked.entry(delivery).or_default() += 1;
        self.wishes.insert(delivery);
        if out_of_order {
            self.asked_out_of_order.insert(delivery);
        }
    }

    /// A replay began, or has gone on.
    pub(super) fn replayed(&mut self, replay: &Replay) {
        let Progress { seen, moved, skipped, finished_at, error, .. } = &replay.progress;
        self.note(&format!("replay: {seen} seen, {moved} moved, {skipped} skipped, {error:?}"));
        let is_finished = finished_at.is_some();
        if let Some(fact) = self.replays.get_mut(&replay.id) {
            fact.finished = is_finished;
        } else {
            let selected = self.selected(replay);
            self.replays.insert(
                replay.id,
                ReplayFact { finished: is_finished, selection: replay.selection.clone(), selected },
            );
        }
        if is_finished {
            self.replay_ended(replay);
        }
    }

    /// The deliveries that a replay is to open again.
    fn selected(&self, replay: &Replay) -> Vec<(DeliveryKey, u32)> {
        let Selection { webhook, statuses, .. } = &replay.selection;
        let is_meant = |key: &DeliveryKey, fact: &DeliveryFact| {
            let owner = self.webhook(key.webhook).map(|fact| &fact.webhook.organization);
            webhook.is_none_or(|only| only == key.webhook)
                && owner == Some(&replay.organization)
                && statuses.contains(&fact.head.status)
                && fact.head.at <= replay.created_at
        };
        let all = self.deliveries.iter().filter(|(key, fact)| is_meant(key, fact));
        all.map(|(key, _)| (*key, self.reopened.get(key).copied().unwrap_or(0))).collect()
    }

    /// Every delivery that was meant went out again, was left out because of a later one, or is gone.
    fn replay_ended(&mut self, replay: &Replay) {
        let Some(fact) = self.replays.get(&replay.id) else { return };
        let is_left = |(key, before): &&(DeliveryKey, u32)| {
            self.reopened.get(key).copied().unwrap_or(0) <= *before
                && self.deliveries.contains_key(key)
                && self.webhook(key.webhook).is_some()
        };
        let left: Vec<DeliveryKey> =
            fact.selected.iter().filter(is_left).map(|(k, _)| *k).collect();
        let may_be_left =
            |key: &&DeliveryKey| !replay.selection.out_of_order && self.is_one_of_many(**key);
        let excused = left.iter().filter(may_be_left).count() as u64;
        if excused < left.len() as u64 || excused > replay.progress.skipped {
            let left: Vec<String> = left.iter().map(name).collect();
            let words = format!(
                "a replay has ended and left {} out; it says that it skipped {}",
                left.join(", "),
                replay.progress.skipped
            );
            self.broken(Promise::Wishes, words);
        }
    }

    /// What was opened again is not sent over a later state of the same subject, unless somebody asked for that.
    pub(super) fn is_not_overtaken(&mut self, key: DeliveryKey) {
        let is_meant = self.asked_out_of_order.contains(&key) || self.is_replayed_out_of_order(key);
        if !self.reopened.contains_key(&key) || is_meant {
            return;
        }
        let Some(order) = self.deliveries.get(&key).and_then(|fact| fact.head.order) else {
            return;
        };
        let has = |(other, fact): &(&DeliveryKey, &DeliveryFact)| {
            other.webhook == key.webhook
                && other.event > key.event
                && fact.head.status == Status::Delivered
                && fact.head.order == Some(order)
        };
        if let Some((other, _)) = self.deliveries.iter().find(has) {
            let words = format!("{} is sent again over {}", name(&key), name(other));
            self.broken(Promise::Order, words);
        }
    }

    /// Whether a replay that may have moved this delivery was asked not to look at what the vendor has.
    pub(super) fn is_replayed_out_of_order(&self, key: DeliveryKey) -> bool {
        self.replays.values().map(|replay| &replay.selection).any(|selection| {
            selection.out_of_order && selection.webhook.is_none_or(|only| only == key.webhook)
        })
    }

    /// Whether there are other events with this delivery's order key, where it goes in order: as its webhook asked for
    /// when it was made.
    fn is_one_of_many(&self, key: DeliveryKey) -> bool {
        let Some(mine) = self.deliveries.get(&key).and_then(|fact| fact.head.order) else {
            return false;
        };
        let is_same = |fact: &&EventFact| Ordering::Key.key(&fact.event) == Some(mine);
        self.events.values().filter(is_same).count() > 1
    }
}
