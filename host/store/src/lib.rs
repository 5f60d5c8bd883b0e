//! The ledger: transload's durable facts.
//!
//! This crate knows the words of the design and how to keep them. It does not know who is due next (that is the
//! domain's agenda), and nothing above it may learn which library keeps the rows: no tree, no subject, no ack.

mod ledger;

pub use ledger::{
    Change, Dispatch, Entry, Error, Key, Lead, Ledger, Page, Query, Receipt, Record, Result,
    Revision, Settlement, Shard, StateChange, StateCheck,
};
