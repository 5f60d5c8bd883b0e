//! The HTTP sender against small servers on this machine.

mod answers;
mod authentication;
mod hostile;
mod oauth;
mod refusals;
mod server;
mod signing;
mod support;
mod tls;
