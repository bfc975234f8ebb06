//! The checkpoints of one run in one directory.
//!
//! A save is complete or has not happened, whenever the power fails:
//!
//! 1. the content goes to `checkpoint-0000001234.deo.partial` and is synced,
//! 2. that is renamed to `checkpoint-0000001234.deo`, which replaces a file of that name at once,
//! 3. the directory is synced, so that the name is as durable as the content,
//! 4. only then are older ones removed.
//!
//! Two are kept, so that a disk that damages one leaves the other. Numbers grow along a run. Where a save finds a
//! greater one, the run has gone back (from a damaged newest, say) and those files belong to a course that it has
//! left: they are renamed `….abandoned`, neither read nor removed, for otherwise [`Store::latest`] would prefer them.
//!
//! One writer at a time: who else may write to the directory is the caller's affair.

use super::container::{BUFFER, Header};
use super::error::{Action, CheckpointError, Origin};
use super::{Kind, codec};
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const PARTIAL: &str = ".partial";
const ABANDONED: &str = ".abandoned";

/// Checkpoints of one run in a directory: files `checkpoint-0000001234.deo`, of which the last two are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    directory: PathBuf,
    kind: Kind,
}

/// The newest checkpoint that is whole.
#[derive(Debug)]
pub struct Found<T> {
    /// Its number.
    pub number: u64,
    /// Its file.
    pub path: PathBuf,
    /// What was saved.
    pub value: T,
    /// Newer ones that could not be used, the newest first, each with its fault.
    pub damaged: Vec<(PathBuf, CheckpointError)>,
}

impl Store {
    /// The checkpoints of this kind in a directory; it touches nothing.
    pub fn new(directory: &Path, kind: Kind) -> Store {
        Store { directory: directory.to_owned(), kind }
    }

    /// The file of a number, whether it exists or not.
    pub fn path(&self, number: u64) -> PathBuf {
        self.directory.join(name(number))
    }

    /// Writes what [`encode`](super::encode) gave, as a file that is complete or not there, and retires older ones.
    ///
    /// A file of the same number is replaced.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] with the path. If it was for writing, the checkpoints that existed are untouched.
    pub fn save(&self, number: u64, encoded: &[u8]) -> Result<PathBuf, CheckpointError> {
        let path = self.path(number);
        let partial = with_suffix(&path, PARTIAL);
        let written = write_synced(&partial, encoded).and_then(|()| fs::rename(&partial, &path));
        written.map_err(|reason| {
            // What is left of the attempt is of no use; that it can't be removed would be the lesser complaint.
            let _ = fs::remove_file(&partial);
            CheckpointError::at(Action::Write, &path)(reason)
        })?;
        sync_directory(&self.directory)
            .map_err(CheckpointError::at(Action::Write, &self.directory))?;
        self.retire(number)?;
        Ok(path)
    }

    /// The newest checkpoint that is whole; `None` if the directory has none or doesn't exist.
    ///
    /// A newer one that can't be used is skipped and reported, whatever its fault.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::NoneWhole`] if there are some and none can be used, [`CheckpointError::Io`] if the
    /// directory can't be read.
    pub fn latest<T: DeserializeOwned>(&self) -> Result<Option<Found<T>>, CheckpointError> {
        let mut damaged = Vec::new();
        for number in self.numbers()? {
            let path = self.path(number);
            match self.read(&path) {
                Ok(value) => return Ok(Some(Found { number, path, value, damaged })),
                Err(error) => damaged.push((path, error)),
            }
        }
        if damaged.is_empty() {
            return Ok(None);
        }
        Err(CheckpointError::NoneWhole { directory: self.directory.clone(), damaged })
    }

    /// Reads one file twice: for its checksum and, only if that is right, for its value.
    fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<T, CheckpointError> {
        let origin = &Origin::File(path.to_owned());
        let io = |reason| CheckpointError::io(origin, reason);
        // Before opening: to open a pipe would wait for its writer.
        let metadata = fs::metadata(path).map_err(io)?;
        if !metadata.is_file() {
            return Err(io(io::Error::other("it is not a regular file")));
        }
        let mut file = File::open(path).map_err(io)?;
        let header = Header::read(&mut file, metadata.len(), origin)?;
        header.check(self.kind, &mut file, origin)?;
        file.seek(SeekFrom::Start(Header::LEN as u64)).map_err(io)?;
        let payload = file.take(header.length() as u64);
        codec::decode(BufReader::with_capacity(BUFFER, payload), header.length(), origin)
    }

    /// The numbers of the checkpoints that there are, the greatest first.
    fn numbers(&self) -> Result<Vec<u64>, CheckpointError> {
        let mut numbers: Vec<u64> =
            self.file_names()?.iter().filter_map(|name| number_in(name)).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(numbers)
    }

    fn file_names(&self) -> Result<Vec<OsString>, CheckpointError> {
        let names = fs::read_dir(&self.directory)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        match names {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            names => names.map_err(CheckpointError::at(Action::Read, &self.directory)),
        }
    }

    /// Leaves the checkpoint that was just saved and its predecessor.
    fn retire(&self, saved: u64) -> Result<(), CheckpointError> {
        let numbers = self.numbers()?;
        for number in numbers.iter().filter(|number| **number > saved) {
            let path = self.path(*number);
            fs::rename(&path, with_suffix(&path, ABANDONED))
                .map_err(CheckpointError::at(Action::Retire, &path))?;
        }
        let older = numbers.iter().filter(|number| **number < saved);
        for number in older.skip(1) {
            remove(&self.path(*number))?;
        }
        // Of saves that were killed.
        for name in self.file_names()? {
            let whole = name.to_str().and_then(|name| name.strip_suffix(PARTIAL));
            if whole.is_some_and(|name| number_in(name.as_ref()).is_some()) {
                remove(&self.directory.join(name))?;
            }
        }
        Ok(())
    }
}

fn name(number: u64) -> String {
    format!("checkpoint-{number:010}.deo")
}

/// The number in a name that [`name`] made; a copy called `checkpoint-12 (1).deo` is not ours.
fn number_in(file: &std::ffi::OsStr) -> Option<u64> {
    let digits = file.to_str()?.strip_prefix("checkpoint-")?.strip_suffix(".deo")?;
    digits.parse().ok().filter(|number| file == name(*number).as_str())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Somebody else may have removed it: then it is as it should be.
fn remove(path: &Path) -> Result<(), CheckpointError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(CheckpointError::at(Action::Retire, path)(error))
        }
        _ => Ok(()),
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a rename durable. Windows has no such call: there a directory can't be opened as a file.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
