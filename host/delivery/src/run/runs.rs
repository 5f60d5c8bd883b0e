//! Transforms that wait for their turn.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use transload_domain::{PluginName, Timestamp};

use super::{
    action::Run,
    options::{RUN_WAIT_EXPECTED_MAX, RUN_WAIT_MAX},
    pace::{Pace, Used},
    slots::Slots,
};

/// Runs of suspects that wait, each with an event whose other deliveries wait for it.
const SUSPECTS_WAITING_MAX: usize = 8;

/// The least time between two runs that were sent away: ten thousand a second is more than a plugin gets done.
const SLOT_MIN: Duration = Duration::from_micros(100);
/// Time that the runs under way are expected to take, for each thread. The engine serves them in the order in which
/// they began, so whose turn it is can only be decided before; and it must not run dry before the next ones come.
const AHEAD_MAX: Duration = Duration::from_millis(5);

/// The runs that wait, and how many are under way.
///
/// The plugin that has used least time goes first: each has an account of the time that it used, and one that was
/// idle begins at the account of the plugin that was served last, so that idleness saves nothing up (start-time fair
/// queueing; Goyal, Vin and Cheng 1996). No plugin has more than half of all runs, and those that use much time are
/// held back as [`Pace`] says.
#[derive(Debug)]
pub(super) struct Runs {
    max: usize,
    threads: u32,
    names: HashMap<PluginName, usize>,
    plugins: Vec<Plugin>,
    /// By the time on their account: plugins whose next run may begin.
    trusted: BTreeSet<(u64, usize)>,
    /// The same for suspects, who share what they may have.
    suspects: BTreeSet<(u64, usize)>,
    resting: BTreeSet<(Timestamp, usize)>,
    /// When runs began to wait, oldest first; those that wait no longer are dropped when they come to the front.
    since: VecDeque<(Timestamp, usize)>,
    /// Plugins that began a rest while runs of them waited.
    to_empty: Vec<usize>,
    under_way: usize,
    /// What those under way were charged, in microseconds.
    ahead: u64,
    suspects_under_way: usize,
    suspects_waiting: usize,
    suspects_free_at: Timestamp,
    /// The account of the plugin that was served last, in microseconds.
    served: u64,
}

#[derive(Debug, Default)]
struct Plugin {
    pace: Pace,
    waiting: VecDeque<(Timestamp, Run)>,
    /// What each run under way was charged, in microseconds.
    under_way: VecDeque<u64>,
    account: u64,
    place: Place,
    slots: Slots,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Nowhere,
    Trusted(u64),
    Suspects(u64),
    Resting(Timestamp),
}

impl Runs {
    /// At most `max` runs are under way, on `threads` threads of an engine.
    pub(super) fn new(max: usize, threads: usize) -> Self {
        Self {
            max,
            threads: u32::try_from(threads).unwrap_or(u32::MAX).max(1),
            names: HashMap::new(),
            plugins: Vec::new(),
            trusted: BTreeSet::new(),
            suspects: BTreeSet::new(),
            resting: BTreeSet::new(),
            since: VecDeque::new(),
            to_empty: Vec::new(),
            under_way: 0,
            ahead: 0,
            suspects_under_way: 0,
            suspects_waiting: 0,
            suspects_free_at: Timestamp::EPOCH,
            served: 0,
        }
    }

    /// Whether a run of this plugin would soon have its turn. Otherwise nobody should wait for it.
    pub(super) fn admits(&self, plugin: &PluginName, now: Timestamp) -> bool {
        let Some(plugin) = self.names.get(plugin).map(|id| &self.plugins[*id]) else { return true };
        let soon = now.after(RUN_WAIT_EXPECTED_MAX);
        let as_suspect =
            self.suspects_free_at <= soon && self.suspects_waiting < SUSPECTS_WAITING_MAX;
        plugin.pace.free_at() <= soon && (!plugin.pace.is_suspect() || as_suspect)
    }

    /// When a run of this plugin that was not admitted should come back. Each call gives a later time.
    pub(super) fn slot(&mut self, plugin: &PluginName, now: Timestamp) -> Timestamp {
        let id = self.id(plugin);
        let plugin = &mut self.plugins[id];
        let mut earliest = plugin.pace.free_at();
        if plugin.pace.is_suspect() {
            earliest = earliest.max(self.suspects_free_at);
        }
        let each = plugin.pace.interval().max(SLOT_MIN);
        plugin.slots.take(now, earliest, each)
    }

    /// Whether the plugin is held back because it uses much time.
    pub(super) fn rests(&self, plugin: &PluginName) -> bool {
        self.names.get(plugin).is_some_and(|id| self.plugins[*id].pace.is_suspect())
    }

    /// Says that another version of the plugin runs from now on: nothing is known about its pace.
    pub(super) fn renewed(&mut self, plugin: &PluginName, now: Timestamp) {
        let Some(id) = self.names.get(plugin).copied() else { return };
        self.change(id, now, |plugin| {
            plugin.pace = Pace::default();
            plugin.slots = Slots::default();
        });
    }

    pub(super) fn push(&mut self, run: Run, now: Timestamp) {
        let id = self.id(&run.plugin);
        let served = self.served;
        self.since.push_back((now, id));
        self.change(id, now, |plugin| {
            if plugin.waiting.is_empty() && plugin.under_way.is_empty() {
                plugin.account = plugin.account.max(served);
            }
            plugin.waiting.push_back((now, run));
        });
    }

    /// The run whose turn it is.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Run> {
        if self.is_full() {
            return None;
        }
        self.wake(now);
        let trusted = self.trusted.first().copied();
        let suspect = self.suspects.first().copied().filter(|_| self.suspects_may_run(now));
        let (account, id) = trusted.into_iter().chain(suspect).min()?;
        self.served = self.served.max(account);
        let charged = charge(self.plugins[id].pace.mean());
        self.under_way += 1;
        self.ahead += charged;
        let mut begun = None;
        self.change(id, now, |plugin| {
            begun = plugin.waiting.pop_front();
            plugin.under_way.push_back(charged);
            plugin.account = plugin.account.saturating_add(charged);
        });
        self.trim();
        begun.map(|(_, run)| run)
    }

    /// Says that a run of this plugin has ended; `used` is absent where it did not run.
    pub(super) fn ended(&mut self, plugin: &PluginName, used: Option<Used>, now: Timestamp) {
        let id = self.id(plugin);
        let mut charged = 0;
        self.change(id, now, |plugin| {
            charged = plugin.under_way.pop_front().unwrap_or(0);
            // What was charged when it began is put right.
            let real = used.map_or(0, |used| charge(used.took));
            plugin.account = plugin.account.saturating_add(real).saturating_sub(charged);
            if let Some(used) = used {
                plugin.pace.ran(used, now);
            }
        });
        self.under_way = self.under_way.saturating_sub(1);
        self.ahead = self.ahead.saturating_sub(charged);
        if let Some(used) = used.filter(|_| self.plugins[id].pace.is_suspect()) {
            // With fewer than four threads, a quarter of them is less than one: that one rests in between.
            let pause = used.took.saturating_mul(4 - self.threads.min(4)) / self.threads;
            self.suspects_free_at = self.suspects_free_at.max(now.after(pause));
            self.to_empty.push(id);
        }
    }

    /// A run that has waited too long, or whose plugin has begun to rest while it waited.
    pub(super) fn overdue(&mut self, now: Timestamp) -> Option<Run> {
        while let Some(id) = self.to_empty.last().copied() {
            let rests = self.plugins[id].pace.free_at() > now.after(RUN_WAIT_EXPECTED_MAX);
            if rests && let Some(run) = self.take(id, now) {
                return Some(run);
            }
            self.to_empty.pop();
        }
        while let Some((since, id)) = self.since.front().copied() {
            if now < since.after(RUN_WAIT_MAX) {
                return None;
            }
            self.since.pop_front();
            if self.plugins[id].waiting.front().is_some_and(|(waits, _)| *waits <= since) {
                return self.take(id, now);
            }
        }
        None
    }

    /// When [`Runs::next`] or [`Runs::overdue`] could have something, if nothing else happens before.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let overdue = self.since.front().map(|(since, _)| since.after(RUN_WAIT_MAX));
        if self.is_full() {
            return overdue;
        }
        let rested = self.resting.first().map(|(at, _)| *at);
        let lane = !self.suspects.is_empty() && self.suspects_under_way < self.lanes();
        let suspects = lane.then_some(self.suspects_free_at);
        overdue.into_iter().chain(rested).chain(suspects).min()
    }

    /// Whether the engine has enough to do.
    fn is_full(&self) -> bool {
        let threads = usize::try_from(self.threads).unwrap_or(usize::MAX);
        let ahead_max = charge(AHEAD_MAX).saturating_mul(u64::from(self.threads));
        self.under_way >= self.max || (self.under_way >= threads && self.ahead >= ahead_max)
    }

    /// What one plugin may have under way.
    fn share(&self) -> usize {
        self.max.div_ceil(2)
    }

    fn lanes(&self) -> usize {
        usize::try_from(self.threads / 4).unwrap_or(usize::MAX).max(1)
    }

    fn suspects_may_run(&self, now: Timestamp) -> bool {
        self.suspects_under_way < self.lanes() && self.suspects_free_at <= now
    }

    fn id(&mut self, plugin: &PluginName) -> usize {
        if let Some(id) = self.names.get(plugin) {
            return *id;
        }
        let id = self.plugins.len();
        self.names.insert(plugin.clone(), id);
        self.plugins.push(Plugin::default());
        id
    }

    fn take(&mut self, id: usize, now: Timestamp) -> Option<Run> {
        let mut taken = None;
        self.change(id, now, |plugin| taken = plugin.waiting.pop_front());
        self.trim();
        taken.map(|(_, run)| run)
    }

    /// Changes a plugin, and puts it where it then belongs.
    fn change(&mut self, id: usize, now: Timestamp, change: impl FnOnce(&mut Plugin)) {
        let share = self.share();
        let plugin = &mut self.plugins[id];
        let (runs, waits) = plugin.as_suspect();
        change(plugin);
        let (runs_now, waits_now) = plugin.as_suspect();
        let place = plugin.belongs(share, now);
        let left = std::mem::replace(&mut plugin.place, place);
        self.suspects_under_way = (self.suspects_under_way + runs_now).saturating_sub(runs);
        self.suspects_waiting = (self.suspects_waiting + waits_now).saturating_sub(waits);
        if left == place {
            return;
        }
        match left {
            Place::Nowhere => true,
            Place::Trusted(account) => self.trusted.remove(&(account, id)),
            Place::Suspects(account) => self.suspects.remove(&(account, id)),
            Place::Resting(until) => self.resting.remove(&(until, id)),
        };
        match place {
            Place::Nowhere => true,
            Place::Trusted(account) => self.trusted.insert((account, id)),
            Place::Suspects(account) => self.suspects.insert((account, id)),
            Place::Resting(until) => self.resting.insert((until, id)),
        };
    }

    /// Those that have rested may run.
    fn wake(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.resting.first().copied().filter(|(until, _)| *until <= now) {
            self.change(id, now, |_| ());
        }
    }

    fn trim(&mut self) {
        let gone = |(since, id): &(Timestamp, usize)| {
            self.plugins[*id].waiting.front().is_none_or(|(waits, _)| waits > since)
        };
        while self.since.front().is_some_and(gone) {
            self.since.pop_front();
        }
    }
}

impl Plugin {
    /// What it adds to the runs of suspects under way, and to those that wait.
    fn as_suspect(&self) -> (usize, usize) {
        if self.pace.is_suspect() { (self.under_way.len(), self.waiting.len()) } else { (0, 0) }
    }

    fn belongs(&self, share: usize, now: Timestamp) -> Place {
        if self.waiting.is_empty() || self.under_way.len() >= self.pace.at_once().min(share) {
            Place::Nowhere
        } else if self.pace.free_at() > now {
            Place::Resting(self.pace.free_at())
        } else if self.pace.is_suspect() {
            Place::Suspects(self.account)
        } else {
            Place::Trusted(self.account)
        }
    }
}

/// Time as it stands on an account: a run costs something however short it was.
fn charge(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests;
