//! What it costs to load a plugin, with the cache and without.

use std::{path::PathBuf, sync::Arc};

use transload_domain::{Clock, Timestamp};
use transload_engine::{Engine, EngineOptions};

use crate::turns::Turns;

const TURNS: usize = 11;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
}

pub(crate) fn engine(cache_dir: Option<PathBuf>) -> Engine {
    let options = EngineOptions { cache_dir, threads: 1, clock: Arc::new(Stopped), memory: None };
    Engine::new(options).expect("an engine")
}

/// From a module's bytes to a plugin that has described itself.
pub(crate) fn measure(module: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let uncached = engine(None);
    let cached = engine(Some(folder.path().join("cache")));
    let load = |engine: &Engine| engine.load_bytes("a.wasm", module).expect("the plugin loads");
    load(&cached);
    let (mut without, mut with) = (Turns::new(), Turns::new());
    for _ in 0..TURNS {
        without.time(1, || load(&uncached));
        with.time(1, || load(&cached));
    }
    println!("a module of {} bytes", module.len());
    println!("figure load.cold_ms {:.1}", without.median_us() / 1e3);
    println!("figure load.cached_ms {:.2}", with.median_us() / 1e3);
}
