//! transload, put together: command line, configuration, composition root and life of a host, demo and sandbox.
//!
//! This is the only crate that names every concrete type: which store, which engine, which sender, which clock.
//! What each of them does is decided in its own room; nothing is decided about deliveries here. Read `host.rs`
//! first: what a host is made of, in the order in which it begins and ends.

pub mod cli;
pub mod client;
pub mod config;
pub mod demo;
pub mod host;
pub mod mask;
pub mod sandbox;

pub use config::Config;
pub use host::Host;
