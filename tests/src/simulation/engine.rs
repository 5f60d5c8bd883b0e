//! One host's engine: runs the scripted plugins that are on the shelf.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;
use transload_delivery::Transformer;
use transload_domain::{
    Call, Catalog, DeliveryId, LoadedPlugin, NotRun, PluginName, StateSource, Transformed,
};

use super::{
    facts::Facts,
    plugins::{Kind, read_of},
    time::Time,
};
use crate::dice::Dice;

/// The plugin folder, and what all engines share.
pub(super) struct Shelf {
    time: Time,
    dice: Arc<Dice>,
    facts: Arc<Facts>,
    reader: Reader,
    state: Mutex<Shelved>,
}

#[derive(Default)]
struct Shelved {
    running: BTreeMap<PluginName, Arc<LoadedPlugin>>,
    versions: BTreeMap<Kind, u64>,
    runs: BTreeMap<DeliveryId, u32>,
    /// Runs that the engine gives up, in a thousand.
    given_up_per_mille: u64,
}

/// What one host runs plugins with. Each host is told of a change by itself, so that two always learn of it in the
/// same order.
pub(super) struct Engine {
    shelf: Arc<Shelf>,
    catalog: watch::Sender<Arc<Catalog>>,
}

/// A thread that reads plugin state for the plugins: reading blocks, as it does on an engine's thread.
struct Reader {
    questions: Option<SyncSender<Question>>,
    answers: Mutex<Receiver<Answer>>,
    thread: Option<JoinHandle<()>>,
}

type Question = (Box<dyn StateSource>, String);
type Answer = (Box<dyn StateSource>, Result<Option<(u64, Vec<u8>)>, String>);

impl Shelf {
    /// A shelf with all plugins in their first version.
    ///
    /// # Errors
    /// When the thread that reads plugin state cannot be started.
    pub(super) fn new(time: &Time, dice: &Arc<Dice>, facts: &Arc<Facts>) -> io::Result<Self> {
        let shelf = Self {
            time: time.clone(),
            dice: Arc::clone(dice),
            facts: Arc::clone(facts),
            reader: Reader::start()?,
            state: Mutex::default(),
        };
        for kind in Kind::ALL {
            shelf.replace(kind);
        }
        Ok(shelf)
    }

    /// Puts the next version of a plugin on the shelf.
    pub(super) fn replace(&self, kind: Kind) {
        let mut state = self.state();
        let version = state.versions.entry(kind).or_default();
        *version += 1;
        let loaded = kind.loaded(*version);
        state.running.insert(kind.name(), Arc::new(loaded));
    }

    /// Takes a plugin from the shelf.
    pub(super) fn remove(&self, kind: Kind) {
        self.state().running.remove(&kind.name());
    }

    /// Puts the same version back that was taken.
    pub(super) fn put_back(&self, kind: Kind) {
        let mut state = self.state();
        let version = state.versions.get(&kind).copied().unwrap_or(1);
        state.running.entry(kind.name()).or_insert_with(|| Arc::new(kind.loaded(version)));
    }

    /// The engine gives up so many runs in a thousand, for reasons of its own.
    pub(super) fn give_up(&self, per_mille: u64) {
        self.state().given_up_per_mille = per_mille;
    }

    fn catalog(&self) -> Arc<Catalog> {
        Arc::new(Catalog { running: self.state().running.clone(), failed: vec![] })
    }

    fn state(&self) -> MutexGuard<'_, Shelved> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    pub(super) fn new(shelf: &Arc<Shelf>) -> Self {
        let catalog = watch::Sender::new(shelf.catalog());
        Self { shelf: Arc::clone(shelf), catalog }
    }

    /// Looks at the shelf again.
    pub(super) fn look(&self) {
        self.catalog.send_replace(self.shelf.catalog());
    }
}

#[async_trait]
impl Transformer for Engine {
    fn catalog(&self) -> watch::Receiver<Arc<Catalog>> {
        self.catalog.subscribe()
    }

    async fn transform(&self, mut call: Call) -> Result<Transformed, NotRun> {
        let shelf = &self.shelf;
        let plugin = shelf.state().running.get(&call.plugin).cloned();
        let missing = || NotRun::Missing(call.plugin.clone());
        let plugin = plugin.ok_or_else(missing)?;
        let kind = Kind::of(&call.plugin).ok_or_else(missing)?;
        shelf.facts.state().counts.transforms += 1;
        let (runs, given_up) = {
            let mut state = shelf.state();
            let runs = state.runs.entry(call.hook.delivery).or_default();
            *runs += 1;
            (*runs - 1, state.given_up_per_mille)
        };
        if shelf.dice.per_mille(given_up) {
            shelf.facts.state().disturbed = shelf.time.steady();
            return Err(NotRun::Host("a fault of the simulation".into()));
        }
        let (mut reads, mut failed) = (Vec::new(), None);
        let mut source = std::mem::replace(&mut call.state, Box::new(transload_domain::NoState));
        let ran = kind.run(&plugin.reference, &call, runs, &mut |key| match shelf
            .reader
            .read(&mut source, key)
        {
            Ok(found) => {
                reads.push(read_of(key, found.as_ref()));
                found.map(|(_, value)| value)
            }
            Err(why) => {
                failed = Some(why);
                None
            }
        });
        shelf.time.sleep(ran.took + shelf.dice.millis(0..5)).await;
        if let Some(why) = failed {
            return Err(NotRun::State(why));
        }
        Ok(Transformed {
            plugin: plugin.reference.clone(),
            result: ran.result,
            reads,
            writes: ran.writes,
            log: vec![],
            log_dropped: 0,
            took: ran.took.max(Duration::from_micros(1)),
        })
    }
}

impl Reader {
    fn start() -> io::Result<Self> {
        let (questions, asked) = sync_channel::<Question>(1);
        let (tell, answers) = sync_channel::<Answer>(1);
        let thread = std::thread::Builder::new().name("plugin-state".into()).spawn(move || {
            while let Ok((source, key)) = asked.recv() {
                let found = source.get(&key);
                if tell.send((source, found)).is_err() {
                    return;
                }
            }
        })?;
        let answers = Mutex::new(answers);
        Ok(Self { questions: Some(questions), answers, thread: Some(thread) })
    }

    /// Reads on the other thread, and waits for it: meanwhile nothing else happens.
    fn read(
        &self,
        source: &mut Box<dyn StateSource>,
        key: &str,
    ) -> Result<Option<(u64, Vec<u8>)>, String> {
        let gone = || "the thread that reads plugin state has ended".to_owned();
        let lent = std::mem::replace(source, Box::new(transload_domain::NoState));
        let questions = self.questions.as_ref().ok_or_else(gone)?;
        questions.send((lent, key.to_owned())).map_err(|_| gone())?;
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (back, found) = answers.recv().map_err(|_| gone())?;
        *source = back;
        found
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("the thread that reads plugin state panicked");
        }
    }
}
