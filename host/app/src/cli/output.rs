//! What is written for people and machines. A reader that has gone away is no error of ours.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
};

/// A line on stdout: what was asked for.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// A line on stderr: how far it is.
pub(crate) fn progress(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// What went wrong, on stderr.
pub(crate) fn error(text: impl Display) {
    let _ = writeln!(stderr(), "transload: {text}");
}

/// A JSON document on stdout, for machines.
pub(crate) fn json(document: &impl serde::Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(document)?);
    Ok(())
}
