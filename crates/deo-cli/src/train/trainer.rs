//! One run: parameters, their optimizer, what works beside it, and its budget; on any objective.
//!
//! A [`Trainer`] is plain data: what is saved and loaded is all that the next step depends on, besides the settings
//! and the batch.

use super::error::TrainError;
use super::helper::{Base, Helper, Params, StepOutcome, Totals, Vectors};
use super::optimizers::{AnyOptimizer, decay_groups};
use super::settings::{Method, Settings};
use deo_bench::Ledger;
use deo_core::compat::{ClampedRatio, ClampedRatioSettings, CompatDimer, Tensors, Variant};
use deo_core::{Deo, Objective, Space};
use deo_linalg::Threads;
use deo_models::layout::Layout;
use serde::{Deserialize, Serialize};

/// A run in progress, without its bookkeeping.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trainer {
    vectors: Vectors,
    optimizer: AnyOptimizer<Vec<f32>>,
    helper: Helper,
    ledger: Ledger,
}

/// What a step saw and did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The loss of the batch at the x of before the step.
    pub loss: f64,
    /// ‖g‖ there, before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub lr: f64,
    /// Evaluations of this step whose loss or gradient wasn't finite.
    pub non_finite: u64,
    /// What the helper did; `None` if loss or gradient wasn't finite, or the gradient too large to be squared, and
    /// nothing was done.
    pub(super) outcome: Option<StepOutcome>,
}

impl Step {
    /// What the helper did, in a word; "skipped" if loss or gradient wasn't finite and nothing was done.
    pub fn event(&self) -> &'static str {
        self.outcome.map_or("skipped", |outcome| outcome.event)
    }
}

/// Whether two vectors belong to one layout.
#[allow(clippy::ptr_arg)] // a state is generic over what it stores, which is a Vec here
pub(super) fn same_length(a: &Vec<f32>, b: &Vec<f32>) -> bool {
    a.len() == b.len()
}

impl Trainer {
    /// A run from the parameters `x` of that layout, with what the settings have beside the optimizer if `helped`.
    ///
    /// # Errors
    ///
    /// [`TrainError`] names a setting that is out of its range.
    pub fn new(
        settings: &Settings,
        layout: &Layout,
        x: Vec<f32>,
        helped: bool,
    ) -> Result<Self, TrainError> {
        let space = Self::space();
        let method = if helped { settings.method } else { Method::Off };
        let optimizer = match method {
            // This one was published with a base update of its own.
            Method::Published(rule) if rule.variant == Variant::Sophia => {
                let ratio = ClampedRatio::new(ClampedRatioSettings::default(), &space, &x)?;
                AnyOptimizer::ClampedRatio(ratio)
            }
            _ => settings.optimizer.build(&space, &x, decay_groups(layout))?,
        };
        let helper = match method {
            Method::Off => Helper::Alone,
            Method::Deo(deo) => Helper::Deo(Box::new(Deo::new(&space, &x, deo)?)),
            Method::Published(rule) => {
                let dimer = CompatDimer::new(&space, &x, tensors(layout), rule, settings.seed)?;
                Helper::Published { dimer, step: 0, rotations: 0 }
            }
        };
        let ledger = Ledger::new(settings.steps);
        Ok(Trainer { vectors: Vectors::new(x), optimizer, helper, ledger })
    }

    /// Whether this can be a later state of `new`.
    pub(super) fn continues(&self, new: &Self) -> bool {
        let optimizer = match (&self.optimizer, &new.optimizer) {
            (AnyOptimizer::Sgd(here), AnyOptimizer::Sgd(new)) => here.continues(new, same_length),
            (AnyOptimizer::Adam(here), AnyOptimizer::Adam(new)) => here.continues(new, same_length),
            (AnyOptimizer::Muon(here), AnyOptimizer::Muon(new)) => here.continues(new, same_length),
            (AnyOptimizer::ClampedRatio(here), AnyOptimizer::ClampedRatio(new)) => {
                here.continues(new, same_length)
            }
            _ => false,
        };
        let helper = match (&self.helper, &new.helper) {
            (Helper::Alone, Helper::Alone) => true,
            (Helper::Deo(here), Helper::Deo(new)) => here.continues(new, same_length),
            (Helper::Published { dimer, .. }, Helper::Published { dimer: new, .. }) => {
                dimer.continues(new, same_length)
            }
            _ => false,
        };
        let budget = self.ledger.budget() == new.ledger.budget();
        same_length(&self.vectors.x, &new.vectors.x) && optimizer && helper && budget
    }

    /// The space of its vectors.
    pub fn space() -> Params {
        Params::new(Threads::Pool)
    }

    /// One training step on the loss of a batch; `None` if the budget has no gradient left.
    pub fn step(
        &mut self,
        settings: &Settings,
        space: &Params,
        f: &mut impl Objective<[f32]>,
    ) -> Option<Step> {
        let lr = settings.schedule.at(self.ledger.whole());
        let looks = self.ledger.whole() >= settings.first_look();
        if !self.ledger.take_gradient() {
            return None;
        }
        let v = &mut self.vectors;
        let loss = f.value_grad(&v.x, &mut v.g);
        let gradient_norm = space.norm(&v.g);
        // Unclipped, a larger gradient has a square that single precision can't hold: Adam's second moment.
        let largest = if settings.clip > 0.0 { f64::MAX } else { f64::from(f32::MAX).sqrt() };
        let base = Base { optimizer: &mut self.optimizer, lr, clip: settings.clip, looks };
        let outcome = if loss.is_finite() && gradient_norm <= largest {
            Some(self.helper.step(space, f, v, loss, base, &mut self.ledger))
        } else {
            self.helper.skip(space, v, base)
        };
        let non_finite = outcome.map_or(1, |outcome| outcome.non_finite);
        Some(Step { loss, gradient_norm, lr, non_finite, outcome })
    }

    /// The budget and what was spent of it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What DEO or the published rule has done.
    pub(super) fn totals(&self) -> Totals {
        self.helper.totals()
    }

    /// The parameters as they stand.
    pub fn parameters(&self) -> &[f32] {
        &self.vectors.x
    }

    /// The trained parameters.
    pub(super) fn into_parameters(self) -> Vec<f32> {
        self.vectors.x
    }
}

/// The published rules have an axis for each tensor.
fn tensors(layout: &Layout) -> Tensors {
    Tensors::of_lengths(layout.tensors().iter().map(|tensor| tensor.len()))
}
