//! The engine seen from outside: one binary, one file per subject.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails the test")]

mod cache;
mod guests;
mod hostile;
mod lifecycle;
mod loading;
mod memory;
mod plugins;
mod transform;
mod vendors;
