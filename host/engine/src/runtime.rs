//! wasmtime, set up once for all guests. Which settings win was measured; see the benchmark of this crate.

use transload_domain::limits;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    component::Linker,
};

use crate::call::{self, Guest};

/// Guests that may be alive at the same time, and plugins whose memory image stays mapped in a slot. Each slot
/// reserves 4 GiB of address space and nearly no memory.
pub(crate) const SLOTS: u32 = 200;
/// Threads that run guests. One slot more is needed, for the plugin that is being loaded.
pub(crate) const THREADS_MAX: usize = 128;
/// Bytes of a guest's memory that are reset by writing zeroes instead of asking the kernel; the small memory of a
/// plugin built with the SDK fits.
const MEMORY_KEPT: usize = 512 << 10;
/// Bytes of a guest's table that are reset in the same way.
const TABLE_KEPT: usize = 64 << 10;
/// Elements of a guest's table. A Rust plugin has one for each function that is called through a pointer.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Core instances of one component: the module itself and the two that `wit-component` puts beside it; a
/// component of another tool has some more.
const CORE_INSTANCES_MAX: u32 = 8;
/// Tables of one component: the module's own and that of the shim beside it.
const TABLES_MAX: u32 = 4;

/// Where guests get their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryMode {
    /// From slots that are reserved at the start and reset after each call: the fast way.
    Pooled,
    /// Mapped for each call: for hosts whose address space is limited (`ulimit -v`), some four times slower.
    OnDemand,
}

/// wasmtime and the functions that a guest may call.
pub(crate) struct Runtime {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) mode: MemoryMode,
}

impl Runtime {
    /// Sets up wasmtime; `None` tries the pool and falls back to mapping on demand.
    pub(crate) fn new(wanted: Option<MemoryMode>) -> wasmtime::Result<Self> {
        let (engine, mode) = match wanted {
            Some(mode) => (Engine::new(&config(mode))?, mode),
            None => match Engine::new(&config(MemoryMode::Pooled)) {
                Ok(engine) => (engine, MemoryMode::Pooled),
                Err(error) => {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "the address space for {SLOTS} plugin instances cannot be reserved; \
                         instances are mapped on demand, which is slower; raise `ulimit -v`"
                    );
                    (Engine::new(&config(MemoryMode::OnDemand))?, MemoryMode::OnDemand)
                }
            },
        };
        let mut linker = Linker::new(&engine);
        call::link(&mut linker)?;
        Ok(Self { engine, linker, mode })
    }

    /// A number that changes with everything that makes a precompiled module unusable.
    pub(crate) fn compatibility(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }
}

fn config(mode: MemoryMode) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(false)
        .memory_init_cow(true)
        .table_lazy_init(true)
        .concurrency_support(false)
        .max_wasm_stack(limits::STACK_BYTES_MAX)
        .cranelift_opt_level(OptLevel::Speed)
        // A transform is pure: the same inputs give the same bytes on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // A fault is told in words; addresses of the host have no place in it.
        .wasm_backtrace_max_frames(None);
    match mode {
        MemoryMode::Pooled => {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()))
        }
        MemoryMode::OnDemand => config
            .allocation_strategy(InstanceAllocationStrategy::OnDemand)
            .memory_reservation(limits::MEMORY_BYTES_MAX as u64)
            .memory_reservation_for_growth(0)
            .memory_guard_size(64 << 10),
    };
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS * 5)
        .total_memories(SLOTS)
        .total_tables(SLOTS * 2)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(1)
        .max_tables_per_component(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_memory_size(limits::MEMORY_BYTES_MAX)
        .max_unused_warm_slots(SLOTS)
        .linear_memory_keep_resident(MEMORY_KEPT)
        .table_keep_resident(TABLE_KEPT);
    pool
}
