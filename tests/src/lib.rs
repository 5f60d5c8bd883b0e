//! transload seen from outside: what the integration tests, the crash test and the benches share.
//!
//! But for the simulation nothing here reaches into the host: events go in over HTTP, and what arrives at a vendor is
//! judged there.

pub mod client;
pub mod cpu;
pub mod dice;
pub mod house;
pub mod modules;
pub mod old;
pub mod process;
pub mod receiver;
pub mod simulation;
pub mod vendor;

/// Prints a figure, so that versions can be compared.
pub fn figure(name: &str, value: impl std::fmt::Display) {
    println!("figure {name} {value}");
}
