//! The tests' vocabulary.

mod ledger;
mod network;
mod plugins;
mod time;
mod values;
mod world;

pub(crate) use ledger::{Doors, Fault};
pub(crate) use network::{Network, answered, asked_to_wait, failed};
pub(crate) use plugins::{Plugins, echo_body};
pub(crate) use time::{Dice, Time};
pub(crate) use values::{event, profile, webhook, webhook_of};
pub(crate) use world::{World, seconds};
