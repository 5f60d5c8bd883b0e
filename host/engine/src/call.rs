//! The way of an event through a plugin: a fresh instance, one call, its outcome checked or its fault named.

mod abi;
mod fault;
mod guest;
mod log;
mod meter;
mod outcome;
mod run;
mod state;

pub(crate) use guest::{Guest, link};
pub(crate) use outcome::{is_header_name, is_header_value};
pub(crate) use run::{Code, Grant};
