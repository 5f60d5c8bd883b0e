//! Bodies and paths that a webhook's settings write, for vendors that have not published theirs.
//!
//! A template has placeholders, which the event's values replace:
//!
//! | Placeholder | Stands for |
//! |---|---|
//! | `%ID%`, `%SOURCE%`, `%TYPE%`, `%SUBJECT%`, `%TIME%` | the event's attribute of that name |
//! | `%ORGANIZATION%` | whose event it is |
//! | `%HOOK%` | the hook's type |
//! | `%DELIVERY_ID%` | the delivery's id, the same on every retry |
//! | `%DATA%` | the event's data |
//! | `%DATA/work_order/number%` | a place in the event's data, by a JSON Pointer (RFC 6901) |
//! | others | what the plugin says, see [`Values::place`] |
//!
//! `%%` stands for one percent sign; one that begins no placeholder stands for itself. A placeholder that nobody
//! knows is refused when the template is filled. In a pointer there can be no percent sign.
//!
//! In JSON ([`JsonTemplate`]) the texts can have placeholders, the names of members cannot. A text that is one
//! placeholder and nothing else becomes the value itself, a number a number with the digits that it came with, and
//! `null` where the event does not have it. Within a longer text, and in a path ([`PathTemplate`]), a value is
//! written out: it must be there, and be a text, a number or a boolean.
//!
//! ```
//! use transload_plugin::{serde_json, testing};
//! use transload_template::{JsonTemplate, PathTemplate, Values};
//!
//! let order = serde_json::json!({ "number": 4711, "customer": "Arya Stark" });
//! let (event, hook) = (testing::event("order.created", &order), testing::hook("orders"));
//! let values = Values::new(&event, &hook)?.place("ORDER", "/number");
//!
//! let body: JsonTemplate = serde_json::from_str(r#"{"order": "%ORDER%", "note": "for %DATA/customer%"}"#)?;
//! assert_eq!(body.fill(&values)?, r#"{"order":4711,"note":"for Arya Stark"}"#);
//!
//! let path: PathTemplate = serde_json::from_str(r#""/orders/%ORDER%""#)?;
//! assert_eq!(path.fill(&values)?, "/orders/4711");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod json;
mod path;
mod placeholder;
mod values;

pub use json::JsonTemplate;
pub use path::PathTemplate;
pub use values::Values;
