//! Lines for the plugin's log, which the host keeps with the call: at most 64 lines and 8 KiB.
//!
//! In a native test they go to the standard error output.

/// Says something to the plugin's author.
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message.as_ref());
}

/// Says something to those who want to follow.
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message.as_ref());
}

/// Says that something is odd.
pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message.as_ref());
}

/// Says that something is wrong.
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message.as_ref());
}

/// How grave a line is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::wasm::write_log as write;

#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
