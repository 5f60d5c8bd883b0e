//! The loop with a memory ledger, scripted plugins, a scripted network and a clock that the tests move; and the HTTP
//! sender with small servers on this machine.

mod dispatching;
mod http;
mod leading;
mod plugins;
mod sending;
mod support;
