//! The settings of a run: every option decided, every number checked.
//!
//! | setting | where no option gives it |
//! |---|---|
//! | batch, steps, lr | of the [`Preset`] |
//! | betas, weight decay, clipping, warm-up, final rate | nanoGPT's for characters: β = (0.9, 0.99), 0.1 on matrices, 1, 100, lr/10 |
//! | DEO's | [`DeoSettings::default`], with [`BudgetSettings::for_run`] |

use super::choices::{OptimizerKind, PolicyKind, Preset};
use super::error::TrainError;
use super::monitor::Monitoring;
use super::optimizers::{BaseOptimizer, check};
use super::options::Options;
use super::unused::refuse_unused;
use crate::setting::{SettingError, threads, within};
use deo_core::budget::BudgetSettings;
use deo_core::compat::CompatSettings;
use deo_core::deo::Tracking;
use deo_core::optim::Schedule;
use deo_core::{DeoSettings, PolicySettings};
use serde::Serialize;
use std::path::PathBuf;

/// Everything that decides the numbers of a run, and a few that don't, the number of threads among them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Settings {
    /// The model's size.
    pub preset: Preset,
    /// The text, `None` for the King James Bible.
    pub text: Option<PathBuf>,
    /// Sequences in a batch.
    pub batch: usize,
    /// Characters in a sequence; the model's context.
    pub block: usize,
    /// The budget of each run in gradients.
    pub steps: u64,
    /// Seeds everything that is random.
    pub seed: u64,
    /// The base optimizer and its parameters.
    pub optimizer: BaseOptimizer,
    /// The learning rate, a function of the gradients spent.
    pub schedule: Schedule,
    /// The gradient's norm is clipped to this; 0 for never.
    pub clip: f64,
    /// What DEO does in the second run.
    pub policy: PolicyKind,
    /// The policy with all its settings.
    pub method: Method,
    /// What the monitor looks at, if there is one.
    pub monitor: Option<Monitoring>,
    /// Gradients between two validations.
    pub eval_every: u64,
    /// Batches of a validation.
    pub eval_batches: usize,
    /// Characters that the model writes at the end.
    pub sample: usize,
    /// Threads.
    pub threads: usize,
    /// Whether a gradient computes the activations of forward again, which changes no number either.
    pub recompute: bool,
    /// The most steps that are lost, whatever ends the run; `None` if nothing is kept.
    pub save_every: Option<u64>,
}

/// What works beside the base optimizer in the second run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Nothing: there is no second run.
    Off,
    /// DEO.
    Deo(DeoSettings),
    /// A published rule.
    Published(CompatSettings),
}

/// Ranges that only keep a slip of the finger from filling the memory: GPT-2's context, and activations of some
/// gigabytes for the largest preset.
pub(crate) const LONGEST_BLOCK: usize = 1024;
const LARGEST_BATCH: usize = 1 << 16;
const MOST_EVALUATION: usize = 1000;
/// A thousand products find the ends of any spectrum: whoever types more means something else.
const MOST_MONITOR_GRADIENTS: u64 = 1000;
const DEFAULT_SEED: u64 = 1;
/// A second of the tiny model, a minute of the largest; the saves between cost less than 1 % of either.
const DEFAULT_SAVE_EVERY: u64 = 200;
/// Thirds of gradients are counted in 64 bits.
const MOST_STEPS: u64 = 1_000_000_000_000;

impl Settings {
    /// The first step at which DEO looks: Escape waits for the end of the warm-up (docs/adr/0028).
    pub(super) fn first_look(&self) -> u64 {
        match self.method {
            Method::Deo(DeoSettings { policy: PolicySettings::Escape(_), .. }) => {
                self.schedule.warmup()
            }
            _ => 0,
        }
    }

    /// The settings that `options` ask for. `given` are those of the command line alone: one that this run has no
    /// use for is refused there, while a file may hold settings for several policies.
    ///
    /// # Errors
    ///
    /// [`TrainError`] with a message of one line that names the setting and its range.
    pub fn resolve(options: Options, given: &Options) -> Result<Settings, TrainError> {
        let preset = options.preset.unwrap_or_default();
        let defaults = preset.defaults();
        let kind = options.optimizer.unwrap_or_default();
        let policy = options.policy.unwrap_or_default();
        let monitored = options.monitor.unwrap_or(false);
        let kept = options.out.is_some();
        refuse_unused(given, (kind, policy), monitored, kept)?;
        options.interval.map_or(Ok(1), |interval| within("interval", interval, 1, MOST_STEPS))?;

        let steps = within("steps", options.steps.unwrap_or(defaults.steps), 1, MOST_STEPS)?;
        let block = options.block.unwrap_or(preset.model(1).block);
        let block = within("block", block, 1, LONGEST_BLOCK)?;
        let batch = options.batch.unwrap_or(defaults.batch);
        let batch = within("batch", batch, 1, LARGEST_BATCH / block)?;
        let lr = options.lr.unwrap_or(match kind {
            OptimizerKind::Sgd => defaults.sgd_lr,
            _ => defaults.adam_lr,
        });
        let settings = Settings {
            preset,
            batch,
            block,
            steps,
            seed: options.seed.unwrap_or(DEFAULT_SEED),
            optimizer: BaseOptimizer::new(kind, &options),
            schedule: schedule(lr, steps, &options)?,
            clip: nonnegative("clip", options.clip.unwrap_or(1.0))?,
            policy,
            method: method(policy, steps, &options),
            monitor: monitored.then(|| monitoring(&options)).transpose()?,
            eval_every: within(
                "eval-every",
                options.eval_every.unwrap_or((steps / 10).max(1)),
                1,
                MOST_STEPS,
            )?,
            eval_batches: within(
                "eval-batches",
                options.eval_batches.unwrap_or(20),
                1,
                MOST_EVALUATION,
            )?,
            sample: options.sample.unwrap_or(400),
            threads: threads(options.threads)?,
            recompute: options.recompute.unwrap_or(false),
            save_every: save_every(&options)?,
            text: utf8(options.text)?,
        };
        check(&settings)?;
        Ok(settings)
    }
}

/// A number, if anything is kept at all.
fn save_every(options: &Options) -> Result<Option<u64>, SettingError> {
    let default = options.out.as_ref().map(|_| DEFAULT_SAVE_EVERY);
    let save_every = options.save_every.or(default);
    save_every.map(|steps| within("save-every", steps, 1, MOST_STEPS)).transpose()
}

/// A path that the record and the checkpoints can hold.
fn utf8(path: Option<PathBuf>) -> Result<Option<PathBuf>, SettingError> {
    match path {
        Some(path) if path.to_str().is_none() => {
            Err(SettingError::new("text", path.display(), "a path in UTF-8"))
        }
        path => Ok(path),
    }
}

fn schedule(lr: f64, steps: u64, options: &Options) -> Result<Schedule, TrainError> {
    if !(lr > 0.0 && lr.is_finite()) {
        return Err(SettingError::new("lr", lr, "finite and above 0").into());
    }
    let floor = options.min_lr.unwrap_or(lr / 10.0);
    if !(0.0..=lr).contains(&floor) {
        return Err(SettingError::new("min-lr", floor, format!("between 0 and lr, {lr}")).into());
    }
    let warmup = within("warmup", options.warmup.unwrap_or((steps / 10).min(100)), 0, steps - 1)?;
    Ok(Schedule::warmup_cosine(lr, warmup, steps, floor)?)
}

fn method(policy: PolicyKind, steps: u64, options: &Options) -> Method {
    let published = |rule: CompatSettings| {
        let interval = options.interval.unwrap_or(rule.interval);
        let strength = options.strength.unwrap_or(rule.strength);
        Method::Published(CompatSettings { interval, strength, ..rule })
    };
    let seed = options.seed.unwrap_or(DEFAULT_SEED);
    let budget = BudgetSettings::for_run(steps);
    let mut deo = DeoSettings { seed, budget, ..DeoSettings::default() };
    let tracking = Tracking::default();
    let tracking = Tracking { interval: options.interval.unwrap_or(tracking.interval), ..tracking };
    deo.policy = match policy {
        PolicyKind::Off => return Method::Off,
        PolicyKind::CompatPaper => return published(CompatSettings::paper()),
        PolicyKind::CompatSophia => return published(CompatSettings::sophia()),
        PolicyKind::CompatAdam => return published(CompatSettings::adam()),
        PolicyKind::Escape => {
            deo.trigger.interval = options.interval.unwrap_or(deo.trigger.interval);
            deo.budget = BudgetSettings {
                share: options.share.unwrap_or(budget.share),
                allowance: options.allowance.unwrap_or(budget.allowance),
            };
            deo.policy
        }
        PolicyKind::Deflate => {
            PolicySettings::Deflate { alpha: options.alpha.unwrap_or(1.0), tracking }
        }
        PolicyKind::Amplify => {
            PolicySettings::Amplify { strength: options.strength.unwrap_or(1.0), tracking }
        }
    };
    Method::Deo(deo)
}

fn monitoring(options: &Options) -> Result<Monitoring, TrainError> {
    // Measured (experiments/curvature/tracking.json): λ_min within 1 % in the median, and λ_max is the easier one.
    let interval = options.monitor_interval.unwrap_or(50);
    let gradients = options.monitor_gradients.unwrap_or(16);
    let batches = options.monitor_batches.unwrap_or(2);
    // One gradient measures along an axis that it can't improve: that follows nothing.
    Ok(Monitoring::new(
        within("monitor-interval", interval, 1, MOST_STEPS)?,
        within("monitor-gradients", gradients, 2, MOST_MONITOR_GRADIENTS)?,
        within("monitor-batches", batches, 1, MOST_EVALUATION)?,
    ))
}

fn nonnegative(name: &'static str, value: f64) -> Result<f64, TrainError> {
    if value >= 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(SettingError::new(name, value, "finite and at least 0").into())
    }
}
