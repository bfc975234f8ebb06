//! What a run leaves behind.
//!
//! | type | where |
//! |---|---|
//! | [`Metrics`] | one line of `metrics.jsonl` for each step of each run |
//! | [`Summary`] | the object that `--json` prints |
//! | [`Record`] | `record.json` |
//! | [`Readings`], [`MonitorSummary`] | what a monitor adds to a line of metrics and to a run; absent without one |
//!
//! A number that isn't finite, a NaN loss say, becomes `null`: JSON has no other way.

use super::choices::Preset;
use super::settings::Settings;
use deo_core::Status;
use deo_models::gpt::GptConfig;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// One training step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metrics<'a> {
    /// The run's name.
    pub run: &'a str,
    /// The step, counted from 1.
    pub step: u64,
    /// The loss of this step's batch, before the step.
    pub loss: f64,
    /// The loss of the validation batches after the step, where it was evaluated.
    pub val_loss: Option<f64>,
    /// ‖g‖ before the step and before clipping.
    pub gradient_norm: f64,
    /// The lowest curvature, where it was measured in this step.
    pub curvature: Option<f64>,
    /// Its residual: an eigenvalue of the batch's Hessian lies within this distance of it.
    pub residual: Option<f64>,
    /// What DEO did: "quiet" on most steps; "skipped" where loss or gradient wasn't finite.
    pub event: &'a str,
    /// Gradients so far, DEO's included.
    pub gradients: u64,
    /// Losses that DEO evaluated so far.
    pub losses: u64,
    /// The learning rate.
    pub lr: f64,
    /// Evaluations of this step whose loss or gradient wasn't finite; absent without one.
    #[serde(skip_serializing_if = "is_zero")]
    pub non_finite: u64,
    /// Milliseconds of the step, without the validation and the monitor.
    pub ms: f64,
    /// What the monitor saw before the step, where it looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Readings>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One end of the spectrum of the monitor's batches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvatureEnd {
    /// The curvature along the axis that was followed there.
    pub curvature: f64,
    /// An eigenvalue lies within this distance of it.
    pub residual: f64,
    /// The error of the curvature from finite differences.
    pub secant_error: f64,
    /// How the visit ended: "converged", "noise", "budget" or "non-finite".
    #[serde(serialize_with = "word", deserialize_with = "status")]
    pub status: Status,
}

/// The statuses with which a visit can end, in the words of `deo spectrum`; the last one stands for all others.
const WORDS: [(Status, &str); 5] = [
    (Status::Converged, "converged"),
    (Status::Noise, "noise"),
    (Status::Budget, "budget"),
    (Status::NonFinite, "non-finite"),
    (Status::Unknown, "unknown"),
];

fn word<S: Serializer>(status: &Status, to: S) -> Result<S::Ok, S::Error> {
    let word = WORDS.iter().find(|(known, _)| known == status).map(|(_, word)| *word);
    to.serialize_str(word.unwrap_or("unknown"))
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<Status, D::Error> {
    let word = String::deserialize(from)?;
    let status = WORDS.iter().find(|(_, known)| *known == word).map(|(status, _)| *status);
    status.ok_or_else(|| D::Error::custom(format!("{word:?} is no status of a visit")))
}

/// What a monitor saw at one visit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    /// λ_min.
    pub lowest: CurvatureEnd,
    /// λ_max.
    pub highest: CurvatureEnd,
    /// The monitor's gradients so far, each of one batch and none of them in the budget.
    pub gradients: u64,
    /// Milliseconds of the visit.
    pub ms: f64,
}

/// What a monitor saw at the end, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MonitorSummary {
    /// λ_min at the trained parameters.
    pub lowest: CurvatureEnd,
    /// λ_max there.
    pub highest: CurvatureEnd,
    /// Visits, the last one included.
    pub visits: u64,
    /// Gradients, each of one batch and none of them in the budget.
    pub gradients: u64,
    /// Seconds of the visits, none of them in the seconds of training.
    pub seconds: f64,
}

/// The results of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// The base optimizer, and the policy after a plus sign.
    pub name: String,
    /// The mean loss of fixed batches of the training part, at the end.
    pub train_loss: f64,
    /// The mean loss of fixed batches of the validation part, at the end.
    pub val_loss: f64,
    /// All gradients, DEO's included.
    pub gradients: u64,
    /// The losses that DEO evaluated; gradients + losses/3 is within the budget.
    pub losses: u64,
    /// Seconds of training, without the validations and the monitor.
    pub seconds: f64,
    /// Rotations of the dimer.
    pub rotations: u64,
    /// Visits that moved the parameters along the axis.
    pub kicks: u64,
    /// The curvature last measured; `None` if there was no measurement.
    pub curvature: Option<f64>,
    /// What the monitor saw, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<MonitorSummary>,
}

/// The results of one run, and how it got there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRecord {
    /// The results.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// Steps of the base optimizer, moves by DEO included.
    pub steps: u64,
    /// Steps skipped because loss or gradient wasn't finite.
    pub skipped: u64,
    /// Visits of the dimer.
    pub visits: u64,
    /// Those that moved the parameters, by either search of Escape.
    pub moves: u64,
    /// The residual of the curvature last measured.
    pub residual: Option<f64>,
    /// The lowest validation loss.
    pub best_val_loss: f64,
    /// How often each event occurred.
    pub events: BTreeMap<String, u64>,
}

/// The object of `--json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary<'a> {
    /// "train".
    pub command: &'static str,
    /// The preset's name.
    pub preset: Preset,
    /// The seed.
    pub seed: u64,
    /// The runs, in order.
    pub runs: Vec<&'a RunSummary>,
}

impl<'a> Summary<'a> {
    /// The summary of a record.
    pub fn of(record: &'a Record) -> Self {
        let Settings { preset, seed, .. } = record.settings;
        let runs = record.runs.iter().map(|run| &run.summary).collect();
        Summary { command: record.command, preset, seed, runs }
    }
}

/// Everything about a training: what was asked for, on what, and what came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// "train".
    pub command: &'static str,
    /// The version of the program.
    pub version: &'static str,
    /// All settings, the seed among them.
    pub settings: Settings,
    /// The text.
    pub text: TextFacts,
    /// The model.
    pub model: ModelFacts,
    /// The runs that were finished, in order.
    pub runs: Vec<RunRecord>,
    /// Why the training stopped early; `None` if it didn't.
    pub failure: Option<String>,
    /// Text that the model of the last run wrote.
    pub sample: Option<String>,
}

/// What was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextFacts {
    /// The path, or the name of the built-in text.
    pub source: String,
    /// Its length in characters.
    pub characters: usize,
    /// Characters of the training part, the first nine tenths.
    pub training: usize,
    /// Characters of the validation part, the rest.
    pub validation: usize,
    /// Its distinct characters in the order of their tokens.
    pub vocabulary: String,
}

/// The shape of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ModelFacts {
    /// Numbers to be trained.
    pub parameters: usize,
    /// Characters that it knows.
    pub vocabulary: usize,
    /// Its context in characters.
    pub block: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Heads of a block.
    pub heads: usize,
    /// Components of a character's vector.
    pub width: usize,
}

impl ModelFacts {
    /// Of a model with that shape and that many parameters.
    pub fn new(config: &GptConfig, parameters: usize) -> Self {
        let GptConfig { vocabulary, block, layers, heads, width } = *config;
        ModelFacts { parameters, vocabulary, block, layers, heads, width }
    }
}
