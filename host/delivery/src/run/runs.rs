//! Transforms that wait for their turn.

use std::collections::{HashMap, VecDeque};

use transload_domain::{PluginName, Timestamp};

use super::{action::Run, options::RUN_WAIT_MAX};

/// The runs that wait, and how many are under way. Plugins take turns, and no plugin has more than half of all, so
/// that one whose transforms take as long as they may does not stop the others.
#[derive(Debug, Default)]
pub(super) struct Runs {
    waiting: HashMap<PluginName, VecDeque<(Timestamp, Run)>>,
    turns: VecDeque<PluginName>,
    under_way: HashMap<PluginName, usize>,
    all_under_way: usize,
}

impl Runs {
    pub(super) fn push(&mut self, run: Run, now: Timestamp) {
        let queue = self.waiting.entry(run.plugin.clone()).or_default();
        if queue.is_empty() {
            self.turns.push_back(run.plugin.clone());
        }
        queue.push_back((now, run));
    }

    /// The run whose turn it is, when fewer than `max` are under way.
    pub(super) fn next(&mut self, max: usize) -> Option<Run> {
        if self.all_under_way >= max {
            return None;
        }
        let share = max.div_ceil(2);
        let mine = |plugin: &PluginName| self.under_way.get(plugin).copied().unwrap_or(0);
        let turn = self.turns.iter().position(|plugin| mine(plugin) < share)?;
        let plugin = self.turns.remove(turn)?;
        let run = self.pop(&plugin)?;
        self.all_under_way += 1;
        *self.under_way.entry(plugin).or_default() += 1;
        Some(run)
    }

    /// Says that a run of this plugin has ended.
    pub(super) fn ended(&mut self, plugin: &PluginName) {
        self.all_under_way = self.all_under_way.saturating_sub(1);
        if let Some(mine) = self.under_way.get_mut(plugin) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                self.under_way.remove(plugin);
            }
        }
    }

    /// A run that has waited too long.
    pub(super) fn overdue(&mut self, now: Timestamp) -> Option<Run> {
        let late = |queue: &VecDeque<(Timestamp, Run)>| {
            queue.front().is_some_and(|(since, _)| now.since(*since) >= RUN_WAIT_MAX)
        };
        let turn =
            self.turns.iter().position(|plugin| self.waiting.get(plugin).is_some_and(late))?;
        let plugin = self.turns.remove(turn)?;
        self.pop(&plugin)
    }

    /// When the next run will have waited too long.
    pub(super) fn overdue_at(&self) -> Option<Timestamp> {
        let fronts = self.waiting.values().filter_map(|queue| queue.front());
        fronts.map(|(since, _)| since.after(RUN_WAIT_MAX)).min()
    }

    /// Takes the plugin's first run; the plugin goes to the end of the turns, if it has more.
    fn pop(&mut self, plugin: &PluginName) -> Option<Run> {
        let queue = self.waiting.get_mut(plugin)?;
        let (_, run) = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting.remove(plugin);
        } else {
            self.turns.push_back(plugin.clone());
        }
        Some(run)
    }
}
