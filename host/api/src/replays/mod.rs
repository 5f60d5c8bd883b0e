//! Replays: deliveries that go out again, by query.

mod get;
mod list;
mod post;
mod view;

pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use post::post;
