//! The ledger: transload's durable facts.
//!
//! This crate knows the words of the design and how to keep them. It does not know who is due next (that is the
//! domain's agenda), and nothing above it may learn which library keeps the rows: no tree, no subject, no ack.
//!
//! Read `ledger.rs` first: the trait. Then `local.rs`, which keeps it over any ordered rows, one file per verb;
//! `journal.rs`, the one writer; `feed.rs` and `tail.rs`, a lead's agenda; `rows.rs`, what a row store must do;
//! `packs.rs`, how the store on disk keeps many rows in one value; `overlay.rs`, how it keeps what changes again soon.

#[cfg(test)]
mod cut_off;
mod directory;
mod faulty;
mod feed;
mod front;
mod group;
mod journal;
mod keys;
mod leadership;
mod ledger;
mod ledger_ext;
mod local;
mod memory;
mod overlay;
mod packs;
mod refusing;
mod row;
mod rows;
mod sled;
mod stats;
mod tail;
mod undispatched;
mod waiting;

pub use directory::OpenError;
pub use faulty::{Faults, Faulty};
pub use front::Front;
pub use ledger::{
    Change, Dispatch, Entry, Error, FAILURES_KEPT_MAX, Failure, Key, Lead, Ledger, Page, Query,
    REPLAYS_MAX, Receipt, Record, Result, Retired, Retirement, Revision, Settlement, Shard,
    StateChange, StateCheck,
};
pub use ledger_ext::LedgerExt;
pub use local::Local;
pub use memory::{Memory, MemoryRows};
pub use refusing::{Refusing, Switch};
pub use rows::{Batch, Order, Rows, Visit};
pub use sled::{Sled, SledRows};
pub use stats::{Flush, Observer};
