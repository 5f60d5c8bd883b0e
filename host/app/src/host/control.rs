//! The control socket: where commands of the same user reach the running host.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::Path,
};

use anyhow::{Context, Result, bail};
use tokio::net::UnixListener;

/// Bytes of a socket's path: `sun_path` of Linux has 108, the last of them zero.
const PATH_BYTES_MAX: usize = 107;

/// Binds the socket, private to this user (0600). What a killed process left at its place is removed: the caller
/// holds the data directory's lock, so nobody else listens there.
///
/// # Errors
/// When the path is too long for a socket, or cannot be bound.
pub(super) fn bind(path: &Path) -> Result<UnixListener> {
    let name = path.display();
    if path.as_os_str().as_bytes().len() > PATH_BYTES_MAX {
        bail!(
            "the control socket {name} has a path of more than {PATH_BYTES_MAX} bytes, which no socket can have; use a data directory with a shorter path"
        );
    }
    remove(path);
    let listener = UnixListener::bind(path).with_context(|| format!("listen on {name}"))?;
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .with_context(|| format!("make {name} private"))?;
    Ok(listener)
}

/// Takes the socket away. One that is gone already is no fault.
pub(super) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!("the control socket {} cannot be removed: {error}", path.display());
        }
        _ => {}
    }
}
