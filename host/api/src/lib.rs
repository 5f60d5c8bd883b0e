//! transload's HTTP API: status codes and JSON.
//!
//! This room knows what a request looks like and what is answered; it decides every status that a client sees. It
//! asks the ledger and the catalogue of plugins, and it must not know which store runs, how a plugin is run or how a
//! delivery is sent. Each operation has a file of its own: its errors, the handler, its tests.
//!
//! Two rules hold everywhere. Whatever is not what was asked for is answered with problem details (RFC 9457) whose
//! `type` never changes. And what belongs to another organization is not found.

mod access;
mod admin;
mod body;
mod budget;
mod deliveries;
mod duration;
mod etag;
mod events;
mod json;
pub mod keys;
mod merge;
mod operation;
mod operator;
mod page;
mod path;
mod plugins;
mod pointer;
mod problem;
mod raw;
mod replays;
mod request_id;
mod router;
mod rules;
#[cfg(test)]
mod testing;
mod time;
mod webhooks;

use std::{ops::Deref, sync::Arc};

use prometheus_client::registry::Registry;
use tokio::sync::watch;
use transload_delivery::{
    Backlog, Health, Metrics, Troubles,
    auth::Signer,
    egress::{EgressPolicy, Lookup},
};
use transload_domain::{Catalog, Clock, Random, Vault};
use transload_store::{Ledger, Shard};

pub use operator::ORGANIZATION_HEADER;
pub use router::{admin_router, router};

/// The API's parts, shared: the state of each request. Routing and each layer take a copy of it for every request,
/// so a copy is one count and not one for each part.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

/// All that the API needs to answer.
pub struct Parts {
    /// The durable facts.
    pub ledger: Arc<dyn Ledger>,
    /// Where they are.
    pub shard: Shard,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids, keys and tokens; fit for secrets.
    pub random: Arc<dyn Random>,
    /// Seals the tokens of webhooks.
    pub vault: Arc<Vault>,
    /// Which endpoints a webhook may have.
    pub egress: Arc<EgressPolicy>,
    /// What their names lead to.
    pub lookup: Arc<dyn Lookup>,
    /// Which plugins there are.
    pub catalog: watch::Receiver<Arc<Catalog>>,
    /// How much waits; a full one refuses events.
    pub backlog: Arc<Backlog>,
    /// Whether deliveries go out.
    pub health: Arc<Health>,
    /// What keeps webhooks' deliveries from going out.
    pub troubles: Arc<Troubles>,
    /// Whose public keys are published.
    pub signer: Arc<Signer>,
    /// What is counted here.
    pub metrics: Metrics,
    /// All that the host counts, for `/metrics`.
    pub registry: Arc<Registry>,
    /// Whether `/metrics` takes an API key. Prometheus usually scrapes without one, so hosts leave it open where
    /// the network keeps strangers away. It holds no organization's names, only totals over all of them.
    pub metrics_need_key: bool,
}

impl From<Parts> for Api {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// The plugins as they are now.
    fn catalog(&self) -> Arc<Catalog> {
        self.catalog.borrow().clone()
    }
}
