//! The composition root: the one place that names every concrete type.

pub mod clock;
pub mod data_dir;
pub(crate) mod server;
pub mod signals;
