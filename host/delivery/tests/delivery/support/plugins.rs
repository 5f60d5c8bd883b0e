//! Plugins that do what a test says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;
use transload_delivery::Transformer;
use transload_domain::{
    Call, Catalog, Fault, LoadedPlugin, NotRun, Outcome, PluginName, Profile, Request, StateRead,
    StateSource, StateWrite, Transformed,
};

use super::values::loaded;

/// What a scripted plugin does: it gets the call, and its state.
pub(crate) type Script =
    Arc<dyn Fn(&Call, &mut State<'_>) -> Result<Outcome, Fault> + Send + Sync + 'static>;

/// A plugin's state during a call: what was read and what is to change.
pub(crate) struct State<'a> {
    source: &'a dyn StateSource,
    reads: Vec<StateRead>,
    writes: Vec<StateWrite>,
    /// Why the state could not be read: the call is given up then, as the engine does.
    unread: Option<String>,
}

/// The plugins of a test.
pub(crate) struct Plugins {
    catalog: watch::Sender<Arc<Catalog>>,
    scripts: Mutex<HashMap<PluginName, Script>>,
    runs: Mutex<Vec<String>>,
}

/// A request whose body is the event's data.
pub(crate) fn echo_body(call: &Call) -> Request {
    Request {
        method: call.hook.method,
        path: String::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: call.event.data.clone().into_bytes(),
    }
}

impl Plugins {
    pub(crate) fn new() -> Self {
        Self {
            catalog: watch::Sender::new(Arc::default()),
            scripts: Mutex::default(),
            runs: Mutex::default(),
        }
    }

    /// Loads a plugin that sends the event's data on.
    pub(crate) fn load(&self, profile: Profile) {
        self.load_with(profile, 1, |call, _| Ok(Outcome::Deliver(vec![echo_body(call)])));
    }

    /// Loads a plugin, or another version of it, that does as the script says.
    pub(crate) fn load_with(
        &self,
        profile: Profile,
        digest: u8,
        script: impl Fn(&Call, &mut State<'_>) -> Result<Outcome, Fault> + Send + Sync + 'static,
    ) {
        self.scripts.lock().unwrap().insert(profile.name.clone(), Arc::new(script));
        self.catalog.send_modify(|catalog| {
            let mut new = Catalog::clone(catalog);
            new.running.insert(profile.name.clone(), loaded(profile, digest));
            *catalog = Arc::new(new);
        });
    }

    pub(crate) fn unload(&self, name: &str) {
        self.catalog.send_modify(|catalog| {
            let mut new = Catalog::clone(catalog);
            new.running.remove(&PluginName::new(name).unwrap());
            *catalog = Arc::new(new);
        });
    }

    /// The ids of the events whose transforms ran, in order.
    pub(crate) fn runs(&self) -> Vec<String> {
        self.runs.lock().unwrap().clone()
    }

    fn find(&self, name: &PluginName) -> Option<(Arc<LoadedPlugin>, Script)> {
        let plugin = Arc::clone(self.catalog.borrow().get(name)?);
        let script = Arc::clone(self.scripts.lock().unwrap().get(name)?);
        Some((plugin, script))
    }
}

#[async_trait]
impl Transformer for Plugins {
    fn catalog(&self) -> watch::Receiver<Arc<Catalog>> {
        self.catalog.subscribe()
    }

    async fn transform(&self, call: Call) -> Result<Transformed, NotRun> {
        let (plugin, script) =
            self.find(&call.plugin).ok_or_else(|| NotRun::Missing(call.plugin.clone()))?;
        self.runs.lock().unwrap().push(call.event.id.clone());
        // On a thread of its own, as the engine does: reading state may block.
        let run = move || {
            let mut state =
                State { source: call.state.as_ref(), reads: vec![], writes: vec![], unread: None };
            let result = script(&call, &mut state);
            let writes = if result.is_ok() { state.writes } else { Vec::new() };
            state.unread.map_or(Ok((result, state.reads, writes)), |why| Err(NotRun::State(why)))
        };
        let (result, reads, writes) = tokio::task::spawn_blocking(run).await.unwrap()?;
        Ok(Transformed {
            plugin: plugin.reference.clone(),
            result,
            reads,
            writes,
            log: Vec::new(),
            log_dropped: 0,
            took: Duration::from_micros(20),
        })
    }
}

impl State<'_> {
    /// A number in the plugin's state, 0 where there is none.
    pub(crate) fn number(&mut self, key: &str) -> u64 {
        if let Some(own) = self.writes.iter().rev().find(|write| write.key == key) {
            return own.value.as_ref().map_or(0, |value| parse(value));
        }
        let found = self.source.get(key).unwrap_or_else(|why| {
            self.unread = Some(why);
            None
        });
        let revision = found.as_ref().map_or(0, |(revision, _)| *revision);
        if !self.reads.iter().any(|read| read.key == key) {
            self.reads.push(StateRead { key: key.to_owned(), revision });
        }
        found.map_or(0, |(_, value)| parse(&value))
    }

    pub(crate) fn set_number(&mut self, key: &str, number: u64) {
        self.set(key, number.to_string().into_bytes());
    }

    pub(crate) fn set(&mut self, key: &str, value: Vec<u8>) {
        self.writes.retain(|write| write.key != key);
        self.writes.push(StateWrite { key: key.to_owned(), value: Some(value) });
    }
}

fn parse(value: &[u8]) -> u64 {
    std::str::from_utf8(value).unwrap().parse().unwrap()
}
