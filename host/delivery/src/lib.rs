//! transload's delivery loop: dispatch, send, retry; outbound authentication; egress.
//!
//! This crate knows three small traits and nothing behind them: the ledger keeps facts ([`transload_store::Ledger`]),
//! the [`Transformer`] turns an event into requests, and the [`Sender`] carries one request to its vendor. So the
//! whole loop runs in tests without sockets, disk or WebAssembly. It does not know how an API looks, which store
//! runs, or what a plugin is made of; what an answer means is decided by the domain.

pub mod auth;
mod backlog;
pub mod egress;
mod health;
pub mod http;
mod metrics;
pub mod order;
mod recent;
pub mod run;
mod sender;
mod transformer;
mod troubles;

pub use backlog::{
    BACKLOG_DELIVERIES_MAX, BACKLOG_EVENTS_MAX, BACKLOG_SHARE, Backlog, BacklogLimits, Full,
    Waiting, Whose,
};
pub use health::{Damages, Health, LOOP_SILENCE_MAX, Problem};
pub use metrics::Metrics;
pub use sender::{Exchange, Sender};
pub use transformer::Transformer;
pub use troubles::{Trouble, TroubleKind, Troubles};
