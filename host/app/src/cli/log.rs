//! The log: the one place that installs a subscriber. Log lines go to stderr, so that stdout holds only answers.

use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config::LogFormat;

/// Installs the subscriber of this process.
///
/// # Errors
/// When the filter is none, or a subscriber is there already.
pub(super) fn install(format: LogFormat, filter: &str) -> Result<()> {
    let filter: EnvFilter = filter.parse().context("read the log filter")?;
    let colours = stderr().is_terminal();
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Text => {
            registry.with(fmt::layer().with_ansi(colours).with_writer(stderr)).try_init()
        }
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(stderr)).try_init(),
    }
    .context("start the log")
}
