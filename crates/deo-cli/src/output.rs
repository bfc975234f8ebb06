//! Files that are whole or absent.
//!
//! Problem: a reader must never meet half a file, and a run must not find out after an hour that it can't
//! write. So the directory is tried before anything is trained, and every file is written under the name
//! `NAME.partial`, synced, and renamed when it is complete; a rename within a directory is atomic. A run that is killed
//! leaves `metrics.jsonl.partial` with the steps that it took, until the next run, and the files of an earlier run.
//!
//! A rename replaces what has the name, which is right for a file and wrong for anything else. In the directory of a run
//! anything else is refused by name; where an option names a single file, see [`OutputFile`].

mod file;
mod inside;
mod lock;
mod stream;

pub use file::OutputFile;
pub(crate) use inside::inside;
pub use lock::Lock;
pub use stream::Stream;

use serde::Serialize;
use std::fs::{self, File, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// Found out before the run.
    #[error(
        "cannot write to the directory {dir:?} ({reason}); give a directory that can be created or written"
    )]
    Directory {
        /// The directory as given.
        dir: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: io::Error,
    },
    /// Found out before the run: another one has the directory.
    #[error("another run is writing to {dir:?}; wait for its end or give another directory")]
    Busy {
        /// The directory as given.
        dir: PathBuf,
    },
    /// The results of another subcommand are there, or a training that isn't finished.
    #[error("{dir:?} has {what}; give another directory, or remove it")]
    Used {
        /// The directory as given.
        dir: PathBuf,
        /// What would be lost or mixed up.
        what: String,
    },
    /// A directory has the name of a file that the run would write.
    #[error(
        "{path:?} is a directory, and a file is to be written there; give another name or remove it"
    )]
    Taken {
        /// The name that is taken.
        path: PathBuf,
    },
    /// Something that is no file has the name of a file that the run would write.
    #[error("{path:?} is {what}; {wanted}")]
    Irregular {
        /// The name that is taken.
        path: PathBuf,
        /// What it is.
        what: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// The file that is to be gone on with has not what was written of it.
    #[error(
        "{path:?} has {length} bytes, and the checkpoint was saved after {position}; put the file back, or remove the \
         directory and begin again"
    )]
    Cut {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: u64,
        /// What it should have at least.
        position: u64,
    },
    /// Found out during or after the run.
    #[error("cannot write {path:?} ({reason})")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: io::Error,
    },
}

/// What a run leaves of itself, and its subcommand in it.
pub const RECORD: &str = "record.json";

/// Where a training keeps what it would go on from.
pub const CHECKPOINTS: &str = "checkpoints";

/// Refuses a directory that has the record of another subcommand.
///
/// # Errors
///
/// [`OutputError::Used`].
pub fn only_of(dir: &Path, command: &str) -> Result<(), OutputError> {
    let json = fs::read(dir.join(RECORD)).ok();
    let record = json.and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
    match record.as_ref().and_then(|record| record["command"].as_str()) {
        Some(other) if other != command => {
            let what = format!("the results of deo {}", other.escape_debug());
            Err(OutputError::Used { dir: dir.to_owned(), what })
        }
        _ => Ok(()),
    }
}

/// A directory that can be written to.
#[derive(Debug)]
pub struct OutputDir {
    dir: PathBuf,
    /// Held for as long as the directory is in use.
    _lock: Option<Lock>,
}

impl OutputDir {
    /// The directory of one run of `deo COMMAND`, created if need be and locked, for files of the names `files`. An earlier
    /// run of the same subcommand is replaced.
    ///
    /// # Errors
    ///
    /// [`OutputError::Busy`] if another run has it, [`OutputError::Used`] if it has what a run of another subcommand left,
    /// else as of [`shared`](Self::shared).
    pub fn create(dir: &Path, command: &str, files: &[&str]) -> Result<Self, OutputError> {
        fs::create_dir_all(dir)
            .map_err(|reason| OutputError::Directory { dir: dir.to_owned(), reason })?;
        let lock = Lock::take(dir)?;
        if dir.join(CHECKPOINTS).is_dir() {
            let what = "a training that isn't finished".to_owned();
            return Err(OutputError::Used { dir: dir.to_owned(), what });
        }
        only_of(dir, command)?;
        Self::under(lock, dir, files)
    }

    /// A directory that is locked already.
    ///
    /// # Errors
    ///
    /// As of [`shared`](Self::shared).
    pub fn under(lock: Lock, dir: &Path, files: &[&str]) -> Result<Self, OutputError> {
        Ok(OutputDir { _lock: Some(lock), ..Self::shared(dir, files)? })
    }

    /// A directory that holds other things than the output of one run, and so isn't locked.
    ///
    /// # Errors
    ///
    /// [`OutputError::Directory`] if it or a file in it can't be created, [`OutputError::Taken`] if one of `files` is
    /// a directory, [`OutputError::Irregular`] if it is a link, a pipe or a device.
    pub fn shared(dir: &Path, files: &[&str]) -> Result<Self, OutputError> {
        let refuse = |reason| OutputError::Directory { dir: dir.to_owned(), reason };
        fs::create_dir_all(dir).map_err(refuse)?;
        for name in files {
            // By a name of its own: what an earlier run left may be gone on with.
            let trial = dir.join(format!("{name}.trial"));
            for path in [dir.join(name), partial(dir, name), trial.clone()] {
                only_a_file(&path)?;
            }
            File::create(&trial).and_then(|_| fs::remove_file(&trial)).map_err(refuse)?;
        }
        Ok(OutputDir { dir: dir.to_owned(), _lock: None })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Writes a whole file.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`]; the old file of that name is then still there.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), OutputError> {
        let mut file = self.stream(name)?;
        let done = file.write(content).and_then(|()| file.finish());
        if done.is_err() {
            // What is left of the attempt is of no use; that it can't be removed would be the lesser complaint.
            let _ = fs::remove_file(partial(&self.dir, name));
        }
        done
    }

    /// Writes a value as JSON, indented, with a newline at the end. Numbers that aren't finite become `null`.
    ///
    /// # Errors
    ///
    /// As of [`write`](Self::write).
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), OutputError> {
        let mut json = serde_json::to_vec_pretty(value).expect("our records have string keys only");
        json.push(b'\n');
        self.write(name, &json)
    }

    /// A file that grows as the run goes, under its partial name until [`Stream::finish`].
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`] if it can't be created.
    pub fn stream(&self, name: &str) -> Result<Stream, OutputError> {
        Stream::create(self.dir.join(name), partial(&self.dir, name))
    }

    /// A file that an earlier run left at that position or beyond, cut there, to be gone on with.
    ///
    /// If it was complete already, it loses its name again.
    ///
    /// # Errors
    ///
    /// [`OutputError::Cut`] if it is shorter, [`OutputError::Write`] if it can't be opened.
    pub fn stream_from(&self, name: &str, position: u64) -> Result<Stream, OutputError> {
        Stream::go_on(self.dir.join(name), partial(&self.dir, name), position)
    }
}

fn partial(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.partial"))
}

/// Refuses a name in a directory that a rename or a truncation would do harm to.
fn only_a_file(path: &Path) -> Result<(), OutputError> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => Err(OutputError::Taken { path: path.to_owned() }),
        Ok(there) if !there.is_file() => Err(OutputError::Irregular {
            path: path.to_owned(),
            what: format!("{}, which would be replaced", kind(there.file_type())),
            wanted: "remove it or give another directory",
        }),
        // What can't be looked at shows when it is written to.
        _ => Ok(()),
    }
}

/// What something that is neither a file nor a directory is.
fn kind(of: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if of.is_fifo() {
            return "a named pipe";
        } else if of.is_socket() {
            return "a socket";
        } else if of.is_block_device() {
            return "a block device";
        } else if of.is_char_device() {
            return "a device";
        }
    }
    if of.is_symlink() { "a symbolic link" } else { "no regular file" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let output = OutputDir::create(&dir.path().join("a/b"), "train", &["m.jsonl"]).unwrap();
        let mut stream = output.stream("m.jsonl").unwrap();
        stream.write_line(&[1.0, f64::NAN]).unwrap();
        assert_eq!(names(output.path()), [".lock", "m.jsonl.partial"]);
        stream.finish().unwrap();
        assert_eq!(names(output.path()), [".lock", "m.jsonl"]);
        assert_eq!(fs::read_to_string(output.path().join("m.jsonl")).unwrap(), "[1.0,null]\n");
        let path = output.path().to_owned();
        drop(output);
        assert_eq!(names(&path), ["m.jsonl"]);
    }

    #[test]
    fn a_stream_goes_on_where_it_was_marked() {
        let dir = tempfile::tempdir().unwrap();
        let output = OutputDir::create(dir.path(), "train", &["m"]).unwrap();
        let mut stream = output.stream("m").unwrap();
        stream.write(b"kept").unwrap();
        let (position, _) = stream.mark().unwrap();
        stream.write(b"lost").unwrap();
        drop(stream);
        // Once from its partial name, once from the name that it gets here.
        for end in ["first", "other"] {
            let mut stream = output.stream_from("m", position).unwrap();
            stream.write(end.as_bytes()).unwrap();
            assert_eq!(stream.mark().unwrap().0, 9);
            stream.finish().unwrap();
            let content = fs::read_to_string(dir.path().join("m")).unwrap();
            assert_eq!(content, format!("kept{end}"));
        }
        let error = output.stream_from("m", 10).unwrap_err();
        assert!(matches!(error, OutputError::Cut { length: 9, position: 10, .. }), "{error}");
    }

    #[test]
    fn directories_that_cannot_be_written_are_refused_beforehand() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for bad in [file.clone(), file.join("below")] {
            let error = OutputDir::create(&bad, "train", &[]).unwrap_err();
            assert!(matches!(error, OutputError::Directory { .. }), "{error}");
        }
        fs::create_dir(dir.path().join("record.json")).unwrap();
        let error = OutputDir::create(dir.path(), "train", &["record.json"]).unwrap_err();
        assert!(matches!(error, OutputError::Taken { .. }), "{error}");
    }
}
