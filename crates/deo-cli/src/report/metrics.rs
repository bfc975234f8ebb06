//! `metrics.jsonl`, read into columns.
//!
//! A line a step, the runs of a training one after the other. A loss or a gradient norm of `null` was not finite; another
//! `null` was not measured. The last line of a file that still grows may be cut off, and is then left out.

use super::error::ReportError;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Larger numbers are drawn as this one, so that differences of coordinates stay finite.
const LARGEST: f64 = 1e300;

/// A step of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) step: u64,
    /// Gradients and a third of the losses.
    pub(super) cost: f64,
    /// NaN if it wasn't finite.
    pub(super) loss: f64,
    /// NaN if it wasn't finite.
    pub(super) gradient_norm: f64,
    /// NaN if it isn't known.
    pub(super) lr: f64,
    /// Seconds of the training so far.
    pub(super) seconds: f64,
}

/// Something measured in some of the steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// The place of its step in [`Curves::steps`].
    pub(super) at: usize,
    pub(super) value: f64,
    /// Half of the error bar; 0 without one.
    pub(super) error: f64,
}

/// All that happened in one run of a training.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Curves {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
    pub(super) val_loss: Vec<Sample>,
    /// What DEO measured.
    pub(super) curvature: Vec<Sample>,
    /// λ_min as the monitor saw it.
    pub(super) lowest: Vec<Sample>,
    /// λ_max as the monitor saw it.
    pub(super) highest: Vec<Sample>,
    /// Steps in which something happened, and the places of its names in [`kinds`](Self::kinds).
    pub(super) events: Vec<(usize, usize)>,
    /// The names of events in the order in which they occurred first, "quiet" not among them.
    pub(super) kinds: Vec<String>,
    places: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    run: Cow<'a, str>,
    step: u64,
    loss: Option<f64>,
    #[serde(default)]
    val_loss: Option<f64>,
    gradient_norm: Option<f64>,
    #[serde(default)]
    curvature: Option<f64>,
    #[serde(default)]
    residual: Option<f64>,
    #[serde(borrow, default)]
    event: Cow<'a, str>,
    gradients: u64,
    #[serde(default)]
    losses: u64,
    #[serde(default)]
    lr: Option<f64>,
    #[serde(default)]
    ms: Option<f64>,
    #[serde(default)]
    monitor: Option<Readings>,
}

#[derive(Deserialize)]
struct Readings {
    lowest: End,
    highest: End,
}

#[derive(Deserialize)]
struct End {
    curvature: Option<f64>,
    residual: Option<f64>,
}

impl Curves {
    fn push(&mut self, line: &Line<'_>) {
        let at = self.steps.len();
        let bounded = |x: f64| x.clamp(-LARGEST, LARGEST);
        let known = |x: Option<f64>| x.map_or(f64::NAN, bounded);
        let before = self.steps.last().map_or(0.0, |step| step.seconds);
        self.steps.push(Step {
            step: line.step,
            cost: line.gradients as f64 + line.losses as f64 / 3.0,
            loss: known(line.loss),
            gradient_norm: known(line.gradient_norm),
            lr: known(line.lr),
            seconds: before + line.ms.unwrap_or(0.0).clamp(0.0, 1e12) / 1e3,
        });
        let sample = |value: f64, error: Option<f64>| {
            let error = error.unwrap_or(0.0).abs().min(LARGEST);
            Sample { at, value: bounded(value), error }
        };
        self.val_loss.extend(line.val_loss.map(|value| sample(value, None)));
        self.curvature.extend(line.curvature.map(|value| sample(value, line.residual)));
        if let Some(Readings { lowest, highest }) = &line.monitor {
            self.lowest.extend(lowest.curvature.map(|value| sample(value, lowest.residual)));
            self.highest.extend(highest.curvature.map(|value| sample(value, highest.residual)));
        }
        if !line.event.is_empty() && line.event != "quiet" {
            let kind = self.kind(&line.event);
            self.events.push((at, kind));
        }
    }

    fn kind(&mut self, name: &str) -> usize {
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        self.places.insert(name.to_owned(), self.kinds.len());
        self.kinds.push(name.to_owned());
        self.kinds.len() - 1
    }

    /// Steps whose loss wasn't finite.
    pub(super) fn without_loss(&self) -> usize {
        self.steps.iter().filter(|step| step.loss.is_nan()).count()
    }
}

/// The runs in a file of metrics, in the order in which they begin; with `grows` without a last line that is cut off.
pub(super) fn read(path: &Path, grows: bool) -> Result<Vec<Curves>, ReportError> {
    let failed = |reason| ReportError::Read { path: path.to_owned(), reason };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let (mut runs, mut places) = (Vec::<Curves>::new(), BTreeMap::<String, usize>::new());
    let mut text = Vec::new();
    for number in 1_u64.. {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(failed)? == 0 {
            break;
        }
        let whole = text.ends_with(b"\n");
        if text.trim_ascii().is_empty() || (grows && !whole) {
            continue;
        }
        let line: Line<'_> = serde_json::from_slice(&text).map_err(|error| {
            // serde_json counts lines too, and here it sees one only.
            let error = error.to_string();
            let reason = error.split(" at line ").next().unwrap_or(&error);
            let reason = format!("line {number}: {reason}");
            ReportError::Damaged { path: path.to_owned(), reason }
        })?;
        let place = places.get(line.run.as_ref()).copied().unwrap_or_else(|| {
            places.insert(line.run.to_string(), runs.len());
            runs.push(Curves { name: line.run.to_string(), ..Curves::default() });
            runs.len() - 1
        });
        runs[place].push(&line);
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, grows: bool) -> Result<Vec<Curves>, ReportError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        std::fs::write(&path, text).unwrap();
        read(&path, grows)
    }

    const LINE: &str = r#"{"run":"a","step":1,"loss":2.5,"val_loss":3.5,"gradient_norm":null,"curvature":-2,"residual":0.5,"event":"kick","gradients":5,"losses":3,"lr":0.1,"ms":250}"#;

    #[test]
    fn a_line_becomes_a_step_and_its_samples() {
        let runs = read_text(&format!("{LINE}\n\n{LINE}\n"), false).unwrap();
        assert_eq!(runs.len(), 1);
        let run = &runs[0];
        let Step { step, cost, loss, gradient_norm, seconds, .. } = run.steps[1];
        assert_eq!((step, cost, loss, seconds), (1, 6.0, 2.5, 0.5));
        assert!(gradient_norm.is_nan() && run.without_loss() == 0);
        assert_eq!(run.curvature[1], Sample { at: 1, value: -2.0, error: 0.5 });
        assert_eq!((run.events.as_slice(), run.kinds.len()), (&[(0, 0), (1, 0)][..], 1));
    }

    #[test]
    fn only_a_file_that_grows_may_end_within_a_line() {
        let text = format!("{LINE}\n{}", &LINE[..40]);
        assert_eq!(read_text(&text, true).unwrap()[0].steps.len(), 1);
        let error = read_text(&text, false).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.lines().count() == 1, "{error}");
    }

    #[test]
    fn what_is_no_step_is_refused_with_its_line() {
        for bad in
            ["[]", "{}", "nonsense", r#"{"run":"a","step":-1}"#, "\u{fffd}", &"[".repeat(1000)]
        {
            let error = read_text(&format!("{LINE}\n{bad}\n"), true).unwrap_err().to_string();
            assert!(error.contains("line 2") && error.lines().count() == 1, "{error}");
        }
    }

    #[test]
    fn huge_numbers_stay_drawable() {
        let runs = read_text(&LINE.replace("2.5", "-1.7e308"), false).unwrap();
        assert_eq!(runs[0].steps[0].loss, -LARGEST);
    }
}
