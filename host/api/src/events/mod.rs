//! Events: post them in any of CloudEvents' three forms over HTTP, and ask what became of them.
//!
//! Source of the forms: CloudEvents 1.0.2, HTTP protocol binding (section 3) and JSON event format.

mod attributes;
mod binary;
mod draft;
mod get;
mod one;
mod post;
mod structured;
mod view;

pub(crate) use draft::Draft;
pub(crate) use get::{find, get};
pub(crate) use one::accept_one;
pub(crate) use post::post;
pub(crate) use structured::read as structured;
pub(crate) use view::EventSummary;
