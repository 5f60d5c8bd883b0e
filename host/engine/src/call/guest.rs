//! What the host keeps about a running guest, and the functions that the guest may call.

use transload_domain::{Fault, NotRun, StateSource, limits};
use wasmtime::{
    ResourceLimiter, Result, StoreContextMut,
    component::{Linker, WasmList, WasmStr},
    error::Context as _,
};

use super::{
    abi::{LOG, Level, STATE},
    log::LogBook,
    meter::Meter,
    state::StateView,
};
use crate::runtime::TABLE_ELEMENTS_MAX;

/// The host's side of one instance.
pub(crate) struct Guest {
    pub(super) log: LogBook,
    pub(super) state: StateView,
    pub(super) memory: MemoryLimit,
    /// Why a host function ended the call, where one did.
    pub(super) stopped: Option<Stop>,
    /// What the call has used so far.
    pub(super) meter: Meter,
    calls: u32,
}

/// Why a call ended without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// By the guest's fault.
    Fault(Fault),
    /// By no fault of the guest.
    NotRun(NotRun),
}

/// Bounds a guest's memory and tables.
pub(super) struct MemoryLimit {
    pub(super) max: u64,
}

/// A guest wanted more memory than it may have.
#[derive(Debug, thiserror::Error)]
#[error("over the memory limit")]
pub(super) struct OverMemory;

/// A host function has ended the call; why stands in [`Guest::stopped`].
#[derive(Debug, thiserror::Error)]
#[error("stopped by the host")]
struct Stopped;

impl Guest {
    /// Begins to measure its call, which is to be made on this thread and next.
    pub(super) fn new(state: Box<dyn StateSource>, memory_max: u64) -> Self {
        Self {
            log: LogBook::default(),
            state: StateView::new(state),
            memory: MemoryLimit { max: memory_max },
            stopped: None,
            meter: Meter::start(),
            calls: 0,
        }
    }

    /// Counts a call of a host function; each costs time in which no epoch interrupts.
    fn count(&mut self) -> Result<()> {
        self.calls += 1;
        if self.calls <= limits::HOST_CALLS_MAX {
            return Ok(());
        }
        let text = format!("it called the host more than {} times", limits::HOST_CALLS_MAX);
        self.stop(Stop::Fault(Fault::Trap(text)))
    }

    fn stop<T>(&mut self, stop: Stop) -> Result<T> {
        self.stopped = Some(stop);
        Err(Stopped.into())
    }

    /// Turns a refusal by the state into the end of the call.
    fn unless_stopped<T>(&mut self, result: std::result::Result<T, Stop>) -> Result<T> {
        result.or_else(|stop| self.stop(stop))
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> Result<bool> {
        if wanted as u64 > self.max { Err(OverMemory.into()) } else { Ok(true) }
    }

    fn table_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> Result<bool> {
        Ok(wanted <= TABLE_ELEMENTS_MAX)
    }
}

/// Gives guests the interfaces `log` and `state`.
pub(crate) fn link(linker: &mut Linker<Guest>) -> Result<()> {
    let mut log = linker.instance(LOG)?;
    log.func_wrap("write", |mut store, (level, message): (Level, WasmStr)| {
        store.data_mut().count()?;
        let text = message.to_str(&store).context("the log message")?.into_owned();
        store.data_mut().log.write(level, text);
        Ok(())
    })?;

    let mut state = linker.instance(STATE)?;
    state.func_wrap("get", |mut store, (key,): (WasmStr,)| {
        let key = key_of(&mut store, &key)?;
        let since = Meter::start();
        let guest = store.data_mut();
        let found = guest.state.get(key);
        guest.meter.host_did(&since);
        Ok((guest.unless_stopped(found)?,))
    })?;
    state.func_wrap("set", |mut store, (key, value): (WasmStr, WasmList<u8>)| {
        let key = key_of(&mut store, &key)?;
        // Refused before it is copied, where it is too long.
        let checked = StateView::check_value(value.len());
        store.data_mut().unless_stopped(checked)?;
        let value = value.as_le_slice(&store).to_vec();
        let guest = store.data_mut();
        let done = guest.state.change(key, Some(value));
        guest.unless_stopped(done)
    })?;
    state.func_wrap("delete", |mut store, (key,): (WasmStr,)| {
        let key = key_of(&mut store, &key)?;
        let guest = store.data_mut();
        let done = guest.state.change(key, None);
        guest.unless_stopped(done)
    })?;
    Ok(())
}

fn key_of(store: &mut StoreContextMut<'_, Guest>, key: &WasmStr) -> Result<String> {
    store.data_mut().count()?;
    let key = key.to_str(&*store).context("the state key")?.into_owned();
    let checked = StateView::check_key(&key);
    store.data_mut().unless_stopped(checked)?;
    Ok(key)
}
