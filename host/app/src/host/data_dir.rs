//! The data directory: private, and where each thing in it is.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use transload_domain::{Random, Vault};

/// Bytes of a file that is read as a key: more than any key has, so that a wrong file is not read whole.
const KEY_FILE_BYTES_MAX: u64 = 4 << 10;

/// A private directory for what must outlive the process.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Makes the directory (mode 0700), or checks that the one that is there belongs to nobody else; a wider mode is
    /// narrowed.
    ///
    /// # Errors
    /// When it cannot be made, is no directory, belongs to another user, or cannot be made private.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.with_context(|| format!("make the data directory {name}"))?;
        let found = fs::metadata(path).with_context(|| format!("look at {name}"))?;
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(path, Permissions::from_mode(0o700)).with_context(|| {
                format!(
                    "make the data directory {name} private (chmod 700); does it belong to you?"
                )
            })?;
            tracing::warn!(
                "the data directory {name} was open to others and is private (0700) now"
            );
        }
        let path = path.canonicalize().with_context(|| format!("look at {name}"))?;
        Ok(Self(path))
    }

    /// The directory itself; the store's files lie in it.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where precompiled plugins are kept.
    pub fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// The socket by which commands of the same user reach the running process.
    pub fn control_socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The vault with this directory's key (`vault.key`), which is made on the first start.
    ///
    /// # Errors
    /// When the key cannot be read or written, or is no key.
    pub fn vault(&self, random: &dyn Random) -> Result<Vault> {
        let key = self.key("vault.key", || {
            let mut key = vec![0; Vault::KEY_LEN];
            random.fill(&mut key);
            Ok(key)
        })?;
        let key = <[u8; Vault::KEY_LEN]>::try_from(key.as_slice());
        let Ok(key) = key else {
            bail!(
                "{} must hold {} bytes; put the right file back from your backup",
                self.0.join("vault.key").display(),
                Vault::KEY_LEN
            );
        };
        Ok(Vault::new(&key))
    }

    /// The key of that file name (mode 0600), made on the first start.
    ///
    /// # Errors
    /// When it cannot be read, made, or is open to others and cannot be made private.
    pub fn key(&self, file: &str, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
        let path = self.0.join(file);
        match fs::metadata(&path) {
            Ok(found) => read_private(&path, &found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = make()?;
                write_private(&path, &key)
                    .with_context(|| format!("write the new key {}", path.display()))?;
                Ok(key)
            }
            Err(error) => Err(error).with_context(|| format!("look at {}", path.display())),
        }
    }
}

fn read_private(path: &Path, found: &fs::Metadata) -> Result<Vec<u8>> {
    let name = path.display();
    if found.len() > KEY_FILE_BYTES_MAX {
        bail!("{name} is no key: it has {} bytes", found.len());
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600))
            .with_context(|| format!("make the key {name} private (chmod 600)"))?;
        tracing::warn!("the key {name} was open to others and is private (0600) now");
    }
    fs::read(path).with_context(|| format!("read the key {name}"))
}

/// Writes beside and renames, both synced: a crash leaves a whole key or none.
fn write_private(path: &Path, key: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    if let Err(error) = fs::remove_file(&beside)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |dir| fs::File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl Random for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn directory_and_keys_are_private_and_keys_stay() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("a/b")).unwrap();
        assert_eq!(mode(data.path()), 0o700);
        let sealed = data.vault(&Sevens).unwrap().seal(b"secret", [1; 12]);
        assert_eq!(mode(&data.path().join("vault.key")), 0o600);
        let again = DataDir::open(data.path()).unwrap();
        assert_eq!(again.vault(&Sevens).unwrap().open(&sealed).unwrap(), b"secret");
        let kept = again.key("vault.key", || bail!("a key that is there is not made anew"));
        assert_eq!(kept.unwrap(), [7; 32]);
    }

    #[test]
    fn what_is_open_to_others_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("vault.key"), [1; 32]).unwrap();
        fs::set_permissions(dir.path().join("vault.key"), Permissions::from_mode(0o644)).unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        data.vault(&Sevens).unwrap();
        assert_eq!(mode(dir.path()), 0o700);
        assert_eq!(mode(&dir.path().join("vault.key")), 0o600);
    }

    #[test]
    fn a_damaged_key_is_refused_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("vault.key"), b"short").unwrap();
        let error = DataDir::open(dir.path()).unwrap().vault(&Sevens).unwrap_err().to_string();
        assert!(error.contains("vault.key must hold 32 bytes"), "{error}");
        assert_eq!(fs::read(dir.path().join("vault.key")).unwrap(), b"short");
    }
}
