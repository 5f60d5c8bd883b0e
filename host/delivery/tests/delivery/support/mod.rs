//! The tests' vocabulary.

mod ledger;
mod network;
mod plugins;
mod shop;
mod time;
mod values;
mod world;

pub(crate) use ledger::{Doors, Fault};
pub(crate) use network::{Network, answered, asked_to_wait, failed};
pub(crate) use plugins::{Plugins, State, echo_body};
pub(crate) use shop::Shop;
pub(crate) use time::{Dice, Luck, Time};
pub(crate) use values::{event, profile, webhook, webhook_of};
pub(crate) use world::{World, seconds};
