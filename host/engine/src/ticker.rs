//! The steady tick by which guests are interrupted.

use std::{
    io,
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use wasmtime::Engine;

/// How often the epoch moves. A guest is stopped at most two ticks after its time is up.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// A thread that moves the engine's epoch, and nothing else ever does: whoever moved it to stop one guest would
/// shorten the time of all the others.
pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let engine = engine.weak();
        let thread = thread::Builder::new().name("transload-tick".into()).spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Ends the thread and waits for it.
    pub(crate) fn stop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ticks that surely last as long as `time`: the current tick is already under way, so one more.
pub(crate) fn ticks(time: Duration) -> u64 {
    let whole = time.as_micros().div_ceil(TICK.as_micros());
    u64::try_from(whole).unwrap_or(u64::MAX - 1).saturating_add(1)
}
