//! A host: the real loop, with a way to the store, an engine and a line to the vendors of its own.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use prometheus_client::registry::Registry;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use transload_delivery::{
    Backlog, BacklogLimits, Health, Metrics, Troubles,
    run::{self, LoopError, Options, Parts},
};
use transload_domain::Random;

use super::{engine::Engine, exchanges::EXCHANGES_MAX, ledger::Door, scene::Scene, vendors::Line};
use crate::dice::Dice;

/// A host that runs. Dropping it is a crash.
pub(super) struct Host {
    pub(super) door: Arc<Door>,
    engine: Arc<Engine>,
    stop: CancellationToken,
    life: Life,
    task: AbortHandle,
}

/// How a host ended by itself.
pub(super) enum Ended {
    /// It was killed.
    Killed,
    /// It was asked to stop, and did.
    Stopped,
    /// It was cut off from the store for so long that it ended: whoever runs it starts it again.
    CutOff,
    /// It ended though nobody asked, or in disorder.
    Failed(String),
}

/// All that a host does. What is dropped out of here does nothing any more, at once.
type Life = Arc<Mutex<Option<Pin<Box<dyn Future<Output = Result<(), LoopError>> + Send>>>>>;

impl Host {
    /// Starts a host.
    pub(super) fn start(scene: &Scene, name: &str, tasks: &mut JoinSet<Ended>) -> Self {
        let door = Arc::new(scene.door());
        let engine = Arc::new(Engine::new(&scene.shelf));
        let stop = CancellationToken::new();
        let line = Line { host: name.to_owned(), vendors: Arc::clone(&scene.vendors) };
        let own_chance: Arc<dyn Random> = Arc::new(Dice::new(scene.dice.number()));
        let parts = Parts {
            ledger: Arc::clone(&door) as _,
            transformer: Arc::clone(&engine) as _,
            sender: Arc::new(line),
            clock: Arc::new(scene.time.clone()),
            timer: Arc::new(scene.time.clone()),
            random: own_chance,
            backlog: Arc::new(Backlog::new(
                Arc::clone(&door) as _,
                transload_store::Shard::default(),
                BacklogLimits::default(),
            )),
            health: Arc::new(Health::new()),
            troubles: Arc::new(Troubles::new()),
            metrics: Metrics::register(&mut Registry::default()),
        };
        let options = Options {
            lease: scene.lease,
            exchanges: EXCHANGES_MAX,
            transforms: 4,
            retention: scene.retention,
            ..Options::new(name)
        };
        let running = run::run(parts, options, stop.clone());
        let life: Life = Arc::new(Mutex::new(Some(Box::pin(running))));
        let task = tasks.spawn(live(Arc::clone(&life), stop.clone()));
        Self { door, engine, stop, life, task }
    }

    /// Looks at the plugin folder.
    pub(super) fn look(&self) {
        self.engine.look();
    }

    /// Whether it has ended by itself.
    pub(super) fn is_over(&self) -> bool {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Asks the host to stop.
    pub(super) fn ask_to_stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let life = self.life.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(life);
        self.task.abort();
    }
}

async fn live(life: Life, stop: CancellationToken) -> Ended {
    poll_fn(|context| {
        let mut place = life.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = place.as_mut() else { return Poll::Ready(Ended::Killed) };
        let polled = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(()))) if stop.is_cancelled() => Ended::Stopped,
            Ok(Poll::Ready(Ok(()))) => Ended::Failed("it stopped and nobody asked".into()),
            Ok(Poll::Ready(Err(LoopError::Store { .. }))) => Ended::CutOff,
            Ok(Poll::Ready(Err(error))) => Ended::Failed(error.to_string()),
            Err(_) => Ended::Failed("it panicked".into()),
        };
        *place = None;
        Poll::Ready(ended)
    })
    .await
}

/// Leases that hosts of a simulation take. A longer one makes a second host wait longer.
pub(super) const LEASES: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(90), Duration::from_secs(300)];
