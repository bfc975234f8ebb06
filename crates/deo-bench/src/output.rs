//! Files that are whole or absent.
//!
//! Problem: a reader must never meet half a file, and a run must not find out after an hour that it can't
//! write. So the directory is tried before anything is trained, and every file is written under the name
//! `NAME.partial` and renamed when it is complete; a rename within a directory is atomic. A run that is killed
//! leaves `metrics.jsonl.partial` with the steps that it took, until the next run, and the files of an earlier run.

use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
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
    /// A directory has the name of a file that the run would write.
    #[error("{path:?} is a directory; give another directory for the output or remove it")]
    Taken {
        /// The name that is taken.
        path: PathBuf,
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

/// A directory that can be written to.
#[derive(Debug, Clone)]
pub struct OutputDir {
    dir: PathBuf,
}

impl OutputDir {
    /// The directory, created if need be, for files of the names `files`.
    ///
    /// # Errors
    ///
    /// [`OutputError::Directory`] if it or a file in it can't be created, [`OutputError::Taken`] if one of `files` is
    /// a directory.
    pub fn create(dir: &Path, files: &[&str]) -> Result<Self, OutputError> {
        let refuse = |reason| OutputError::Directory { dir: dir.to_owned(), reason };
        fs::create_dir_all(dir).map_err(refuse)?;
        for name in files {
            let (path, temporary) = (dir.join(name), partial(dir, name));
            if path.is_dir() {
                return Err(OutputError::Taken { path });
            }
            let trial = File::create(&temporary);
            trial.and_then(|_| fs::remove_file(&temporary)).map_err(refuse)?;
        }
        Ok(OutputDir { dir: dir.to_owned() })
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
        file.write(content)?;
        file.finish()
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
        let (path, temporary) = (self.dir.join(name), partial(&self.dir, name));
        match File::create(&temporary) {
            Ok(file) => Ok(Stream { file: BufWriter::new(file), temporary, path }),
            Err(reason) => Err(OutputError::Write { path: temporary, reason }),
        }
    }
}

fn partial(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.partial"))
}

/// A file under its partial name. Dropped without [`finish`](Self::finish), it keeps that name.
#[derive(Debug)]
pub struct Stream {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
}

impl Stream {
    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.file.write_all(bytes).map_err(|reason| self.failed(reason))
    }

    /// Appends a value as one line of JSON. Numbers that aren't finite become `null`.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`].
    pub fn write_line(&mut self, value: &impl Serialize) -> Result<(), OutputError> {
        let mut line = serde_json::to_vec(value).expect("our records have string keys only");
        line.push(b'\n');
        self.write(&line)
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`].
    pub fn finish(mut self) -> Result<(), OutputError> {
        let done = self.file.flush().and_then(|()| fs::rename(&self.temporary, &self.path));
        done.map_err(|reason| self.failed(reason))
    }

    fn failed(&self, reason: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), reason }
    }
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
        let output = OutputDir::create(&dir.path().join("a/b"), &["m.jsonl"]).unwrap();
        let mut stream = output.stream("m.jsonl").unwrap();
        stream.write_line(&[1.0, f64::NAN]).unwrap();
        assert_eq!(names(output.path()), ["m.jsonl.partial"]);
        stream.finish().unwrap();
        assert_eq!(names(output.path()), ["m.jsonl"]);
        assert_eq!(fs::read_to_string(output.path().join("m.jsonl")).unwrap(), "[1.0,null]\n");
    }

    #[test]
    fn directories_that_cannot_be_written_are_refused_beforehand() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for bad in [file.clone(), file.join("below")] {
            let error = OutputDir::create(&bad, &[]).unwrap_err();
            assert!(matches!(error, OutputError::Directory { .. }), "{error}");
        }
        fs::create_dir(dir.path().join("record.json")).unwrap();
        let error = OutputDir::create(dir.path(), &["record.json"]).unwrap_err();
        assert!(matches!(error, OutputError::Taken { .. }), "{error}");
    }
}
