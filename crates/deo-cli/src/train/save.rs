//! Checkpoints in the making: encoded by the training thread, written by another.
//!
//! Problem: a save must hold up a step as little as possible, and yet a promise must hold: whatever ends the process,
//! at most N steps are lost. So the training thread only encodes, at the speed of memory; a thread of its own syncs the
//! metrics, then writes, syncs and renames the checkpoint. With m = max(1, ⌊N/2⌋):
//!
//! 1. a save begins when m steps were taken since the last began,
//! 2. and waits for the one before, if that is still being written: one is in flight at most.
//!
//! After step t every save that began before step t − m is complete, and begins are m apart: 2m ≤ N steps can be lost. For
//! N = 1 that isn't enough, and every save is waited for.
//!
//! A save that fails ends the run at the step after: better an end that is seen than a night without a net. The
//! checkpoints before are untouched.

use super::error::TrainError;
use crate::output::OutputError;
use deo_models::checkpoint::{Kind, Store, encode_into};
use serde::Serialize;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

/// A training in progress. The digit goes up with any change of what is serialised.
pub(super) const KIND: Kind = Kind(*b"deotrn-3");

/// The metrics written so far, to be synced before a checkpoint says that they exist.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) path: PathBuf,
    pub(super) file: File,
}

/// Saves a training, over and over.
#[derive(Debug)]
pub(super) struct Saver {
    store: Store,
    /// m.
    interval: u64,
    /// N = 1.
    waits: bool,
    /// The number of the last save that began or was resumed from.
    begun: Option<u64>,
    /// The last save that is complete.
    complete: Option<PathBuf>,
    in_flight: Option<JoinHandle<Written>>,
    /// Memory of an earlier save.
    buffer: Vec<u8>,
}

/// What the writing thread gives back.
type Written = (Vec<u8>, Result<PathBuf, TrainError>);

impl Saver {
    /// Into `dir`, after the checkpoint `resumed` if there is one; at most `every` steps are to be lost.
    pub(super) fn new(dir: &Path, every: u64, resumed: Option<(u64, PathBuf)>) -> Self {
        let (begun, complete) = resumed.unzip();
        Saver {
            store: Store::new(dir, KIND),
            interval: (every / 2).max(1),
            waits: every == 1,
            begun,
            complete,
            in_flight: None,
            buffer: vec![],
        }
    }

    /// Whether the state after `number` steps is to be saved.
    pub(super) fn is_due(&self, number: u64) -> bool {
        self.begun.is_none_or(|begun| number >= begun + self.interval)
    }

    /// Begins to save what came after `number` steps.
    ///
    /// # Errors
    ///
    /// Why the save before failed, or why this one can't begin.
    pub(super) fn begin<T: Serialize>(
        &mut self,
        number: u64,
        value: &T,
        metrics: Mark,
    ) -> Result<(), TrainError> {
        self.wait()?;
        let mut bytes = std::mem::take(&mut self.buffer);
        encode_into(KIND, value, &mut bytes).map_err(TrainError::Save)?;
        let store = self.store.clone();
        let write = move || {
            let saved = write(&store, number, &bytes, metrics);
            (bytes, saved)
        };
        let thread = thread::Builder::new().name("deo-save".to_owned()).spawn(write);
        self.in_flight = Some(thread.map_err(|reason| self.failed(reason))?);
        self.begun = Some(number);
        if self.waits { self.wait() } else { Ok(()) }
    }

    /// Looks after the save in flight, if it has ended.
    ///
    /// # Errors
    ///
    /// Why it failed.
    pub(super) fn poll(&mut self) -> Result<(), TrainError> {
        match &self.in_flight {
            Some(thread) if thread.is_finished() => self.wait(),
            _ => Ok(()),
        }
    }

    /// Waits for the save in flight, if there is one.
    ///
    /// # Errors
    ///
    /// Why it failed.
    pub(super) fn wait(&mut self) -> Result<(), TrainError> {
        let Some(thread) = self.in_flight.take() else { return Ok(()) };
        let panicked = |_| self.failed(io::Error::other("the thread that saves panicked"));
        let (buffer, saved) = thread.join().map_err(panicked)?;
        self.buffer = buffer;
        self.complete = Some(saved?);
        Ok(())
    }

    /// The last checkpoint that is complete, if it is still there.
    pub(super) fn last_good(&self) -> Option<&Path> {
        self.complete.as_deref().filter(|path| path.exists())
    }

    fn failed(&self, reason: io::Error) -> TrainError {
        let path = self.store.path(self.begun.unwrap_or(0));
        TrainError::Output(OutputError::Write { path, reason })
    }
}

impl Drop for Saver {
    /// A save in flight is completed: it may be the last good one.
    fn drop(&mut self) {
        let _ = self.wait();
    }
}

fn write(store: &Store, number: u64, bytes: &[u8], metrics: Mark) -> Result<PathBuf, TrainError> {
    let Mark { path, file } = metrics;
    let failed = |reason| TrainError::Output(OutputError::Write { path: path.clone(), reason });
    file.sync_data().map_err(failed)?;
    // A file that was removed can still be written, and its content is lost.
    path.metadata().map_err(failed)?;
    store.save(number, bytes).map_err(TrainError::Save)
}

/// Whether a directory holds checkpoints, usable or not.
pub(super) fn has_checkpoints(dir: &Path) -> bool {
    let is_one = |entry: io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "deo"))
    };
    std::fs::read_dir(dir).is_ok_and(|mut entries| entries.any(is_one))
}
