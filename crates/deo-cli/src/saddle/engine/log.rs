//! What a run says while it goes: a line and a frame a step.

use super::error::EngineError;
use super::oracle::Answers;
use super::settings::Settings;
use super::structure::Structure;
use deo_saddle::Step;
use serde::Serialize;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

/// A step of the search, as in the record.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Taken {
    /// Gradients spent up to there, probes included.
    pub(super) gradients: u64,
    /// eV.
    pub(super) energy: f64,
    /// The largest atomic force, eV/Å.
    pub(super) fmax: f64,
    /// The lowest curvature as it is known there, eV/Å²; NaN where nothing is.
    pub(super) curvature: f64,
}

/// Where a line and a frame of each step go.
pub(super) struct Log<'a> {
    /// `None` where nothing but JSON is to be printed.
    pub(super) stdout: Option<&'a mut dyn Write>,
    pub(super) trajectory: Option<(File, PathBuf)>,
    structure: &'a Structure,
    answers: Rc<RefCell<Answers>>,
    /// The first error; the search goes on, as its answers are what is dear.
    failed: Option<EngineError>,
    unprinted: Option<io::Error>,
    steps: Vec<Taken>,
}

impl<'a> Log<'a> {
    pub(super) fn new(
        settings: &Settings,
        structure: &'a Structure,
        answers: Rc<RefCell<Answers>>,
        stdout: Option<&'a mut dyn Write>,
    ) -> Result<Self, EngineError> {
        let open = |path: &PathBuf| {
            let failed = |reason| EngineError::File { what: "write", path: path.clone(), reason };
            File::create(path).map(|file| (file, path.clone())).map_err(failed)
        };
        let trajectory = settings.trajectory.as_ref().map(open).transpose()?;
        let (failed, unprinted) = (None, None);
        Ok(Log { stdout, trajectory, structure, answers, failed, unprinted, steps: vec![] })
    }

    /// Says nothing, and keeps no frames.
    pub(super) fn silent(structure: &'a Structure, answers: Rc<RefCell<Answers>>) -> Self {
        let (stdout, trajectory, failed, unprinted) = (None, None, None, None);
        Log { stdout, trajectory, structure, answers, failed, unprinted, steps: vec![] }
    }

    /// A line of standard output.
    pub(super) fn say(&mut self, line: &str) {
        if let Some(stdout) = &mut self.stdout {
            let done = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
            self.unprinted = self.unprinted.take().or(done.err());
        }
    }

    /// The line of titles.
    pub(super) fn begin(&mut self) {
        self.steps.clear();
        self.say("  step  gradients           energy         fmax    curvature  radius");
    }

    /// A line and a frame.
    pub(super) fn step(&mut self, step: &Step<'_, [f64]>) {
        let curvature = match step.curvature {
            c if c.is_finite() => format!("{c:12.4}"),
            _ => format!("{:>12}", "–"),
        };
        let line = format!(
            "{:6} {:10} {:16.6} {:12.6} {curvature} {:7.4}",
            self.steps.len(),
            step.counts.gradients(),
            step.value,
            step.size,
            step.radius
        );
        self.say(&line);
        self.steps.push(Taken {
            gradients: step.counts.gradients(),
            energy: step.value,
            fmax: step.size,
            curvature: step.curvature,
        });
        self.frame(step.x);
    }

    /// The steps since the line of titles.
    pub(super) fn taken(&mut self) -> Vec<Taken> {
        std::mem::take(&mut self.steps)
    }

    /// A frame of the trajectory.
    pub(super) fn frame(&mut self, x: &[f64]) {
        let Some((file, path)) = &mut self.trajectory else { return };
        let frame = frame(self.structure, &self.answers.borrow(), x, "");
        if let Err(reason) = file.write_all(frame.as_bytes()) {
            let error = EngineError::File { what: "write", path: path.clone(), reason };
            self.failed = self.failed.take().or(Some(error));
            self.trajectory = None;
        }
    }

    /// What couldn't be written.
    pub(super) fn end(self) -> (Option<EngineError>, Option<io::Error>) {
        (self.failed, self.unprinted)
    }
}

/// A point that was asked about, with its energy and forces.
pub(super) fn frame(structure: &Structure, answers: &Answers, x: &[f64], facts: &str) -> String {
    match answers.at(&structure.all(x)) {
        Some((energy, forces)) => {
            structure.text(x, &format!("energy={energy}{facts}"), &[("forces", forces)])
        }
        None => structure.text(x, facts, &[]),
    }
}
