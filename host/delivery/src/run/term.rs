//! One term of a lead: what the loop knows and decides between taking the lead and giving it up.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tracing::error;
use transload_domain::{Agenda, DeliveryKey, Random, Timestamp, WebhookId};
use transload_store::{Entry, Error, Lead};

use super::{
    Options,
    action::{Action, Effect},
    closing::Closing,
    hand::Hand,
    open::Told,
    options::REQUEST_CACHE_BYTES_MAX,
    redriving::Wishes,
    replaying::Replays,
    requests::Requests,
    retiring::Sweeper,
    rules::Rules,
    runs::Runs,
    suspending::Suspensions,
    vendors::Vendors,
};
use crate::{Backlog, Health, Metrics, Troubles};

/// How many due deliveries are looked at in one turn, so that a turn stays short; the next turn follows at once.
const TAKES_PER_TURN_MAX: usize = 1_024;

/// All that a lead knows, in memory, and what it decides. It is synchronous and does nothing itself: actions
/// change what it knows, and a turn gives the effects to bring about. It is dropped whole when the lead is given up.
pub(super) struct Term {
    pub(super) options: Options,
    pub(super) lead: Lead,
    /// When it began.
    pub(super) since: Timestamp,
    pub(super) random: Arc<dyn Random>,
    pub(super) metrics: Metrics,
    pub(super) backlog: Arc<Backlog>,
    pub(super) health: Arc<Health>,
    pub(super) troubles: Arc<Troubles>,
    pub(super) rules: Rules,
    pub(super) agenda: Agenda,
    pub(super) told: Told,
    pub(super) hand: Hand,
    pub(super) requests: Requests,
    /// When deliveries are really due that stand in the agenda at another time: a plugin came back, or is still gone.
    pub(super) moved: HashMap<DeliveryKey, Moved>,
    /// Webhooks whose plugin has come, and when: what waits for it is due.
    pub(super) hastening: VecDeque<(WebhookId, Timestamp)>,
    pub(super) vendors: Vendors,
    pub(super) suspensions: Suspensions,
    pub(super) wishes: Wishes,
    pub(super) replays: Replays,
    pub(super) sweeper: Sweeper,
    /// Deliveries to be closed because nothing can be sent for them any more.
    pub(super) closing: VecDeque<Closing>,
    pub(super) closings_under_way: usize,
    pub(super) effects: Vec<Effect>,
    renew_at: Timestamp,
    renewing: bool,
    current: bool,
    stop_until: Option<Timestamp>,
    ending: Option<Ending>,
}

/// When a delivery is due that waits in the agenda for another time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    /// As the ledger has it.
    pub(super) stored: Timestamp,
    /// As the agenda has it.
    pub(super) agenda: Timestamp,
}

/// Why a term is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The lead is given up, and taken anew.
    Resigned(Error),
    /// The ledger told nothing more.
    FeedEnded,
    /// The engine is closed though the host is not to stop.
    EngineClosed,
}

impl Term {
    pub(super) fn new(lead: Lead, parts: &super::Parts, options: &Options, now: Timestamp) -> Self {
        parts.troubles.clear_all();
        parts.metrics.breakers(0);
        parts.backlog.begin();
        Self {
            options: options.clone(),
            lead,
            since: now,
            random: Arc::clone(&parts.random),
            metrics: parts.metrics.clone(),
            backlog: Arc::clone(&parts.backlog),
            health: Arc::clone(&parts.health),
            troubles: Arc::clone(&parts.troubles),
            rules: Rules::default(),
            agenda: Agenda::new(options.exchanges),
            told: Told::default(),
            hand: Hand::new(Runs::new(options.transforms, parts.transformer.threads())),
            requests: Requests::new(REQUEST_CACHE_BYTES_MAX),
            moved: HashMap::new(),
            hastening: VecDeque::new(),
            vendors: Vendors::default(),
            suspensions: Suspensions::default(),
            wishes: Wishes::default(),
            replays: Replays::default(),
            sweeper: Sweeper::new(now),
            closing: VecDeque::new(),
            closings_under_way: 0,
            effects: Vec::new(),
            renew_at: now.after(options.lease / 3),
            renewing: false,
            current: false,
            stop_until: None,
            ending: None,
        }
    }

    /// Takes in what happened at `now`.
    pub(super) fn take_in(&mut self, action: Action, now: Timestamp) {
        match action {
            Action::Time => {}
            Action::Fed(entry) => self.fed(entry, now),
            Action::FeedEnded => self.end(Ending::FeedEnded),
            Action::Plugins(catalog) => self.plugins_changed(catalog, now),
            Action::Stop => self.stop_until = Some(now.after(self.options.stop_time)),
            Action::Ran(ran) => self.ran(ran, now),
            Action::Dispatched { plans, answers } => self.dispatched(plans, answers, now),
            Action::ReadMade { head, made } => self.made_read(head, made, now),
            Action::ReadEvent { head, event } => self.event_read(head, event, now),
            Action::ReadHead { key, head } => self.head_read(key, head, now),
            Action::Sent { flight, outcome } => self.sent(&flight, outcome, now),
            Action::Settled { why, before, after, result } => {
                self.settled(why, before, after, result, now);
            }
            Action::Suspended { webhook, result } => self.suspended(webhook, result),
            Action::ReadDelivery { key, delivery } => self.wished_read(key, delivery, now),
            Action::WishEnded { key, result } => self.wish_ended(key, result),
            Action::Replay(stepped) => self.replay_stepped(stepped, now),
            Action::Swept(swept) => self.swept(swept, now),
            Action::Renewed(renewed) => self.renewed(renewed, now),
        }
    }

    /// Says what is to be done after what was taken in, and what can begin now.
    pub(super) fn turn(&mut self, now: Timestamp) -> Vec<Effect> {
        self.health.turned(now);
        if self.ending.is_none() {
            self.begin_more(now);
        }
        std::mem::take(&mut self.effects)
    }

    fn begin_more(&mut self, now: Timestamp) {
        self.renew(now);
        self.hasten_some();
        if self.may_begin() {
            for _ in 0..TAKES_PER_TURN_MAX {
                if !self.may_send(now) || !self.take_due(now) {
                    break;
                }
            }
            self.put_off_overdue(now);
            while let Some(run) = self.hand.runs.next(now) {
                self.effects.push(Effect::Run(run));
            }
            while let Some((plans, dispatches)) = self.hand.next_batch() {
                self.effects.push(Effect::Dispatch { plans, dispatches });
            }
            self.look_at_wishes();
            self.begin_replay(now);
            self.sweep(now);
            self.close_some(now);
        }
        self.tell_open();
    }

    /// Whether all that was there is known.
    pub(super) fn is_current(&self) -> bool {
        self.current
    }

    /// Whether new work may begin: all that was there is known, and the host is not to stop.
    pub(super) fn may_begin(&self) -> bool {
        self.current && self.stop_until.is_none() && self.ending.is_none()
    }

    /// Whether an exchange that begins now would end within the lease (invariant I7).
    pub(super) fn may_send(&self, now: Timestamp) -> bool {
        self.may_begin() && self.lead.until.since(now) >= self.options.exchange_time
    }

    /// Whether the ledger may tell one more thing.
    pub(super) fn wants_entry(&self) -> bool {
        let has_room = self.hand.has_room() && (!self.current || self.wishes.has_room());
        self.stop_until.is_none() && self.ending.is_none() && has_room
    }

    /// When something is to be done even if nothing happens until then.
    pub(super) fn wake_at(&self, now: Timestamp) -> Timestamp {
        let renew = if self.renewing { Timestamp::MAX } else { self.renew_at };
        let due = self.agenda.wake_at().filter(|_| self.may_send(now)).unwrap_or(Timestamp::MAX);
        let hand = self.hand.wake_at().filter(|_| self.may_begin());
        let sweep = Some(self.sweeper.wake_at()).filter(|_| self.may_begin());
        let replay = self.replays.wake_at().filter(|_| self.may_begin());
        if !self.hastening.is_empty() {
            return now;
        }
        renew
            .min(due)
            .min(hand.unwrap_or(Timestamp::MAX))
            .min(sweep.unwrap_or(Timestamp::MAX))
            .min(replay.unwrap_or(Timestamp::MAX))
            .min(self.stop_until.unwrap_or(Timestamp::MAX))
    }

    /// Until when what is in flight may end, once the host is to stop.
    pub(super) fn stop_until(&self) -> Option<Timestamp> {
        self.stop_until
    }

    pub(super) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Gives the lead up. The first reason counts.
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }

    /// What an error of the ledger means where nothing better can be made of it: what is in memory may no longer be
    /// true, so it is dropped with the lead.
    pub(super) fn resign(&mut self, error: Error) {
        if !matches!(error, Error::Fenced | Error::Taken(_)) {
            self.health.store_failed(error.to_string());
        }
        self.end(Ending::Resigned(error));
    }

    /// Tells of a record that cannot be read or written: nobody else waits for it, and somebody must look at it.
    pub(super) fn tell_damage(&self, what: String) {
        error!("{what}");
        self.metrics.damaged();
        self.health.damaged(what);
    }

    /// A random number for the spread of retries.
    pub(super) fn number(&self) -> u32 {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        u32::from_be_bytes(bytes)
    }

    fn renew(&mut self, now: Timestamp) {
        if !self.renewing && now >= self.renew_at {
            self.renewing = true;
            self.effects.push(Effect::Renew);
            let oldest = self.agenda.oldest_due();
            self.metrics.oldest(oldest.map(|due| now.since(due)).unwrap_or_default());
            self.metrics.most_open(self.backlog.most_deliveries());
        }
    }

    fn renewed(&mut self, renewed: Result<Lead, Error>, now: Timestamp) {
        self.renewing = false;
        self.renew_at = now.after(self.options.lease / 3);
        match renewed {
            Ok(lead) if lead.epoch == self.lead.epoch => {
                self.health.store_works();
                self.lead = lead;
            }
            Ok(_) => self.resign(Error::Fenced),
            Err(error) => self.resign(error),
        }
    }

    fn fed(&mut self, entry: Entry, now: Timestamp) {
        match entry {
            Entry::Profile(digest, profile) => self.rules.store_profile(digest, profile),
            Entry::Webhook(webhook) => self.webhook_told(webhook, now),
            Entry::WebhookRemoved(id) => self.webhook_removed(id, now),
            Entry::Delivery(head) => self.insert(head, now),
            Entry::Failures(webhook, failures) => self.suspensions.restore(webhook, failures),
            Entry::Redrive(key) => self.wished(key),
            Entry::Replay(replay) => self.replays.add(&replay),
            Entry::Current => {
                self.current = true;
                self.health.store_works();
                self.judge_kept_failures(now);
            }
            Entry::Event(no, event) => {
                self.begin(no, event, now);
            }
            Entry::Failed(error) => self.resign(error),
        }
    }
}
