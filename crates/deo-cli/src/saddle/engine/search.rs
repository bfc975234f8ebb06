//! The search, its verification, and what comes after, with a line and a frame a step.

use super::error::EngineError;
use super::frequencies::{Frequencies, frequencies};
use super::oracle::{Answers, Engine};
use super::settings::{Lengths, Settings};
use super::structure::{Structure, largest};
use crate::saddle::results::status;
use deo_saddle::{
    Descent, ModelHessian, Saddle, Step, TryError, Verdict, Watch, try_descend, try_find,
};
use serde::Serialize;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

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
    steps: u64,
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
        Ok(Log { stdout, trajectory, structure, answers, failed, unprinted, steps: 0 })
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
        self.steps = 0;
        self.say("  step  gradients           energy         fmax    curvature  radius");
    }

    fn step(&mut self, step: &Step<'_, [f64]>) {
        let curvature = match step.curvature {
            c if c.is_finite() => format!("{c:12.4}"),
            _ => format!("{:>12}", "–"),
        };
        let line = format!(
            "{:6} {:10} {:16.6} {:12.6} {curvature} {:7.4}",
            self.steps,
            step.counts.gradients(),
            step.value,
            step.size,
            step.radius
        );
        self.say(&line);
        self.steps += 1;
        if let Some((file, path)) = &mut self.trajectory {
            let frame = frame(self.structure, &self.answers.borrow(), step.x, "");
            if let Err(reason) = file.write_all(frame.as_bytes()) {
                let error = EngineError::File { what: "write", path: path.clone(), reason };
                self.failed = self.failed.take().or(Some(error));
                self.trajectory = None;
            }
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

/// A way down from the saddle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Side {
    /// minimum, or why it is none.
    pub(super) status: &'static str,
    pub(super) energy: f64,
    /// The saddle's energy above it.
    pub(super) barrier: Option<f64>,
    pub(super) gradients: u64,
    pub(super) x: Vec<f64>,
}

/// All that was found.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) saddle: Saddle<Vec<f64>>,
    /// The largest atomic force at its end.
    pub(super) fmax: f64,
    pub(super) frequencies: Option<Frequencies>,
    pub(super) sides: Vec<Side>,
}

impl Outcome {
    /// As in the records of all searches.
    pub(super) fn status(&self) -> &'static str {
        status(self.saddle.found.outcome, self.saddle.verdict)
    }
}

/// The model Hessian, if there is one.
pub(super) type Model = Option<Box<dyn ModelHessian<[f64]>>>;

fn lent(model: &mut Model) -> Option<&mut dyn ModelHessian<[f64]>> {
    model.as_deref_mut().map(|model| model as _)
}

/// The search from `x` and whatever was asked for after it.
pub(super) fn search(
    settings: &Settings,
    structure: &Structure,
    engine: &mut Engine<'_>,
    lengths: Lengths,
    x: &[f64],
    mut model: Model,
    log: &mut Log<'_>,
) -> Result<Outcome, EngineError> {
    let space_at = |x: &[f64]| structure.space(x);
    let (method, verification) =
        (settings.method(x.len(), lengths), settings.verification(x.len(), lengths));
    log.begin();
    let observe = &mut |step: &Step<'_, [f64]>| log.step(step);
    let mut watch = Watch { size: Some(&largest), model: lent(&mut model), observe: Some(observe) };
    let saddle = try_find(space_at, engine, x, None, &method, &verification, &mut watch);
    let saddle = saddle.map_err(stopped)?;
    let mut gradient = vec![0.0; x.len()];
    // It was asked before.
    deo_core::oracle::Oracle::try_value_grad(engine, &saddle.found.x, &mut gradient)?;
    let mut outcome =
        Outcome { saddle, fmax: largest(&gradient), frequencies: None, sides: vec![] };
    let at = outcome.saddle.found.x.clone();
    if settings.frequencies && outcome.saddle.found.outcome == deo_saddle::Outcome::Converged {
        outcome.frequencies = frequencies(structure, engine, &at)?;
    }
    if settings.connect && outcome.saddle.is_confirmed() {
        outcome.sides =
            sides(settings, structure, engine, lengths, &outcome.saddle, &mut model, log)?;
    }
    Ok(outcome)
}

/// The push off a saddle, Å: within the range of its curvature …
const PUSH: f64 = 0.1;
/// … and so far at least that the slope is this many times what counts as none.
const SLOPE: f64 = 3.0;
/// The longest push, Å.
const LONGEST_PUSH: f64 = 0.3;

fn sides(
    settings: &Settings,
    structure: &Structure,
    engine: &mut Engine<'_>,
    lengths: Lengths,
    saddle: &Saddle<Vec<f64>>,
    model: &mut Model,
    log: &mut Log<'_>,
) -> Result<Vec<Side>, EngineError> {
    let space_at = |x: &[f64]| structure.space(x);
    let x = &saddle.found.x;
    let method = settings.descent(x.len(), lengths);
    let verification = settings.verification(x.len(), lengths);
    let slope = SLOPE * settings.fmax / saddle.curvatures[0].abs();
    let push = slope.clamp(PUSH, LONGEST_PUSH);
    // A side is + or − along the axis, whose sign means nothing: the component that is largest is made positive.
    let axis = &saddle.axes[0];
    let largest_component =
        axis.iter().fold(0.0, |most: f64, a| if a.abs() > most.abs() { *a } else { most });
    let mut sides = vec![];
    for sign in [1.0, -1.0] {
        log.say("");
        log.say(if sign > 0.0 { "down on one side" } else { "down on the other side" });
        log.begin();
        let along = (sign * push).copysign(sign * largest_component);
        let start: Vec<f64> = x.iter().zip(axis).map(|(x, a)| x + along * a).collect();
        let observe = &mut |step: &Step<'_, [f64]>| log.step(step);
        let mut watch = Watch { size: Some(&largest), model: lent(model), observe: Some(observe) };
        let down = try_descend(space_at, engine, &start, push, &method, &verification, &mut watch);
        sides.push(side(saddle.found.value, &down.map_err(stopped)?));
    }
    Ok(sides)
}

fn side(saddle: f64, down: &Descent<Vec<f64>>) -> Side {
    let found = &down.end.found;
    Side {
        status: if down.is_minimum() {
            "minimum"
        } else {
            // A converged end that isn't one has another index.
            status(found.outcome, down.end.verdict)
        },
        energy: found.value,
        barrier: down.is_minimum().then_some(saddle - found.value),
        gradients: down.gradients,
        x: found.x.clone(),
    }
}

fn stopped(error: TryError<EngineError>) -> EngineError {
    match error {
        TryError::Drive(error) => EngineError::Drive(error),
        TryError::Stopped(stop) => stop,
    }
}

/// The index that a verdict says, if it does.
pub(super) fn index_of(verdict: Verdict, sought: usize) -> Option<usize> {
    match verdict {
        Verdict::Confirmed => Some(sought),
        Verdict::WrongIndex { negative } => Some(negative),
        _ => None,
    }
}
