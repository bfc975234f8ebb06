//! One run: parameters, their optimizer, what works beside it, and its budget; on any objective.
//!
//! A [`Trainer`] is plain data: what is saved and loaded is all that the next step depends on, besides the settings
//! and the batch.

use super::companion::{Base, Companion, Deed, Params, Tally, Vectors};
use super::error::TrainError;
use super::ledger::Ledger;
use super::optimizers::{AnyOptimizer, decay_groups};
use super::settings::{Method, Settings};
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
    companion: Companion,
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
    /// What the companion did; `None` if loss or gradient wasn't finite and nothing was done.
    pub(super) deed: Option<Deed>,
}

impl Step {
    /// What the companion did, in a word; "skipped" if loss or gradient wasn't finite and nothing was done.
    pub fn event(&self) -> &'static str {
        self.deed.map_or("skipped", |deed| deed.event)
    }
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
        let companion = match method {
            Method::Off => Companion::Alone,
            Method::Deo(deo) => Companion::Deo(Box::new(Deo::new(&space, &x, deo)?)),
            Method::Published(rule) => {
                let dimer = CompatDimer::new(&space, &x, tensors(layout), rule, settings.seed)?;
                Companion::Published { dimer, step: 0, rotations: 0 }
            }
        };
        let ledger = Ledger::new(settings.steps);
        Ok(Trainer { vectors: Vectors::new(x), optimizer, companion, ledger })
    }

    /// Whether its vectors have that layout, and its parts are those that the settings ask for.
    pub(super) fn fits(&self, layout: &Layout, settings: &Settings, helped: bool) -> bool {
        let parameters = layout.len();
        let fits = |vector: &Vec<f32>| vector.len() == parameters;
        let method = if helped { settings.method } else { Method::Off };
        let optimizer = match &self.optimizer {
            AnyOptimizer::Sgd(sgd) => {
                sgd.groups().len() == parameters && sgd.velocity().is_none_or(fits)
            }
            AnyOptimizer::Adam(adam) => {
                let moments = [adam.first_moment(), adam.second_moment()];
                adam.groups().len() == parameters && moments.into_iter().all(fits)
            }
            AnyOptimizer::ClampedRatio(_) => true,
        };
        let companion = match (&self.companion, method) {
            (Companion::Alone, Method::Off) => true,
            (Companion::Deo(deo), Method::Deo(_)) => fits(deo.axis()),
            (Companion::Published { dimer, .. }, Method::Published(rule)) => {
                let same = *dimer.settings() == rule && *dimer.tensors() == tensors(layout);
                same && fits(dimer.axes())
            }
            _ => false,
        };
        let budget = self.ledger.budget() == settings.steps;
        fits(&self.vectors.x) && optimizer && companion && budget
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
        if !self.ledger.take_gradient() {
            return None;
        }
        let v = &mut self.vectors;
        let loss = f.value_grad(&v.x, &mut v.g);
        let gradient_norm = space.norm(&v.g);
        let deed = (loss.is_finite() && gradient_norm.is_finite()).then(|| {
            let base = Base { optimizer: &mut self.optimizer, lr, clip: settings.clip };
            self.companion.step(space, f, v, loss, base, &mut self.ledger)
        });
        let non_finite = deed.map_or(1, |deed| deed.non_finite);
        Some(Step { loss, gradient_norm, lr, non_finite, deed })
    }

    /// The budget and what was spent of it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What DEO or the published rule has done.
    pub(super) fn tally(&self) -> Tally {
        self.companion.tally()
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
