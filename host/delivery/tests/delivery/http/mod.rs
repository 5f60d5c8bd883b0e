//! The HTTP sender against small servers on this machine.

mod answers;
mod authentication;
mod refusals;
mod server;
mod signing;
mod support;
mod tls;
