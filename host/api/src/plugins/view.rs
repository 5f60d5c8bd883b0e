//! How answers show a plugin.

use serde::Serialize;
use transload_domain::{Catalog, FailedPlugin, LoadedPlugin};

use super::profile::ProfileView;
use crate::time::Rfc3339;

/// A plugin, or a file that did not become one.
#[derive(Serialize)]
pub(super) struct PluginView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    state: &'static str,
    file: &'a str,
    #[serde(flatten)]
    running: Option<Running<'a>>,
    /// Why this file, or a newer version of it, did not load.
    last_error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileView<'a>>,
}

#[derive(Serialize)]
struct Running<'a> {
    version: &'a str,
    title: &'a str,
    digest: String,
    bytes: u64,
    loaded_at: Rfc3339,
}

impl<'a> PluginView<'a> {
    /// A plugin that runs. A newer version of its file that does not load is its last error.
    pub(super) fn running(plugin: &'a LoadedPlugin, catalog: &'a Catalog) -> Self {
        let newer = catalog.failed.iter().find(|failed| failed.file == plugin.file);
        Self {
            name: Some(plugin.reference.name.as_str()),
            state: "running",
            file: &plugin.file,
            running: Some(Running {
                version: &plugin.reference.version,
                title: &plugin.profile.title,
                digest: plugin.reference.digest.to_string(),
                bytes: plugin.bytes,
                loaded_at: Rfc3339(plugin.loaded_at),
            }),
            last_error: newer.map(|failed| failed.reason.as_str()),
            profile: None,
        }
    }

    /// The same with its profile.
    pub(super) fn whole(plugin: &'a LoadedPlugin, catalog: &'a Catalog) -> Self {
        Self { profile: Some(ProfileView::of(&plugin.profile)), ..Self::running(plugin, catalog) }
    }

    /// A file that did not load.
    pub(super) fn failed(failed: &'a FailedPlugin) -> Self {
        Self {
            name: None,
            state: "failed",
            file: &failed.file,
            running: None,
            last_error: Some(&failed.reason),
            profile: None,
        }
    }
}

/// The files that failed and are not a newer version of a plugin that runs.
pub(super) fn only_failed(catalog: &Catalog) -> impl Iterator<Item = &FailedPlugin> {
    catalog
        .failed
        .iter()
        .filter(|failed| !catalog.running.values().any(|plugin| plugin.file == failed.file))
}
