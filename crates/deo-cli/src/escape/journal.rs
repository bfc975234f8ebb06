//! The seeds that are done, one a line, so that a night's run can be gone on with.
//!
//! Lines are appended as seeds are finished, in whatever order the threads do that, to `runs.jsonl.partial`; the file that
//! a finished run leaves, `runs.jsonl`, has them in order. Either is read again by `--resume`, up to a line that was
//! cut. A line counts for the same cell, seed and rate; that the program is the same, its user has to see to.

use super::error::EscapeError;
use crate::output::{OutputDir, Stream};
use deo_bench::escape::harm::{Cell, Memory, Pair};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};

/// The file.
pub(super) const RUNS: &str = "runs.jsonl";

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    cell: String,
    lr: f64,
    pair: Pair,
}

/// What is done, and where more of it is written.
pub(super) struct Journal<'a> {
    output: Option<&'a OutputDir>,
    known: BTreeMap<(String, u64), Line>,
    stream: Option<Mutex<Stream>>,
}

impl<'a> Journal<'a> {
    /// A journal in that directory, if there is one; going on with what is there, or not.
    ///
    /// # Errors
    ///
    /// [`EscapeError::Output`] if it can't be written.
    pub(super) fn open(output: Option<&'a OutputDir>, resume: bool) -> Result<Self, EscapeError> {
        let known = output.filter(|_| resume).map(read).unwrap_or_default();
        let stream = output.map(|output| output.stream(RUNS)).transpose()?;
        let mut journal = Journal { output, known, stream: None };
        if let Some(mut stream) = stream {
            for line in journal.known.values() {
                stream.write_line(line)?;
            }
            journal.stream = Some(Mutex::new(stream));
        }
        Ok(journal)
    }

    /// Gives the file its name, its lines in order.
    ///
    /// # Errors
    ///
    /// [`EscapeError::Output`] if it can't be written.
    pub(super) fn finish(self) -> Result<(), EscapeError> {
        let Some(output) = self.output else { return Ok(()) };
        drop(self.stream);
        let mut text = Vec::new();
        for line in read(output).values() {
            serde_json::to_writer(&mut text, line).expect("our records have string keys only");
            text.push(b'\n');
        }
        Ok(output.write(RUNS, &text)?)
    }
}

impl Memory for Journal<'_> {
    type Error = EscapeError;

    fn find(&self, cell: &Cell, lr: f64, seed: u64) -> Option<Pair> {
        let line = self.known.get(&(cell.name(), seed))?;
        (line.lr == lr).then(|| line.pair.clone())
    }

    fn add(&self, cell: &Cell, lr: f64, pair: &Pair) -> Result<(), EscapeError> {
        if let Some(stream) = &self.stream {
            let line = Line { cell: cell.name(), lr, pair: pair.clone() };
            // Another thread's panic ends the run; what it wrote was whole lines.
            stream.lock().unwrap_or_else(PoisonError::into_inner).write_line(&line)?;
        }
        Ok(())
    }
}

/// The lines of both files, those of the one that wasn't finished last.
fn read(output: &OutputDir) -> BTreeMap<(String, u64), Line> {
    let text = |name: String| fs::read_to_string(output.path().join(name)).unwrap_or_default();
    let both = [text(RUNS.to_owned()), text(format!("{RUNS}.partial"))];
    let lines = both.iter().flat_map(|text| text.lines());
    let lines = lines.filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines.map(|line| ((line.cell.clone(), line.pair.seed), line)).collect()
}
