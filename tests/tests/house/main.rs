//! The house seen from outside, over real sockets, on sled, with real plugins in the sandbox.

// `cfg(test)` tells clippy what it does not see in a folder: that the helpers are tests too.
#[cfg(test)]
mod backlog;
mod durability;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod map;
#[cfg(test)]
mod plugins;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trust;
