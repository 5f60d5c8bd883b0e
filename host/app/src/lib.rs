//! transload's composition root.

pub mod cli;
pub mod client;
pub mod config;
pub mod host;
pub mod mask;
pub mod sandbox;
