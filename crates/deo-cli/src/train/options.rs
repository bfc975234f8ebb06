//! The options of `deo train`, as given: on the command line, in a file, or not at all.
//!
//! Problem: the command line and the configuration file must never drift apart. So one struct is both: clap fills
//! it from the arguments, serde from TOML, and [`Options::or`] lays one over the other. Nothing is checked
//! here beyond its type; [`Settings::resolve`](super::Settings::resolve) supplies the defaults and refuses.

use super::choices::{OptimizerKind, PolicyKind, Preset};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Every option; `None` where it was not given.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// The model's size, with defaults for everything else [default: tiny]
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub preset: Option<Preset>,

    /// A UTF-8 text to train on [default: the King James Bible, built in]
    #[arg(long, value_name = "FILE", help_heading = MODEL)]
    pub text: Option<PathBuf>,

    /// Sequences in a batch [default: 16 (tiny), 12 (paper-…)]
    #[arg(long, value_name = "N", help_heading = MODEL)]
    pub batch: Option<usize>,

    /// Characters in a sequence, the model's context [default: 32 (tiny), 64 (paper-…)]
    #[arg(long, value_name = "N", help_heading = MODEL)]
    pub block: Option<usize>,

    /// The base optimizer [default: adamw]
    #[arg(long, value_name = "NAME", help_heading = OPTIMIZER)]
    pub optimizer: Option<OptimizerKind>,

    /// The highest learning rate [default: depends on preset and optimizer]
    #[arg(long, value_name = "RATE", help_heading = OPTIMIZER)]
    pub lr: Option<f64>,

    /// The final learning rate of the cosine schedule [default: lr/10]
    #[arg(long, value_name = "RATE", help_heading = OPTIMIZER)]
    #[serde(alias = "min_lr")]
    pub min_lr: Option<f64>,

    /// Gradients of linear warm-up [default: steps/10, at most 100]
    #[arg(long, value_name = "N", help_heading = OPTIMIZER)]
    pub warmup: Option<u64>,

    /// Weight decay of matrices [default: 0.1 (adamw, nadamw, amsgrad, muon), 0 (adam, sgd)]
    #[arg(long, value_name = "X", help_heading = OPTIMIZER)]
    #[serde(alias = "weight_decay")]
    pub weight_decay: Option<f64>,

    /// Clip the gradient's norm to this; 0 for never [default: 1]
    #[arg(long, value_name = "NORM", help_heading = OPTIMIZER)]
    pub clip: Option<f64>,

    /// Momentum of sgd and muon [default: 0.9 (sgd), 0.95 (muon)]
    #[arg(long, value_name = "X", help_heading = OPTIMIZER)]
    pub momentum: Option<f64>,

    /// Memory of the first moment of adam and its relatives, in muon of what isn't a matrix [default: 0.9]
    #[arg(long, value_name = "X", help_heading = OPTIMIZER)]
    pub beta1: Option<f64>,

    /// Memory of the second moment of the same [default: 0.99]
    #[arg(long, value_name = "X", help_heading = OPTIMIZER)]
    pub beta2: Option<f64>,

    /// What DEO does; off trains without it only [default: escape]
    #[arg(long, value_name = "NAME", help_heading = DEO)]
    pub policy: Option<PolicyKind>,

    /// Share of the gradient along the axis that deflate takes away [default: 1]
    #[arg(long, value_name = "X", help_heading = DEO)]
    pub alpha: Option<f64>,

    /// Share of the gradient along the axis that amplify adds, or strength of a compat rule
    /// [default: 1, or as published]
    #[arg(long, value_name = "X", help_heading = DEO)]
    pub strength: Option<f64>,

    /// Steps between two visits of the dimer [default: 3 (escape), 10]
    #[arg(long, value_name = "N", help_heading = DEO)]
    pub interval: Option<u64>,

    /// Share of the gradients that escape may spend, beside the allowance [default: 2 % in all]
    #[arg(long, value_name = "X", help_heading = DEO)]
    pub share: Option<f64>,

    /// Gradients that escape may spend from the start [default: 2 % of steps, at most 60]
    #[arg(long, value_name = "X", help_heading = DEO)]
    pub allowance: Option<f64>,

    /// Follow λ_min and λ_max of the Hessian through every run, changing nothing in it [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(help_heading = MONITOR)]
    pub monitor: Option<bool>,

    /// Steps between two of its visits [default: 50]
    #[arg(long, value_name = "N", help_heading = MONITOR)]
    #[serde(alias = "monitor_interval")]
    pub monitor_interval: Option<u64>,

    /// Most gradients for each end at a visit, 40 at the first; 2 are one rotation [default: 16]
    #[arg(long, value_name = "N", help_heading = MONITOR)]
    #[serde(alias = "monitor_gradients")]
    pub monitor_gradients: Option<u64>,

    /// Fixed training batches whose mean loss it probes; each gradient costs as many [default: 2]
    #[arg(long, value_name = "N", help_heading = MONITOR)]
    #[serde(alias = "monitor_batches")]
    pub monitor_batches: Option<usize>,

    /// The budget of each run, in gradients: steps without DEO [default: depends on preset]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub steps: Option<u64>,

    /// Seeds weights, batches, axes and the sample, each with a stream of its own [default: 1]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub seed: Option<u64>,

    /// Threads; the numbers don't depend on them [default: all cores]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub threads: Option<usize>,

    /// Keep of each block of the model what it reads, and compute the rest again for the gradient: less memory, more time, the
    /// same numbers [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(help_heading = RUN)]
    pub recompute: Option<bool>,

    /// Gradients between two validations [default: steps/10]
    #[arg(long, value_name = "N", help_heading = RUN)]
    #[serde(alias = "eval_every")]
    pub eval_every: Option<u64>,

    /// Batches of a validation [default: 20]
    #[arg(long, value_name = "N", help_heading = RUN)]
    #[serde(alias = "eval_batches")]
    pub eval_batches: Option<usize>,

    /// Characters of text that the trained model writes at the end [default: 400]
    #[arg(long, value_name = "N", help_heading = OUTPUT)]
    pub sample: Option<usize>,

    /// Write record.json, metrics.jsonl, curves.svg, weights.safetensors (of the last run) and, with --monitor,
    /// curvature.svg there
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,

    /// Lose at most this many steps, whatever ends the run: with --out, a checkpoint begins every half as many
    /// [default: 200]
    #[arg(long, value_name = "N", help_heading = OUTPUT)]
    #[serde(alias = "save_every")]
    pub save_every: Option<u64>,
}

const MODEL: &str = "Model and data";
const OPTIMIZER: &str = "Optimizer";
const DEO: &str = "DEO";
const MONITOR: &str = "Monitor";
pub(crate) const RUN: &str = "Run";
/// A heading that an option outside of this struct shares, like `RUN`.
pub(crate) const OUTPUT: &str = "Output";

impl Options {
    /// These options, and those of `file` where they are silent.
    #[must_use]
    pub fn or(self, file: Options) -> Options {
        Options {
            preset: self.preset.or(file.preset),
            text: self.text.or(file.text),
            batch: self.batch.or(file.batch),
            block: self.block.or(file.block),
            optimizer: self.optimizer.or(file.optimizer),
            lr: self.lr.or(file.lr),
            min_lr: self.min_lr.or(file.min_lr),
            warmup: self.warmup.or(file.warmup),
            weight_decay: self.weight_decay.or(file.weight_decay),
            clip: self.clip.or(file.clip),
            momentum: self.momentum.or(file.momentum),
            beta1: self.beta1.or(file.beta1),
            beta2: self.beta2.or(file.beta2),
            policy: self.policy.or(file.policy),
            alpha: self.alpha.or(file.alpha),
            strength: self.strength.or(file.strength),
            interval: self.interval.or(file.interval),
            share: self.share.or(file.share),
            allowance: self.allowance.or(file.allowance),
            monitor: self.monitor.or(file.monitor),
            monitor_interval: self.monitor_interval.or(file.monitor_interval),
            monitor_gradients: self.monitor_gradients.or(file.monitor_gradients),
            monitor_batches: self.monitor_batches.or(file.monitor_batches),
            steps: self.steps.or(file.steps),
            seed: self.seed.or(file.seed),
            threads: self.threads.or(file.threads),
            recompute: self.recompute.or(file.recompute),
            eval_every: self.eval_every.or(file.eval_every),
            eval_batches: self.eval_batches.or(file.eval_batches),
            sample: self.sample.or(file.sample),
            out: self.out.or(file.out),
            save_every: self.save_every.or(file.save_every),
        }
    }
}
