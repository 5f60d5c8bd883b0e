//! Plugins: which there are, and what they say about their vendors.

mod get;
mod list;
mod profile;
mod view;

pub(crate) use get::get;
pub(crate) use list::list;
