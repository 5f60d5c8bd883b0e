//! Running the transforms of one webhook for one event.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::runtime::Handle;
use transload_domain::{Call, LoadedPlugin, NotRun, StateSource, Transformed, WebhookId};
use transload_store::{Change, Error, Key, Ledger, Record, Shard, StateChange, StateCheck};

use super::{
    Parts,
    action::{HookResult, Ran, Run, Target},
};

/// Runs the hooks' transforms one after the other: each sees the state that the one before it changed. The profile of
/// a plugin version is in the ledger before a delivery of it is.
pub(super) async fn run(parts: &Parts, shard: Shard, run: Run) -> Ran {
    let Run { plan, webhook, plugin: name, event, targets } = run;
    let changed = Changed::default();
    let mut checks: Vec<StateCheck> = Vec::new();
    let mut results = Ok(Vec::new());
    for target in targets {
        let state = LedgerState {
            ledger: Arc::clone(&parts.ledger),
            shard,
            webhook,
            runtime: Handle::current(),
            changed: changed.clone(),
        };
        let call = Call {
            plugin: target.plugin.reference.name.clone(),
            event: Arc::clone(&event),
            hook: Arc::clone(&target.hook),
            state: Box::new(state),
        };
        let mut result = parts.transformer.transform(call).await;
        let mut plugin = Arc::clone(&target.plugin);
        if let Ok(transformed) = &result {
            match version(parts, &target, transformed) {
                None => result = Err(replaced(&target)),
                Some(version) => plugin = version,
            }
        }
        if let Ok(transformed) = &result {
            if let Err(error) = store_profile(parts, shard, &target, &plugin).await {
                results = Err(error);
                break;
            }
            let fresh = transformed.reads.iter().filter(|read| !changed.holds(&read.key));
            checks.extend(fresh.map(|read| StateCheck {
                webhook,
                key: read.key.clone(),
                revision: read.revision,
            }));
            for write in &transformed.writes {
                changed.put(write.key.clone(), write.value.clone());
            }
        }
        if let Ok(results) = &mut results {
            results.push(HookResult { target, plugin, result });
        }
    }
    Ran { plan, webhook, plugin: name, results, checks, changes: changed.into_changes(webhook) }
}

/// The plugin version that ran: the one that was there at the match, or one that has replaced it since.
fn version(parts: &Parts, target: &Target, ran: &Transformed) -> Option<Arc<LoadedPlugin>> {
    if ran.plugin.digest == target.plugin.reference.digest {
        return Some(Arc::clone(&target.plugin));
    }
    let catalog = parts.transformer.catalog();
    let catalog = catalog.borrow();
    let now = catalog.get(&ran.plugin.name)?;
    (now.reference.digest == ran.plugin.digest).then(|| Arc::clone(now))
}

/// By which rules its deliveries would go is not known, so none are made.
fn replaced(target: &Target) -> NotRun {
    NotRun::State(format!("plugin {} was replaced while it ran", target.plugin.reference.name))
}

async fn store_profile(
    parts: &Parts,
    shard: Shard,
    target: &Target,
    plugin: &LoadedPlugin,
) -> Result<(), Error> {
    let digest = plugin.reference.digest;
    if target.profile_stored && digest == target.plugin.reference.digest {
        return Ok(());
    }
    let change = Change::Profile(digest, plugin.profile.clone());
    parts.ledger.configure(shard, change, None).await.map(|_| ())
}

/// What the hooks of one run have changed so far.
#[derive(Clone, Default)]
struct Changed(Arc<Mutex<BTreeMap<String, Option<Vec<u8>>>>>);

impl Changed {
    fn holds(&self, key: &str) -> bool {
        self.with(|changed| changed.contains_key(key))
    }

    fn get(&self, key: &str) -> Option<Option<Vec<u8>>> {
        self.with(|changed| changed.get(key).cloned())
    }

    fn put(&self, key: String, value: Option<Vec<u8>>) {
        self.with(|changed| changed.insert(key, value));
    }

    fn into_changes(self, webhook: WebhookId) -> Vec<StateChange> {
        let changed = self.with(std::mem::take);
        changed.into_iter().map(|(key, value)| StateChange { webhook, key, value }).collect()
    }

    /// Each use is one operation on the map, so what a panicking holder left behind is still sound.
    fn with<T>(&self, use_it: impl FnOnce(&mut BTreeMap<String, Option<Vec<u8>>>) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A webhook's plugin state as the ledger has it, under what this run has changed. It blocks, so it is for threads
/// that are not tokio's workers.
struct LedgerState {
    ledger: Arc<dyn Ledger>,
    shard: Shard,
    webhook: WebhookId,
    runtime: Handle,
    changed: Changed,
}

/// The revision that a plugin is told for what an earlier hook of the same run changed. It is never checked.
const UNWRITTEN: u64 = 1;

impl StateSource for LedgerState {
    fn get(&self, key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
        if let Some(changed) = self.changed.get(key) {
            return Ok(changed.map(|value| (UNWRITTEN, value)));
        }
        let read = self.ledger.read(self.shard, Key::State(self.webhook, key.to_owned()));
        match self.runtime.block_on(read) {
            Ok(Some(Record::State(revision, value))) => Ok(Some((revision, value))),
            Ok(None) => Ok(None),
            Ok(Some(_)) => Err("the store holds something else under a state key".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}
