//! The engine seen from outside: one binary, one file per subject.

mod cache;
mod guests;
mod hostile;
mod lifecycle;
mod loading;
mod memory;
mod plugins;
mod transform;
