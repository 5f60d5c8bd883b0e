//! The loop with a memory ledger, scripted plugins, a scripted network and a clock that the tests move; and the HTTP
//! sender with small servers on this machine.

#[cfg(test)]
mod dispatching;
#[cfg(test)]
mod fairness;
#[cfg(test)]
mod http;
#[cfg(test)]
mod leading;
#[cfg(test)]
mod ordering;
#[cfg(test)]
mod plugins;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod state;
#[cfg(test)]
mod support;
