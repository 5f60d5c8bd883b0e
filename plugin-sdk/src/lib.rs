//! What the author of a transload plugin depends on, and nothing else.
//!
//! A plugin turns one event into the requests of one vendor. It is a type that implements [`Plugin`], handed to
//! [`export!`]:
//!
//! ```
//! use transload_plugin::prelude::*;
//!
//! #[derive(Deserialize)]
//! #[serde(crate = "transload_plugin::serde")]
//! struct Order {
//!     id: String,
//! }
//!
//! struct Acme;
//!
//! impl Plugin for Acme {
//!     type Data = Order;
//!     type Settings = NoSettings;
//!
//!     fn profile() -> Profile {
//!         Profile::new("acme", "1.0.0").hook(Hook::new("orders").on("order.*").put())
//!     }
//!
//!     fn transform(event: Event<Order>, _: Hook<NoSettings>, _: &mut State) -> Result<Outcome, Fault> {
//!         let order = serde_json::json!({ "order": event.data.id });
//!         Ok(deliver(Request::json(&order)?.header("X-Acme-Event", &event.kind)))
//!     }
//! }
//!
//! transload_plugin::export!(Acme);
//! # fn main() {}
//! ```
//!
//! Built for `wasm32-unknown-unknown` as a `cdylib` it is a module for the plugin folder. Built for the machine at
//! hand it is an ordinary library, which `cargo test` can run: `testing` brings a fake state and runs the case
//! files of the folder `cases/`.
//!
//! A transform is pure: the same event, hook and state give the same bytes. It has no clock, no randomness and no
//! network, and every call gets a fresh instance, so a `static` does not live from one event to the next. What must
//! live is kept in [`State`].
//!
//! The contract with the host is `wit/transload.wit`; this crate shares no code with the host.

#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
mod allocator;
#[cfg(all(test, not(target_arch = "wasm32")))]
#[path = "allocator/blocks.rs"]
mod blocks;
mod event;
mod fault;
#[doc(hidden)]
pub mod glue;
mod hook;
mod json;
pub mod log;
mod outcome;
mod path;
mod plugin;
pub mod profile;
mod request;
mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;

pub use event::Event;
pub use fault::Fault;
pub use hook::{Hook, NoSettings};
pub use json::{EventData, Json};
pub use outcome::{Outcome, Requests, deliver, skip};
pub use plugin::Plugin;
pub use request::{Method, Request};
pub use state::{State, StateStore};

pub use {schemars, serde, serde_json};

/// All that a plugin usually needs: `use transload_plugin::prelude::*;`.
///
/// The derive macros of serde and schemars need to be told where their crate is, unless the plugin depends on it
/// itself: `#[serde(crate = "transload_plugin::serde")]`, `#[schemars(crate = "transload_plugin::schemars")]`.
pub mod prelude {
    pub use crate::{
        Event, Fault, Hook, Json, Method, NoSettings, Outcome, Plugin, Request, State, deliver,
        log,
        profile::{Authentication, Limits, Profile, Retry, Success},
        skip,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
    pub use serde_json;
}
