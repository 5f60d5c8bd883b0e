//! The data directory: private to its owner, and used by one process at a time.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Only the owner may look into it: it holds customers' data and secrets.
const MODE: u32 = 0o700;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made, made private, or locked.
    #[error("{} cannot be used as data directory: {what}", .path.display())]
    Directory {
        /// Which directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error(
        "data directory {} is in use by another transload; stop it or use another data directory",
        .path.display()
    )]
    InUse {
        /// Which directory.
        path: PathBuf,
    },
    /// The store in it cannot be opened.
    #[error(
        "the store in {} cannot be opened: {reason}",
        .path.display()
    )]
    Store {
        /// Which directory.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A data directory that this process has to itself, for as long as this lives.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory where it is missing, takes away what others may do with it, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let failed =
            |what| move |source| OpenError::Directory { path: path.to_owned(), what, source };
        DirBuilder::new().recursive(true).mode(MODE).create(path).map_err(failed("create it"))?;
        let mode = fs::metadata(path).map_err(failed("look at it"))?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "others could read the data directory; they cannot any more");
            let private = Permissions::from_mode(MODE);
            fs::set_permissions(path, private).map_err(failed("make it private (mode 0700)"))?;
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(path.join("lock")).map_err(failed("make its lock file"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed("lock it")(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes an empty file in a folder of the directory, durably.
    pub(crate) fn make_file(&self, path: &Path) -> io::Result<()> {
        File::create(path)?.sync_all()?;
        self.sync_names(path.parent().unwrap_or(&self.path))
    }

    /// Makes the names of new files durable, its own name included.
    pub(crate) fn sync_names(&self, inside: &Path) -> io::Result<()> {
        for path in [Some(inside), Some(&*self.path), self.path.parent()].into_iter().flatten() {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_directory_is_private() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/data");
        let directory = DataDirectory::open(&path).unwrap();
        assert_eq!((mode(&path), mode(&path.join("lock"))), (0o700, 0o600));
        directory.sync_names(&path).unwrap();
    }

    #[test]
    fn an_open_directory_is_made_private() {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        DataDirectory::open(place.path()).unwrap();
        assert_eq!(mode(place.path()), 0o700);
    }

    #[test]
    fn a_directory_is_used_once_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let first = DataDirectory::open(place.path()).unwrap();
        let message = DataDirectory::open(place.path()).unwrap_err().to_string();
        assert!(
            message
                .contains("is in use by another transload; stop it or use another data directory")
        );
        drop(first);
        DataDirectory::open(place.path()).unwrap();
    }

    #[test]
    fn what_cannot_be_a_directory_is_said() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        let message = DataDirectory::open(&file).unwrap_err().to_string();
        assert!(message.ends_with("file cannot be used as data directory: create it"), "{message}");
    }
}
