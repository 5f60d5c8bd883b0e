//! Webhooks: an organization's subscriptions.

mod authentication;
mod definition;
mod delete;
mod get;
mod list;
mod plugin;
mod post;
mod resolve;
mod settings;
mod view;

pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use post::post;
