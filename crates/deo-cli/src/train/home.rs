//! The output directory of a training. It is locked, an unfinished training in it is never overwritten, and whether it can be
//! written to is tried before the first step.

use super::error::TrainError;
use super::resume::{ResumeError, checkpoints};
use super::save::has_checkpoints;
use crate::output::{Lock, OutputDir, OutputError, only_of};
use std::fs;
use std::path::PathBuf;

/// Where a training is to be kept. Nothing is touched there yet, except for the lock.
#[derive(Debug)]
pub(super) struct RunDirectory {
    dir: PathBuf,
    lock: Option<Lock>,
}

impl RunDirectory {
    /// A directory that may not exist yet.
    pub(super) fn new(dir: PathBuf) -> Self {
        RunDirectory { dir, lock: None }
    }

    /// A directory that has something to go on with, locked before anything is read in it.
    pub(super) fn locked(dir: PathBuf) -> Result<Self, TrainError> {
        if !dir.is_dir() {
            return Err(ResumeError::NoDirectory { dir }.into());
        }
        let lock = Some(Lock::take(&dir)?);
        Ok(RunDirectory { dir, lock })
    }

    /// Makes it the home of a training that writes `files`: one that is `resumed`, or a new one, which destroys none that
    /// isn't finished.
    pub(super) fn occupy(self, files: &[&str], resumed: bool) -> Result<OutputDir, TrainError> {
        let RunDirectory { dir, lock } = self;
        let refuse = |reason| OutputError::Directory { dir: dir.clone(), reason };
        fs::create_dir_all(&dir).map_err(refuse)?;
        let lock = lock.map_or_else(|| Lock::take(&dir), Ok)?;
        only_of(&dir, "train")?;
        if !resumed && has_checkpoints(&checkpoints(&dir)) {
            return Err(ResumeError::Unfinished { dir }.into());
        }
        Ok(OutputDir::under(lock, &dir, files)?)
    }
}
