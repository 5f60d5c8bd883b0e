//! The vendors' side, played on this machine: strict about what arrives, and clear about what is wrong.
//!
//! One file for each vendor says what its document demands; `receive.rs` lets that vendor judge, answers 200 or a
//! status with the faults in words, keeps what arrived and shows it at `GET /received`. What is to go wrong on
//! purpose is written as in `failure.rs`, and played in `play.rs`.

mod arrival;
mod corrigopro;
mod doo;
mod failure;
mod failures;
mod jwt;
mod play;
mod published;
mod readycloud;
mod receive;
mod received;
mod relocity;
mod scalar;
mod shape;
mod token;
mod vendor;
mod way;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use axum::{Router, routing::get};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use transload_domain::{Clock, Random};

use crate::host::{
    clock::{SystemChance, SystemClock},
    server,
};

use doo::Doo;
use failures::Failures;
use published::PublishedKeys;
use readycloud::ReadyCloud;
use receive::Sides;
use received::Arrivals;
use relocity::Relocity;

pub use doo::CLIENT_ID as DOO_CLIENT_ID;
pub use failure::{Failure, FailureError, Target};
pub use failures::FAILURES_MAX;
pub use received::{RECEIVED_MAX, Received};
pub use relocity::{CLIENT_ID as RELOCITY_CLIENT_ID, SCOPE as RELOCITY_SCOPE};
pub use vendor::Vendor;
pub use way::{RetryAfter, WAYS, Way};

/// Connections at the same time.
const CONNECTIONS_MAX: usize = 1_024;
/// How long requests under way may take when the sandbox stops.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// Where ReadyCloud's entities are.
pub const READYCLOUD: &str = "/readycloud";
/// CorrigoPro's one notification URL.
pub const CORRIGOPRO: &str = "/corrigopro";
/// Where doo's hooks are.
pub const DOO: &str = "/doo";
/// doo's token endpoint.
pub const DOO_TOKEN: &str = "/doo/oauth/token";
/// Where Relocity's API is.
pub const RELOCITY: &str = "/relocity/api/v1";
/// Relocity's token endpoint.
pub const RELOCITY_TOKEN: &str = "/relocity/oauth/token";

/// What the vendors' sides demand.
pub struct Options {
    /// Where to listen.
    pub listen: SocketAddr,
    /// ReadyCloud's webhook token.
    pub token: String,
    /// The client secret of doo's and Relocity's token endpoints.
    pub client_secret: String,
    /// The host whose published keys verify CorrigoPro's bearer tokens. Without it, a token's form and times are
    /// checked, and its signature is not.
    pub host: Option<SocketAddr>,
    /// The audience that CorrigoPro's bearer tokens must be for.
    pub audience: Option<String>,
    /// What goes wrong from the start.
    pub failures: Vec<Failure>,
    /// What tells whether a token has expired.
    pub clock: Arc<dyn Clock>,
    /// Where access tokens come from.
    pub random: Arc<dyn Random>,
    /// Told about each arrival, after it was kept.
    pub watcher: Box<dyn Fn(&Received) + Send + Sync>,
}

/// The vendors' sides, running.
pub struct Sandbox {
    address: SocketAddr,
    sides: Arc<Sides>,
    stop: CancellationToken,
    server: JoinSet<()>,
}

impl Options {
    /// On a free port of this machine, with the machine's clock and chance; nothing goes wrong, and nobody is told.
    pub fn new(token: &str, client_secret: &str) -> Self {
        Self {
            listen: ([127, 0, 0, 1], 0).into(),
            token: token.to_owned(),
            client_secret: client_secret.to_owned(),
            host: None,
            audience: None,
            failures: Vec::new(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemChance::new()),
            watcher: Box::new(|_| {}),
        }
    }
}

impl Sandbox {
    /// Binds and serves.
    ///
    /// # Errors
    /// When the address cannot be bound, or there are too many failures.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("listen on {} for the sandbox", options.listen))?;
        let address = listener.local_addr().context("read the sandbox's address")?;
        let sides = Arc::new(Sides {
            readycloud: ReadyCloud::new(&options.token),
            doo: Doo::new(&options.client_secret),
            relocity: Relocity::new(&options.client_secret),
            published: PublishedKeys::of(options.host),
            audience: options.audience,
            clock: options.clock,
            random: options.random,
            watcher: options.watcher,
            arrivals: Arrivals::new(),
            failures: Failures::default(),
        });
        let router = Router::new()
            .route("/received", get(receive::received))
            .route("/fail", get(receive::failures).post(receive::fail).delete(receive::heal))
            .fallback(receive::receive)
            .with_state(Arc::clone(&sides));
        let stop = CancellationToken::new();
        let serving = server::serve(listener, router, CONNECTIONS_MAX, stop.clone(), STOP_WITHIN);
        let mut server = JoinSet::new();
        server.spawn(serving);
        let sandbox = Self { address, sides, stop, server };
        sandbox.fail(options.failures)?;
        Ok(sandbox)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What arrived, oldest first, at most [`RECEIVED_MAX`].
    pub fn received(&self) -> Vec<Received> {
        self.sides.arrivals.all()
    }

    /// How many requests arrived, now and from now on.
    pub fn count(&self) -> watch::Receiver<u64> {
        self.sides.arrivals.count()
    }

    /// Lets these go wrong too, after those that wait already.
    ///
    /// # Errors
    /// When there would be more than [`FAILURES_MAX`].
    pub fn fail(&self, failures: Vec<Failure>) -> Result<()> {
        match self.sides.failures.add(failures) {
            Ok(()) => Ok(()),
            Err(words) => bail!(words),
        }
    }

    /// What is still to go wrong.
    pub fn failures(&self) -> Vec<Failure> {
        self.sides.failures.all()
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        self.sides.failures.clear();
    }

    /// Takes no further request and ends.
    ///
    /// # Errors
    /// When the server panicked.
    pub async fn stop(mut self) -> Result<()> {
        self.stop.cancel();
        while let Some(ended) = self.server.join_next().await {
            ended.context("stop the sandbox")?;
        }
        Ok(())
    }
}

/// A token like ReadyCloud's: 30 lower-case hexadecimal digits.
pub fn new_token(random: &dyn Random) -> String {
    let mut bytes = [0; 15];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
