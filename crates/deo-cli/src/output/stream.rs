//! A file that grows as a run goes.

use super::OutputError;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file under its partial name. Dropped without [`finish`](Self::finish), it keeps that name.
#[derive(Debug)]
pub struct Stream {
    file: BufWriter<File>,
    /// Bytes written so far.
    position: u64,
    temporary: PathBuf,
    path: PathBuf,
}

impl Stream {
    /// An empty file, to be called `path`.
    pub(super) fn create(path: PathBuf, temporary: PathBuf) -> Result<Self, OutputError> {
        match File::create(&temporary) {
            Ok(file) => Ok(Stream { file: BufWriter::new(file), position: 0, temporary, path }),
            Err(reason) => Err(OutputError::Write { path: temporary, reason }),
        }
    }

    /// The file that there is under either name, cut at `position`.
    pub(super) fn go_on(
        path: PathBuf,
        temporary: PathBuf,
        position: u64,
    ) -> Result<Self, OutputError> {
        let failed = |reason| OutputError::Write { path: temporary.clone(), reason };
        if !temporary.exists() && path.exists() {
            fs::rename(&path, &temporary).map_err(failed)?;
        }
        // Created if it is missing, and then too short unless nothing was written yet.
        let options = File::options().write(true).create(true).truncate(false).open(&temporary);
        let mut file = options.map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length < position {
            return Err(OutputError::Cut { path: temporary, length, position });
        }
        file.set_len(position).map_err(failed)?;
        file.seek(SeekFrom::Start(position)).map_err(failed)?;
        Ok(Stream { file: BufWriter::new(file), position, temporary, path })
    }

    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.position += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|reason| self.failed(reason))
    }

    /// Appends a value as one line of JSON, which a reader sees at once. Numbers that aren't finite become `null`.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`].
    pub fn write_line(&mut self, value: &impl Serialize) -> Result<(), OutputError> {
        let mut line = serde_json::to_vec(value).expect("our records have string keys only");
        line.push(b'\n');
        self.write(&line)?;
        self.file.flush().map_err(|reason| self.failed(reason))
    }

    /// Hands what was written to the operating system. Returns the position, and the file to be synced: what it then
    /// holds up to the position outlasts a power failure.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`].
    pub fn mark(&mut self) -> Result<(u64, File), OutputError> {
        let file = self.file.flush().and_then(|()| self.file.get_ref().try_clone());
        file.map(|file| (self.position, file)).map_err(|reason| self.failed(reason))
    }

    /// The file as it is called until it is complete.
    pub fn partial_path(&self) -> &Path {
        &self.temporary
    }

    /// Gives the complete file its name, when it is safely on the disk.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`].
    pub fn finish(mut self) -> Result<(), OutputError> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        let done = written.and_then(|()| fs::rename(&self.temporary, &self.path));
        done.map_err(|reason| self.failed(reason))
    }

    fn failed(&self, reason: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), reason }
    }
}
