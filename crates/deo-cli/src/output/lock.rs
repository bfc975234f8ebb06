//! One run in a directory at a time.
//!
//! The lock is the operating system's on the open file `.lock`: it goes with the process, however that ends, so there
//! is no stale lock. The file itself is removed by whoever releases the lock; a killed process leaves it, empty and
//! unlocked, and the next one takes it over.

use super::OutputError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = ".lock";

/// A directory that no other run writes to while this lives.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Locked, hence open.
    file: File,
}

impl Lock {
    /// Locks a directory that exists.
    ///
    /// # Errors
    ///
    /// [`OutputError::Busy`] if another run has it, [`OutputError::Directory`] if nothing can be written there.
    pub fn take(dir: &Path) -> Result<Self, OutputError> {
        let refuse = |reason| OutputError::Directory { dir: dir.to_owned(), reason };
        let path = dir.join(NAME);
        super::only_a_file(&path)?; // to open a pipe would be to wait for its reader
        loop {
            // Not truncated: it may be another's, and has no content anyway.
            let options = File::options().write(true).create(true).truncate(false).open(&path);
            let file = options.map_err(refuse)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(OutputError::Busy { dir: dir.to_owned() });
                }
                Err(TryLockError::Error(reason)) => return Err(refuse(reason)),
            }
            // Between opening and locking, its owner may have removed it: that lock keeps nobody out.
            if is_at(&file, &path).map_err(refuse)? {
                return Ok(Lock { path, file });
            }
        }
    }
}

impl Drop for Lock {
    /// Removed first and unlocked then: who opens the name afterwards opens another file.
    fn drop(&mut self) {
        // If the directory is gone there is nothing to tidy up.
        if cfg!(unix) && is_at(&self.file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the file at that path is this open one.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match fs::metadata(path) {
        Ok(there) => Ok(identity(there) == identity(file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere the file stays, so it is always the one.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::take(dir.path()).unwrap();
        let error = Lock::take(dir.path()).unwrap_err();
        assert!(matches!(error, OutputError::Busy { .. }), "{error}");
        drop(lock);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
        // What a killed process leaves is no obstacle.
        fs::write(dir.path().join(NAME), "").unwrap();
        drop(Lock::take(dir.path()).unwrap());
    }

    #[test]
    fn threads_that_race_for_it_never_share_it() {
        use std::sync::atomic::{AtomicU32, Ordering};
        let dir = tempfile::tempdir().unwrap();
        let owners = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut taken = 0;
                    // That it ends shows that the lock is never lost.
                    while taken < 100 {
                        let Ok(lock) = Lock::take(dir.path()) else {
                            std::thread::yield_now();
                            continue;
                        };
                        assert_eq!(owners.fetch_add(1, Ordering::SeqCst), 0);
                        taken += 1;
                        owners.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
    }

    #[test]
    fn a_directory_that_is_not_there_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = Lock::take(&dir.path().join("none")).unwrap_err();
        assert!(matches!(error, OutputError::Directory { .. }), "{error}");
    }
}
