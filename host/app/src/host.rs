//! The composition root: the one place that names every concrete type, and the life of a host.
//!
//! A host begins in order (address, store, keys, plugins, loop, servers), so that whatever cannot be had is told
//! before anything is served, and ends in the other order: it stops accepting and sending, finishes what is in
//! flight within its time, flushes, and lets go of the data directory. Nothing runs outside of it, and nothing is
//! global: two hosts fit in one process.

pub mod clock;
mod control;
pub mod data_dir;
pub(crate) mod files;
mod gauges;
mod journal;
pub(crate) mod server;
pub mod signals;
mod transformer;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use axum::serve::ListenerExt;
use prometheus_client::registry::Registry;
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use transload_api::Api;
use transload_delivery::{
    Backlog, BacklogLimits, Health, Metrics, Troubles,
    auth::Signer,
    egress::EgressPolicy,
    http::{HttpOptions, HttpSender, SystemLookup},
    run,
};
use transload_domain::{Catalog, Clock, Random};
use transload_engine::{Engine, EngineOptions};
use transload_store::{Ledger, Shard, Sled};

use crate::config::Config;

use clock::{SystemChance, SystemClock};
use data_dir::DataDir;
use gauges::StoreGauges;
use transformer::EngineTransformer;

/// Connections to the control socket at the same time: commands of one person.
const CONTROL_CONNECTIONS_MAX: usize = 16;

/// How long a host whose loop is dead still answers: two looks of a balancer that looks each second. Every moment
/// longer is one in which nothing is delivered.
const ANSWER_ON: Duration = Duration::from_secs(2);

/// A host that runs.
pub struct Host {
    address: SocketAddr,
    control_socket: PathBuf,
    engine: Arc<Engine>,
    ledger: Arc<Sled>,
    health: Arc<Health>,
    stop: CancellationToken,
    servers: JoinSet<()>,
    delivery: JoinSet<Result<(), run::LoopError>>,
    /// Why the loop has ended by itself.
    dead: Option<String>,
}

/// What all rooms share.
struct Shared {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    egress: Arc<EgressPolicy>,
    signer: Arc<Signer>,
    vault: Arc<transload_domain::Vault>,
    backlog: Arc<Backlog>,
    health: Arc<Health>,
    troubles: Arc<Troubles>,
    metrics: Metrics,
    registry: Arc<Registry>,
}

impl Host {
    /// Opens everything and begins to serve.
    ///
    /// # Errors
    /// The first thing that cannot be had: the address, the data directory, the store, a key, the engine, the
    /// control socket. A plugin that does not load is no error: the host starts without it and logs why.
    pub async fn start(config: Config) -> Result<Self> {
        Self::with_parts(config, |parts| parts).await
    }

    /// The same, with other parts for the loop: what a test puts in the place of one.
    pub(crate) async fn with_parts(
        config: Config,
        change: impl FnOnce(run::Parts) -> run::Parts,
    ) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let listener = TcpListener::bind(config.listen).await.with_context(|| {
            format!("listen on {}; stop what listens there, or set another `listen`", config.listen)
        })?;
        let address = listener.local_addr().context("read the address that is listened on")?;
        let mut registry = Registry::default();
        let gauges = StoreGauges::register(&mut registry);
        let data = DataDir::open(&config.data_dir)?;
        let ledger = Arc::new(open_ledger(&data, &clock, gauges).await?);
        gauges::register_size(&mut registry, &ledger);
        let shared = shared(&config, &data, address, clock, registry, &ledger)?;
        let engine = Arc::new(start_engine(&config, &data, &shared.clock).await?);
        let control = control::bind(&data.control_socket())?;

        let stop = CancellationToken::new();
        let mut delivery = JoinSet::new();
        delivery.spawn(run::run(
            change(parts(&config, &shared, &ledger, &engine)?),
            options(&config),
            stop.clone(),
        ));
        let api = api(&config, &shared, &ledger, &engine);
        // Answers are small and written whole: waiting to fill a packet would only delay them.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("a connection keeps Nagle's algorithm: {error}");
            }
        });
        let mut servers = JoinSet::new();
        let (connections_max, within) = (config.connections_max, config.stop_within);
        let public = transload_api::router(api.clone());
        servers.spawn(server::serve(listener, public, connections_max, stop.clone(), within));
        let admin = transload_api::admin_router(api);
        servers.spawn(server::serve(control, admin, CONTROL_CONNECTIONS_MAX, stop.clone(), within));
        tracing::info!(%address, data = %data.path().display(), "serves");
        let control_socket = data.control_socket();
        let health = shared.health;
        let dead = None;
        Ok(Self { address, control_socket, engine, ledger, health, stop, servers, delivery, dead })
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket on which the operator's requests are taken.
    pub fn control_socket(&self) -> &Path {
        &self.control_socket
    }

    /// Waits until the host can go on no longer: its loop has ended, the store refuses writes for good, or a server
    /// is gone. While all is well it never returns. It may be dropped and called again. A host whose loop is dead
    /// says so at `/health/ready` for a short while, so that a balancer sees it, and does no more than that.
    ///
    /// # Errors
    /// Always, with what has ended.
    pub async fn ended(&mut self) -> Result<()> {
        if self.dead.is_none() {
            tokio::select! {
                Some(ended) = self.delivery.join_next() => {
                    let words = format!("{:#}", loop_error(ended));
                    tracing::error!("{words}; the host ends soon");
                    self.health.ended(words.as_str());
                    self.dead = Some(words);
                }
                Some(_) = self.servers.join_next() => bail!("a server has ended"),
                () = journal::dead(|| self.ledger.is_alive(), &self.health) => {
                    bail!("the store refuses writes and will not recover by itself; see the log for why")
                }
            }
        }
        tokio::time::sleep(ANSWER_ON).await;
        bail!(self.dead.clone().unwrap_or_default())
    }

    /// Stops in order: takes no further request and begins no further exchange, finishes what is in flight within
    /// the configured time, flushes, and lets go of the data directory.
    ///
    /// # Errors
    /// When the loop or a server ended in an error. Everything was closed nevertheless.
    pub async fn stop(mut self) -> Result<()> {
        self.stop.cancel();
        let mut failed = self.dead.take().map(|words| anyhow!(words));
        while let Some(ended) = self.delivery.join_next().await {
            if !matches!(ended, Ok(Ok(()))) {
                failed.get_or_insert(loop_error(ended));
            }
        }
        while let Some(ended) = self.servers.join_next().await {
            if let Err(error) = ended {
                failed.get_or_insert(anyhow!("a server panicked: {error}"));
            }
        }
        let engine = Arc::clone(&self.engine);
        let closed = tokio::task::spawn_blocking(move || engine.shutdown()).await;
        self.ledger.shutdown().await;
        control::remove(&self.control_socket);
        closed.context("close the engine")?;
        failed.map_or(Ok(()), Err)
    }
}

fn loop_error(ended: Result<Result<(), run::LoopError>, JoinError>) -> anyhow::Error {
    match ended {
        Ok(Ok(())) => anyhow!("the delivery loop has ended"),
        Ok(Err(error)) => anyhow::Error::new(error).context("the delivery loop has ended"),
        Err(error) => anyhow!("the delivery loop panicked: {error}"),
    }
}

async fn open_ledger(data: &DataDir, clock: &Arc<dyn Clock>, gauges: StoreGauges) -> Result<Sled> {
    let (path, clock) = (data.path().to_owned(), Arc::clone(clock));
    let open = move || Sled::open(&path, clock, Some(Arc::new(gauges)));
    Ok(tokio::task::spawn_blocking(open).await.context("open the store")??)
}

async fn start_engine(config: &Config, data: &DataDir, clock: &Arc<dyn Clock>) -> Result<Engine> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if config.plugin_threads == 0 { cores() } else { config.plugin_threads };
    let clock = Arc::clone(clock);
    let options = EngineOptions { cache_dir: Some(data.cache()), threads, clock, memory: None };
    let folder = config.plugin_dir.clone();
    let start = move || {
        let engine = Engine::new(options).context("start the plugin engine")?;
        tell(&engine.load_folder(&folder));
        Ok(engine)
    };
    tokio::task::spawn_blocking(start).await.context("start the plugin engine")?
}

/// Which plugins run, and which do not and why.
fn tell(catalog: &Catalog) {
    for plugin in catalog.running.values() {
        tracing::info!(file = %plugin.file, "plugin {} runs", plugin.reference);
    }
    for failed in &catalog.failed {
        tracing::error!("plugin {} does not load: {}", failed.file, failed.reason);
    }
}

fn shared(
    config: &Config,
    data: &DataDir,
    address: SocketAddr,
    clock: Arc<dyn Clock>,
    mut registry: Registry,
    ledger: &Arc<Sled>,
) -> Result<Shared> {
    let random: Arc<dyn Random> = Arc::new(SystemChance::new());
    let vault = Arc::new(data.vault(&*random)?);
    let key = data.key("signing.key", || Ok(Signer::generate_pkcs8(&*random)))?;
    let issuer = config.issuer.clone().unwrap_or_else(|| format!("http://{address}"));
    let signer = Signer::from_pkcs8(&issuer, &key)
        .with_context(|| format!("read {}", data.path().join("signing.key").display()))?;
    let metrics = Metrics::register(&mut registry);
    Ok(Shared {
        clock,
        random,
        egress: Arc::new(EgressPolicy::new(config.allowed_networks.clone(), config.allow_http)),
        signer: Arc::new(signer),
        vault,
        backlog: Arc::new(Backlog::new(
            Arc::clone(ledger) as Arc<dyn Ledger>,
            Shard::default(),
            BacklogLimits {
                events: config.backlog_events,
                deliveries: config.backlog_deliveries,
                share: config.backlog_share,
            },
        )),
        health: Arc::new(Health::new()),
        troubles: Arc::new(Troubles::new()),
        metrics,
        registry: Arc::new(registry),
    })
}

/// What the loop may take.
fn options(config: &Config) -> run::Options {
    run::Options {
        exchanges: config.concurrency,
        exchange_time: config.exchange_within,
        stop_time: config.stop_within,
        retention: run::Retention {
            age: config.retention_age,
            size: config.retention_size,
            open_age: config.retention_open_age,
        },
        ..run::Options::new("transload")
    }
}

/// What the loop works with.
fn parts(
    config: &Config,
    shared: &Shared,
    ledger: &Arc<Sled>,
    engine: &Arc<Engine>,
) -> Result<run::Parts> {
    let sender = HttpSender::new(HttpOptions {
        egress: Arc::clone(&shared.egress),
        vault: Arc::clone(&shared.vault),
        signer: Arc::clone(&shared.signer),
        clock: Arc::clone(&shared.clock),
        random: Arc::clone(&shared.random),
        metrics: shared.metrics.clone(),
        lookup: Arc::new(SystemLookup::default()),
        exchange_time: config.exchange_within,
        extra_roots: Vec::new(),
    });
    Ok(run::Parts {
        ledger: Arc::clone(ledger) as Arc<dyn Ledger>,
        transformer: Arc::new(EngineTransformer(Arc::clone(engine))),
        sender: Arc::new(sender.context("make the HTTP client")?),
        clock: Arc::clone(&shared.clock),
        timer: Arc::new(run::TokioTimer(Arc::clone(&shared.clock))),
        random: Arc::clone(&shared.random),
        backlog: Arc::clone(&shared.backlog),
        health: Arc::clone(&shared.health),
        troubles: Arc::clone(&shared.troubles),
        metrics: shared.metrics.clone(),
    })
}

fn api(config: &Config, shared: &Shared, ledger: &Arc<Sled>, engine: &Arc<Engine>) -> Api {
    let parts = transload_api::Parts {
        ledger: Arc::clone(ledger) as Arc<dyn Ledger>,
        shard: Shard::default(),
        clock: Arc::clone(&shared.clock),
        random: Arc::clone(&shared.random),
        vault: Arc::clone(&shared.vault),
        egress: Arc::clone(&shared.egress),
        lookup: Arc::new(SystemLookup::default()),
        catalog: engine.catalog(),
        backlog: Arc::clone(&shared.backlog),
        health: Arc::clone(&shared.health),
        troubles: Arc::clone(&shared.troubles),
        signer: Arc::clone(&shared.signer),
        metrics: shared.metrics.clone(),
        registry: Arc::clone(&shared.registry),
        metrics_need_key: !config.public_metrics,
    };
    parts.into()
}

#[cfg(test)]
pub(crate) mod mined;
#[cfg(test)]
mod tests;
