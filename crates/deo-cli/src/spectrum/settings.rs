//! The settings of a spectrum: every option decided, every number checked.

use super::choices::{Ends, Precision, SecantRule};
use super::error::SpectrumError;
use super::options::SpectrumArgs;
use crate::setting::{SettingError, UnusedOption, maybe_shown, shown, threads, within};
use crate::train;
use deo_core::krylov::KrylovSettings;
use deo_core::{Length, Rule};
use serde::Serialize;
use std::path::PathBuf;

/// Everything that decides the numbers, and the number of threads, which doesn't.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Settings {
    /// What to look at.
    pub target: TargetSettings,
    /// Pairs at an end.
    pub k: usize,
    /// Which end.
    pub which: Ends,
    /// Residual of a converged pair over its |eigenvalue|.
    pub tol: f64,
    /// Directions kept between products.
    pub memory: usize,
    /// Gradients that the search may spend.
    pub max_gradients: u64,
    /// Whether pairs that were missed are searched for.
    pub confirm: bool,
    /// Storage.
    pub precision: Precision,
    /// How products are taken from gradients; `None` for a matrix, which gives them itself.
    pub rule: Option<SecantRule>,
    /// The displacement over max(‖x‖, 1); `None` for the balanced one.
    pub length: Option<f64>,
    /// The density of eigenvalues, if wanted.
    pub density: Option<DensitySettings>,
    /// Random vectors for the trace, if wanted.
    pub probes: Option<usize>,
    /// Seeds everything that is random.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum TargetSettings {
    /// A character GPT on fixed batches of a text.
    Gpt {
        /// Its size.
        preset: train::Preset,
        /// Its weights; `None` for the initial ones.
        #[serde(serialize_with = "maybe_shown")]
        weights: Option<PathBuf>,
        /// The text; `None` for the King James Bible.
        #[serde(serialize_with = "maybe_shown")]
        text: Option<PathBuf>,
        /// The number of batches whose mean loss is looked at.
        batches: usize,
        /// The number of batches that only judge.
        fresh: usize,
        /// Sequences in a batch.
        batch: usize,
        /// Characters in a sequence.
        block: usize,
    },
    /// An analytic function at a point.
    Landscape {
        /// Its name.
        name: String,
        /// The point as given; `None` for the first saddle.
        at: Option<String>,
    },
    /// A symmetric matrix.
    Matrix {
        /// Its file.
        #[serde(serialize_with = "shown")]
        path: PathBuf,
    },
}

/// How the density of eigenvalues is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DensitySettings {
    /// Lanczos steps of each random vector.
    pub steps: usize,
    /// Random vectors.
    pub vectors: usize,
}

/// Ranges that only keep a slip of the finger from filling the memory.
const MOST_PAIRS: usize = 1000;
const MOST_BATCHES: usize = 10_000;
const MOST_GRADIENTS: u64 = 1_000_000_000;
const MOST_STEPS: usize = 1000;
const MOST_VECTORS: usize = 1_000_000;

const DEFAULT_BATCHES: usize = 8;
const DEFAULT_GRADIENTS: u64 = 1000;

impl Settings {
    /// The settings that `args` ask for.
    ///
    /// # Errors
    ///
    /// [`SpectrumError`] with a message of one line that names the option and what would be right.
    pub fn resolve(args: &SpectrumArgs) -> Result<Settings, SpectrumError> {
        let target = target(args)?;
        let rule = match target {
            TargetSettings::Matrix { .. } => None,
            _ => Some(args.rule.unwrap_or_default()),
        };
        let k = within("k", args.k, 1, MOST_PAIRS)?;
        let wanted = if args.which == Ends::Both { 2 * k } else { k };
        let positive = |name, value: f64| {
            let fine = value > 0.0 && value.is_finite();
            let error = || SettingError::new(name, value, "finite and above 0");
            fine.then_some(value).ok_or_else(error)
        };
        let settings = Settings {
            k,
            which: args.which,
            tol: positive("tol", args.tol)?,
            // Four directions a pair keep the pace with several pairs that 20 have with one.
            memory: args.memory.unwrap_or_else(|| (4 * wanted).max(20)),
            max_gradients: within(
                "max-gradients",
                args.max_gradients.unwrap_or(DEFAULT_GRADIENTS),
                1,
                MOST_GRADIENTS,
            )?,
            confirm: !args.no_confirm,
            precision: args.precision.unwrap_or_default(),
            rule,
            length: args.length.map(|length| positive("length", length)).transpose()?,
            density: density(args)?,
            probes: probes(args)?,
            seed: args.seed,
            threads: threads(args.threads)?,
            target,
        };
        within("memory", settings.memory, 2 * wanted + 2, 10 * MOST_PAIRS)?;
        Ok(settings)
    }

    /// The pairs wanted in all.
    pub fn wanted(&self) -> usize {
        if self.which == Ends::Both { 2 * self.k } else { self.k }
    }

    /// Those of the search.
    pub fn krylov(&self) -> KrylovSettings {
        KrylovSettings {
            count: self.k,
            which: self.which.into(),
            memory: self.memory,
            rule: self.rule.map_or(Rule::Product, Rule::from),
            length: self.length.map(Length::Relative),
            tolerance: self.tol,
            floor: 0.0,
            confirm: self.confirm,
            cutoff: None,
            max_gradients: self.max_gradients,
        }
    }
}

/// What `deo train` would make of the options that it has too: the same defaults, the same ranges.
fn common(args: &SpectrumArgs) -> Result<train::Settings, SpectrumError> {
    let options = train::Options {
        preset: args.model.preset,
        batch: args.batch,
        block: args.block,
        ..train::Options::default()
    };
    Ok(train::Settings::resolve(options, &train::Options::default())?)
}

fn target(args: &SpectrumArgs) -> Result<TargetSettings, SpectrumError> {
    let targets = [
        ("--preset", args.model.preset.is_some()),
        ("--landscape", args.landscape.is_some()),
        ("--matrix", args.matrix.is_some()),
    ];
    let mut given = targets.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        return Err(SpectrumError::TwoTargets { first, second });
    }
    refuse_unused(args)?;
    if let Some(preset) = args.model.preset {
        let train::Settings { batch, block, .. } = common(args)?;
        let batches = within("batches", args.batches.unwrap_or(DEFAULT_BATCHES), 1, MOST_BATCHES)?;
        let fresh = args.fresh.unwrap_or(if batches > 1 { batches } else { 0 });
        return Ok(TargetSettings::Gpt {
            preset,
            weights: args.model.weights.clone(),
            text: args.model.text.clone(),
            batches,
            fresh: within("fresh", fresh, 0, MOST_BATCHES)?,
            batch,
            block,
        });
    }
    if let Some(name) = &args.landscape {
        return Ok(TargetSettings::Landscape { name: name.clone(), at: args.at.clone() });
    }
    let path = args.matrix.clone().ok_or(SpectrumError::NoTarget)?;
    Ok(TargetSettings::Matrix { path })
}

fn density(args: &SpectrumArgs) -> Result<Option<DensitySettings>, SpectrumError> {
    if !args.density {
        return Ok(None);
    }
    let (steps, vectors) = (args.density_steps.unwrap_or(40), args.density_vectors.unwrap_or(4));
    Ok(Some(DensitySettings {
        steps: within("density-steps", steps, 1, MOST_STEPS)?,
        vectors: within("density-vectors", vectors, 1, MOST_VECTORS)?,
    }))
}

fn probes(args: &SpectrumArgs) -> Result<Option<usize>, SpectrumError> {
    let probes = || within("probes", args.probes.unwrap_or(30), 1, MOST_VECTORS);
    Ok(args.trace.then(probes).transpose()?)
}

fn refuse_unused(args: &SpectrumArgs) -> Result<(), SpectrumError> {
    let preset = ("--preset", args.model.preset.is_some());
    let landscape = ("--landscape", args.landscape.is_some());
    let gradients = ("--preset or --landscape", preset.1 || landscape.1);
    let uses = [
        ("weights", args.model.weights.is_some(), preset),
        ("text", args.model.text.is_some(), preset),
        ("batches", args.batches.is_some(), preset),
        ("fresh", args.fresh.is_some(), preset),
        ("batch", args.batch.is_some(), preset),
        ("block", args.block.is_some(), preset),
        ("tokens", args.tokens.is_some(), preset),
        ("at", args.at.is_some(), landscape),
        ("rule", args.rule.is_some(), gradients),
        ("length", args.length.is_some(), gradients),
        ("density-steps", args.density_steps.is_some(), ("--density", args.density)),
        ("density-vectors", args.density_vectors.is_some(), ("--density", args.density)),
        ("probes", args.probes.is_some(), ("--trace", args.trace)),
    ];
    for (name, given, (needs, met)) in uses {
        if given && !met {
            return Err(UnusedOption { name, needs }.into());
        }
    }
    Ok(())
}
