//! The engine: all that other rooms use.

use std::{
    collections::HashMap,
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::watch;
use transload_domain::{
    Call, Catalog, Clock, Digest, FailedPlugin, Fault, LoadedPlugin, NotRun, PluginRef, Transformed,
};

use crate::{
    call::{Code, Grant},
    load::{self, LoadError, Loader, Ready},
    pool::Pool,
    runtime::{MemoryMode, Runtime, THREADS_MAX},
    ticker::Ticker,
};

/// Modules that a plugin folder may hold: at some milliseconds each, a start stays below a minute.
const FILES_MAX: usize = 10_000;

/// How an engine is set up.
pub struct EngineOptions {
    /// Where compiled modules are kept; none compiles at every start. The folder is made where it is missing, and
    /// must be the host's own and closed to other users.
    pub cache_dir: Option<PathBuf>,
    /// Threads that run transforms, at most [`Engine::THREADS_MAX`]. As many as there are cores is right.
    pub threads: usize,
    /// What tells when a plugin was loaded.
    pub clock: Arc<dyn Clock>,
    /// Where guests get their memory; `None` takes the fast way and falls back where it is not to be had.
    pub memory: Option<MemoryMode>,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The cache folder cannot be used.
    #[error("the folder for compiled plugins cannot be used: {0}")]
    Cache(#[source] io::Error),
    /// A thread cannot be started.
    #[error("a thread for plugins cannot be started: {0}")]
    Thread(#[source] io::Error),
    /// wasmtime cannot be set up on this machine.
    #[error("wasmtime cannot be set up on this machine: {0}")]
    Wasmtime(String),
}

/// Loads plugins and runs them.
///
/// A call runs on a thread of the engine's own, in a fresh instance, under limits. What it answers concerns this
/// call only: neither a plugin's fault nor a caller that goes away touches another.
pub struct Engine {
    loader: Loader,
    plugins: Arc<Plugins>,
    /// Held while the catalogue changes, and while a plugin describes itself.
    loading: Mutex<()>,
    pool: Pool,
    ticker: Mutex<Ticker>,
    clock: Arc<dyn Clock>,
}

/// What runs. The catalogue is the truth and changes in one step; a plugin's code is there before the catalogue
/// names its digest, and goes after.
struct Plugins {
    catalog: watch::Sender<Arc<Catalog>>,
    code: RwLock<HashMap<Digest, Arc<Runnable>>>,
}

struct Runnable {
    code: Code,
    grant: Grant,
}

impl Engine {
    /// The most threads that an engine starts.
    pub const THREADS_MAX: usize = THREADS_MAX;

    /// Sets up the engine and starts its threads. It has no plugins yet.
    ///
    /// # Errors
    /// When the cache folder cannot be used, a thread cannot be started, or wasmtime cannot run here.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let EngineOptions { cache_dir, threads, clock, memory } = options;
        let runtime =
            Runtime::new(memory).map_err(|error| EngineError::Wasmtime(format!("{error:#}")))?;
        let ticker = Ticker::start(&runtime.engine).map_err(EngineError::Thread)?;
        let loader = Loader::new(runtime, cache_dir).map_err(EngineError::Cache)?;
        let plugins = Arc::new(Plugins {
            catalog: watch::Sender::new(Arc::default()),
            code: RwLock::default(),
        });
        let work = {
            let plugins = Arc::clone(&plugins);
            move |call| plugins.transform(call)
        };
        let pool = Pool::start(threads.clamp(1, THREADS_MAX), work).map_err(EngineError::Thread)?;
        Ok(Self {
            loader,
            plugins,
            loading: Mutex::new(()),
            pool,
            ticker: Mutex::new(ticker),
            clock,
        })
    }

    /// Where guests get their memory.
    pub fn memory_mode(&self) -> MemoryMode {
        self.loader.runtime().mode
    }

    /// How many transforms run at the same time.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// The plugins that run and the files that do not load; each change of the catalogue is told once, whole.
    pub fn catalog(&self) -> watch::Receiver<Arc<Catalog>> {
        self.plugins.catalog.subscribe()
    }

    /// Loads every `*.wasm` of a folder, in the order of their names, and lets them run in place of all that ran
    /// before. A file that does not load is listed with the reason and never stops the others. It compiles, so it
    /// takes long and belongs on no async worker.
    pub fn load_folder(&self, folder: &Path) -> Arc<Catalog> {
        let _one_at_a_time = lock(&self.loading);
        let mut catalog = Catalog::default();
        let mut code = HashMap::new();
        let files = match wasm_files(folder) {
            Ok(files) => files,
            Err(error) => {
                let reason = format!(
                    "the plugin folder {} cannot be read: {error}; make it, or name another",
                    folder.display()
                );
                let file = folder.display().to_string();
                catalog.failed.push(FailedPlugin { file, reason });
                Vec::new()
            }
        };
        for path in files {
            let file = file_name(&path);
            match self.prepare(&path, &file, &catalog) {
                Ok((plugin, runnable)) => {
                    code.insert(plugin.reference.digest, runnable);
                    catalog.running.insert(plugin.reference.name.clone(), plugin);
                }
                Err(error) => {
                    catalog.failed.push(FailedPlugin { file, reason: error.to_string() });
                }
            }
        }
        self.plugins.publish(catalog, code)
    }

    /// Loads one file and lets it run beside the others, in place of what an earlier file of the same name held.
    ///
    /// # Errors
    /// What is wrong with it and what to do. Nothing has changed then.
    pub fn load_file(&self, path: &Path) -> Result<Arc<LoadedPlugin>, LoadError> {
        self.load_bytes(&file_name(path), &load::read(path)?)
    }

    /// The same as [`Engine::load_file`], from memory; `file` is the name that it goes by.
    ///
    /// # Errors
    /// What is wrong with it and what to do. Nothing has changed then.
    pub fn load_bytes(&self, file: &str, bytes: &[u8]) -> Result<Arc<LoadedPlugin>, LoadError> {
        let _one_at_a_time = lock(&self.loading);
        let mut catalog = Catalog::clone(&self.plugins.catalog.borrow());
        catalog.running.retain(|_, plugin| plugin.file != file);
        let (plugin, runnable) = self.check(bytes, file, &catalog)?;
        catalog.failed.retain(|failed| failed.file != file);
        catalog.running.insert(plugin.reference.name.clone(), Arc::clone(&plugin));
        let mut code = read(&self.plugins.code).clone();
        code.insert(plugin.reference.digest, runnable);
        self.plugins.publish(catalog, code);
        Ok(plugin)
    }

    /// Runs a transform on one of the engine's threads; where all are busy and the queue is full, waits.
    ///
    /// A caller that goes away while it waits takes its call with it.
    ///
    /// # Errors
    /// When the plugin is not loaded, its state cannot be read, or the engine is shutting down. Whatever the plugin
    /// itself does wrong is no error but a result.
    pub async fn transform(&self, call: Call) -> Result<Transformed, NotRun> {
        self.pool.run(call).await
    }

    /// Runs a transform on the calling thread, for tools and measurements. The thread needs a megabyte of stack.
    ///
    /// # Errors
    /// As [`Engine::transform`].
    pub fn transform_here(&self, call: Call) -> Result<Transformed, NotRun> {
        self.plugins.transform(call)
    }

    /// Runs transforms of one plugin one after the other in the same instance, on the calling thread. Each finds what
    /// the earlier ones left in the plugin's memory, so this is for measurements only.
    ///
    /// # Errors
    /// As [`Engine::transform`].
    #[doc(hidden)]
    pub fn transform_in_one_instance(&self, calls: Vec<Call>) -> Result<Vec<Transformed>, NotRun> {
        let Some(first) = calls.first() else { return Ok(Vec::new()) };
        let found = self.plugins.find(first);
        let (plugin, runnable) = found.ok_or_else(|| NotRun::Missing(first.plugin.clone()))?;
        runnable.code.transform_in_one_instance(&plugin.reference, calls, runnable.grant)
    }

    /// Ends the engine: running calls end or are ended by their limits, waiting ones are answered with
    /// [`NotRun::Closed`], and every thread is joined. It blocks for as long as a transform may last. Dropping the
    /// engine does the same.
    pub fn shutdown(&self) {
        // The ticker goes last: without it, a guest that never ends would never be stopped.
        self.pool.stop();
        lock(&self.ticker).stop();
    }

    fn prepare(
        &self,
        path: &Path,
        file: &str,
        catalog: &Catalog,
    ) -> Result<(Arc<LoadedPlugin>, Arc<Runnable>), LoadError> {
        self.check(&load::read(path)?, file, catalog)
    }

    /// Makes bytes a plugin that could join the catalogue.
    fn check(
        &self,
        bytes: &[u8],
        file: &str,
        catalog: &Catalog,
    ) -> Result<(Arc<LoadedPlugin>, Arc<Runnable>), LoadError> {
        let Ready { code, profile, digest, grant } = self.loader.load(bytes)?;
        if let Some(other) = catalog.get(&profile.name) {
            return Err(LoadError::NameTaken { name: profile.name, by: other.file.clone() });
        }
        let reference =
            PluginRef { name: profile.name.clone(), version: profile.version.clone(), digest };
        let plugin = LoadedPlugin {
            reference,
            profile,
            file: file.to_owned(),
            bytes: bytes.len() as u64,
            loaded_at: self.clock.now(),
        };
        Ok((Arc::new(plugin), Arc::new(Runnable { code, grant })))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Plugins {
    /// Runs a call by the version of its plugin that the catalogue names now.
    fn transform(&self, call: Call) -> Result<Transformed, NotRun> {
        let found = self.find(&call);
        let Some((plugin, runnable)) = found else { return Err(NotRun::Missing(call.plugin)) };
        let reference = &plugin.reference;
        let run = || runnable.code.transform(reference, call, runnable.grant);
        // The state source is another room's code, and a panic in it must not take the thread with it.
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            tracing::error!(plugin = %reference, "the host panicked while it ran a transform");
            Ok(host_failed(reference))
        })
    }

    fn find(&self, call: &Call) -> Option<(Arc<LoadedPlugin>, Arc<Runnable>)> {
        let look = || {
            let plugin = Arc::clone(self.catalog.borrow().get(&call.plugin)?);
            let runnable = read(&self.code).get(&plugin.reference.digest).cloned()?;
            Some((plugin, runnable))
        };
        // The catalogue may change between the two steps; then its code has gone, and the new one knows better.
        look().or_else(look)
    }

    fn publish(&self, catalog: Catalog, new: HashMap<Digest, Arc<Runnable>>) -> Arc<Catalog> {
        let catalog = Arc::new(catalog);
        let keep = |digest: &Digest| {
            catalog.running.values().any(|plugin| plugin.reference.digest == *digest)
        };
        write(&self.code).extend(new);
        self.catalog.send_replace(Arc::clone(&catalog));
        write(&self.code).retain(|digest, _| keep(digest));
        catalog
    }
}

fn host_failed(plugin: &PluginRef) -> Transformed {
    Transformed {
        plugin: plugin.clone(),
        result: Err(Fault::Trap(
            "the host itself failed while it ran the plugin; see its log".into(),
        )),
        reads: Vec::new(),
        writes: Vec::new(),
        log: Vec::new(),
        log_dropped: 0,
        took: Duration::ZERO,
    }
}

/// The `*.wasm` files of a folder, sorted by name.
fn wasm_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            if files.len() == FILES_MAX {
                let reason = format!("it holds more than {FILES_MAX} .wasm files");
                return Err(io::Error::other(reason));
            }
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
