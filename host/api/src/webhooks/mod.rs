//! Webhooks: an organization's subscriptions.

mod authentication;
mod change;
mod definition;
mod delete;
mod emulate;
mod endpoints;
mod example;
mod faults;
mod filter;
mod get;
mod hooks;
mod list;
mod patch;
mod plugin;
mod post;
mod resolve;
mod resume;
mod rotate_secret;
mod rotate_token;
mod rules;
mod settings;
mod signing;
mod suspend;
mod view;

pub(crate) use delete::delete;
pub(crate) use emulate::emulate;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use patch::patch;
pub(crate) use post::post;
pub(crate) use resume::resume;
pub(crate) use rotate_secret::rotate_secret;
pub(crate) use rotate_token::rotate_token;
pub(crate) use suspend::suspend;
