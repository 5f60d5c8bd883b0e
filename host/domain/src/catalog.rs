//! Which plugins there are.

use std::{collections::BTreeMap, sync::Arc};

use crate::{PluginName, PluginRef, Profile, Timestamp};

/// The plugins of the plugin folder at one moment.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Those that run, by name.
    pub running: BTreeMap<PluginName, Arc<LoadedPlugin>>,
    /// Files that did not load, by file name.
    pub failed: Vec<FailedPlugin>,
}

/// A plugin that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedPlugin {
    /// Name, version and digest.
    pub reference: PluginRef,
    /// What it says about its vendor.
    pub profile: Profile,
    /// Its file's name in the plugin folder.
    pub file: String,
    /// Bytes of its file.
    pub bytes: u64,
    /// When it was loaded.
    pub loaded_at: Timestamp,
}

/// A file in the plugin folder that did not become a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedPlugin {
    /// The file's name.
    pub file: String,
    /// What is wrong and what to do, in plain words.
    pub reason: String,
}

impl Catalog {
    /// The running plugin of that name.
    pub fn get(&self, name: &PluginName) -> Option<&Arc<LoadedPlugin>> {
        self.running.get(name)
    }
}
