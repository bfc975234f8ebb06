//! What the options ask for: every name and number checked.

use super::error::DiagnoseError;
use super::options::DiagnoseArgs;
use crate::setting::{SettingError, UnusedOption, maybe_shown, within};
use crate::train::{LONGEST_BLOCK, Preset};
use deo_bench::escape::Base;
use deo_core::diagnose::DiagnoseSettings;
use serde::Serialize;
use std::path::PathBuf;

/// Everything that decides the numbers of a diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// What is looked at.
    pub target: TargetSettings,
    /// Seeds the start, the batches and the random direction.
    pub seed: u64,
    /// The base optimizer.
    #[serde(serialize_with = "name_of")]
    pub base: Base,
    /// Its learning rate.
    pub lr: f64,
    /// Its steps before the diagnosis.
    pub steps: u64,
    /// Further batches, where steps have batches.
    pub others: usize,
    /// Gradients for the Krylov space.
    pub max_gradients: u64,
    /// To which share of themselves the ends of the spectrum are sought.
    pub tolerance: f64,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetSettings {
    /// A problem of deo-models.
    Problem {
        /// Its name.
        name: String,
    },
    /// A character GPT.
    Gpt {
        /// Its shape.
        preset: Preset,
        /// Its weights; `None` at initialisation.
        #[serde(serialize_with = "maybe_shown")]
        weights: Option<PathBuf>,
        /// The text of its batches; `None` for the built-in one.
        #[serde(serialize_with = "maybe_shown")]
        text: Option<PathBuf>,
        /// Sequences in a batch.
        batch: usize,
        /// Characters in a sequence.
        block: usize,
    },
}

fn name_of<S: serde::Serializer>(base: &Base, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(base.name())
}

/// What keeps a slip of the finger from costing a week.
const MOST_STEPS: u64 = 1_000_000_000;
const MOST_GRADIENTS: u64 = 1_000_000;
const MOST_BATCHES: usize = 10_000;
/// The Krylov space needs a start, both ends, and a check of each: 4 answers.
const LEAST_GRADIENTS: u64 = 8;

impl Settings {
    /// The settings that these arguments ask for.
    ///
    /// # Errors
    ///
    /// [`DiagnoseError`] with a message of one line.
    pub fn resolve(args: &DiagnoseArgs) -> Result<Self, DiagnoseError> {
        let target = target(args)?;
        let name = args.base.as_deref().unwrap_or("adam");
        let base = Base::ALL.into_iter().find(|base| base.name() == name);
        let base = base.ok_or_else(|| DiagnoseError::UnknownBase { name: name.to_owned() })?;
        let lr = args.lr.unwrap_or(match base {
            Base::Gd | Base::Lbfgs => 0.2,
            Base::HeavyBall | Base::Nesterov => 0.02,
            Base::Adam | Base::Adamw | Base::Nadamw => 1e-3,
            Base::Rmsprop | Base::Rprop | Base::Muon => 1e-3,
        });
        if !(lr > 0.0 && lr.is_finite()) {
            return Err(SettingError::new("lr", lr, "finite and above 0").into());
        }
        let default = DiagnoseSettings::default();
        let tolerance = args.tol.unwrap_or(default.tolerance);
        if !(tolerance > 0.0 && tolerance < 1.0) {
            return Err(SettingError::new("tol", tolerance, "above 0 and below 1").into());
        }
        let gradients = args.max_gradients.unwrap_or(default.max_gradients);
        Ok(Settings {
            target,
            seed: within("seed", args.seed.unwrap_or(1), 0, u64::MAX)?,
            base,
            lr,
            steps: within("steps", args.steps.unwrap_or(0), 0, MOST_STEPS)?,
            others: within("others", args.others.unwrap_or(4), 0, MOST_BATCHES)?,
            max_gradients: within("max-gradients", gradients, LEAST_GRADIENTS, MOST_GRADIENTS)?,
            tolerance,
        })
    }

    /// Those of the diagnosis itself.
    pub(super) fn diagnose(&self) -> DiagnoseSettings {
        DiagnoseSettings {
            max_gradients: self.max_gradients,
            tolerance: self.tolerance,
            seed: self.seed,
            ..DiagnoseSettings::default()
        }
    }
}

fn target(args: &DiagnoseArgs) -> Result<TargetSettings, DiagnoseError> {
    match (&args.problem, args.model.preset) {
        (None, None) => Err(DiagnoseError::Target { given: "there is nothing" }),
        (Some(_), Some(_)) => Err(DiagnoseError::Target { given: "there are two things" }),
        (Some(name), None) => {
            let of_gpt = [
                ("weights", args.model.weights.is_some()),
                ("text", args.model.text.is_some()),
                ("batch", args.batch.is_some()),
                ("block", args.block.is_some()),
            ];
            if let Some((name, _)) = of_gpt.into_iter().find(|(_, given)| *given) {
                return Err(UnusedOption { name, needs: "--preset" }.into());
            }
            Ok(TargetSettings::Problem { name: name.clone() })
        }
        (None, Some(preset)) => Ok(TargetSettings::Gpt {
            preset,
            weights: args.model.weights.clone(),
            text: args.model.text.clone(),
            batch: within("batch", args.batch.unwrap_or(64), 1, MOST_BATCHES)?,
            block: within("block", args.block.unwrap_or(preset.model(1).block), 1, LONGEST_BLOCK)?,
        }),
    }
}
