//! Compiled modules on disk, so that a start does not compile again.
//!
//! A compiled module is machine code that is run as it is, so whoever can write this folder can run code in the
//! host. It must belong to the host's own user and be closed to all others; what it holds is compared with its
//! digest before it is taken.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use transload_domain::Digest;
use wasmtime::{Engine, component::Component};

/// Changes when this crate makes something else of the same module.
const FORMAT: &[u8] = b"transload-1";
/// Compiled modules that are kept; beyond it, the oldest go.
const ENTRIES_MAX: usize = 4_096;
/// For the owner and nobody else.
const PRIVATE: u32 = 0o700;

/// The folder of compiled modules. Each is two files: `<key>.cwasm`, and `<key>.sha256` with the digest of the first.
pub(super) struct Cache {
    folder: PathBuf,
    compatibility: u64,
}

impl Cache {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// When it cannot be made, or when another user owns it or can write it.
    pub(super) fn open(folder: PathBuf, compatibility: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(PRIVATE).create(&folder)?;
        check_private(&folder)?;
        let cache = Self { folder, compatibility };
        cache.shorten()?;
        Ok(cache)
    }

    /// The compiled module, where it is there and whole. Anything else counts as not there.
    pub(super) fn get(&self, engine: &Engine, module: Digest) -> Option<Component> {
        let path = self.path(module, "cwasm");
        let expected = fs::read_to_string(self.path(module, "sha256")).ok()?;
        let found = Digest::of_file(&fs::read(&path).ok()?).to_string();
        if found != expected.trim_end() {
            tracing::warn!(file = %path.display(), "a compiled module in the cache is damaged and made anew");
            return None;
        }
        // SAFETY: the file was written by `put` of a host of the same user: the folder is private to that user, and
        // the bytes are those whose digest was noted then.
        let loaded = unsafe { Component::deserialize_file(engine, &path) };
        loaded
            .inspect_err(|error| {
                tracing::warn!(
                    file = %path.display(),
                    error = format!("{error:#}"),
                    "a compiled module in the cache does not fit this host and is made anew"
                );
            })
            .ok()
    }

    /// Keeps a compiled module. One that cannot be kept is only slower the next time, so this does not fail.
    pub(super) fn put(&self, component: &Component, module: Digest) {
        if let Err(error) = self.try_put(component, module) {
            tracing::warn!(
                folder = %self.folder.display(),
                %error,
                "a compiled module could not be kept; it is compiled again at the next start"
            );
        }
    }

    fn try_put(&self, component: &Component, module: Digest) -> io::Result<()> {
        let code = component.serialize().map_err(io::Error::other)?;
        let digest = Digest::of_file(&code).to_string();
        self.write(&self.path(module, "cwasm"), &code)?;
        self.write(&self.path(module, "sha256"), digest.as_bytes())
    }

    /// Whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }

    fn path(&self, module: Digest, extension: &str) -> PathBuf {
        let key = Digest::of_parts(&[FORMAT, &self.compatibility.to_be_bytes(), &module.0]);
        self.folder.join(format!("{key}.{extension}"))
    }

    /// Removes what is beyond [`ENTRIES_MAX`], oldest first: modules and versions of wasmtime come and go.
    fn shorten(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() {
                files.push((metadata.modified()?, entry.path()));
            }
        }
        files.sort();
        let surplus = files.len().saturating_sub(2 * ENTRIES_MAX);
        files[..surplus].iter().try_for_each(|(_, path)| fs::remove_file(path))
    }
}

fn check_private(folder: &Path) -> io::Result<()> {
    let metadata = fs::metadata(folder)?;
    let refuse = |problem: String| {
        let text = format!(
            "{} {problem}; it holds machine code, so remove it (it is made anew) or name another folder",
            folder.display()
        );
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    };
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return refuse(format!("belongs to user {}, not to {user}", metadata.uid()));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return refuse(format!("is open to other users (mode {mode:o}, not {PRIVATE:o})"));
    }
    Ok(())
}
