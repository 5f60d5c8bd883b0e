//! The loop with a memory ledger, scripted plugins, a scripted network and a clock that the tests move; and the HTTP
//! sender with small servers on this machine.

#[cfg(test)]
mod breaking;
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
mod redriving;
#[cfg(test)]
mod redriving_in_order;
#[cfg(test)]
mod replaying;
#[cfg(test)]
mod replaying_in_turns;
#[cfg(test)]
mod retiring;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod state;
#[cfg(test)]
mod support;
#[cfg(test)]
mod suspending;
