//! One run: a model, its optimizer, what works beside it, and its budget.

use super::companion::{Base, Companion, Deed, Params, Tally, Vectors};
use super::error::TrainError;
use super::ledger::Ledger;
use super::optimizers::decay_groups;
use super::settings::{Method, Settings};
use deo_core::compat::{ClampedRatio, ClampedRatioSettings, CompatDimer, Tensors, Variant};
use deo_core::optim::Optimizer;
use deo_core::{Deo, Objective, Space};
use deo_linalg::Threads;
use deo_models::data::Batch;
use deo_models::gpt::Gpt;

/// A run in progress.
pub(super) struct Trainer<'a> {
    settings: &'a Settings,
    space: Params,
    gpt: Gpt<f32>,
    vectors: Vectors,
    optimizer: Box<dyn Optimizer<Params>>,
    companion: Companion,
    ledger: Ledger,
}

/// What a step saw and did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// The loss of the batch at the x of before the step.
    pub(super) loss: f64,
    /// ‖g‖ there, before clipping.
    pub(super) gradient_norm: f64,
    /// The learning rate.
    pub(super) lr: f64,
    /// What the companion did; `None` if loss or gradient wasn't finite and nothing was done.
    pub(super) deed: Option<Deed>,
}

impl<'a> Trainer<'a> {
    /// A run of `gpt` from the parameters `x`, with what the settings have beside the optimizer if `helped`.
    pub(super) fn new(
        settings: &'a Settings,
        gpt: Gpt<f32>,
        x: Vec<f32>,
        helped: bool,
    ) -> Result<Self, TrainError> {
        let space = Params::new(Threads::Pool);
        let method = if helped { settings.method } else { Method::Off };
        let optimizer: Box<dyn Optimizer<Params>> = match method {
            // This one was published with a base update of its own.
            Method::Published(rule) if rule.variant == Variant::Sophia => {
                Box::new(ClampedRatio::new(ClampedRatioSettings::default(), &space, &x)?)
            }
            _ => settings.optimizer.build(&space, &x, decay_groups(gpt.layout()))?,
        };
        let companion = match method {
            Method::Off => Companion::Alone,
            Method::Deo(deo) => Companion::Deo(Box::new(Deo::new(&space, &x, deo)?)),
            Method::Published(rule) => {
                let tensors = Tensors::of_lengths(gpt.layout().tensors().iter().map(|t| t.len()));
                let dimer = CompatDimer::new(&space, &x, tensors, rule, settings.seed)?;
                Companion::Published { dimer, step: 0, rotations: 0 }
            }
        };
        let zeros = || space.zeros_like(&x);
        let (g, point, ahead) = (zeros(), zeros(), zeros());
        let vectors = Vectors { x, g, point, ahead };
        let ledger = Ledger::new(settings.steps);
        Ok(Trainer { settings, space, gpt, vectors, optimizer, companion, ledger })
    }

    /// One training step on `batch`; `None` if the budget has no gradient left.
    pub(super) fn step(&mut self, batch: &Batch) -> Option<Step> {
        let lr = self.settings.schedule.at(self.ledger.whole());
        if !self.ledger.take_gradient() {
            return None;
        }
        let v = &mut self.vectors;
        let mut f = self.gpt.on(batch);
        let loss = f.value_grad(&v.x, &mut v.g);
        let gradient_norm = self.space.norm(&v.g);
        let deed = (loss.is_finite() && gradient_norm.is_finite()).then(|| {
            let base = Base { optimizer: &mut *self.optimizer, lr, clip: self.settings.clip };
            self.companion.step(&self.space, &mut f, v, loss, base, &mut self.ledger)
        });
        Some(Step { loss, gradient_norm, lr, deed })
    }

    /// The mean loss on `batches`, which no budget pays.
    pub(super) fn evaluate(&mut self, batches: &[Batch]) -> f64 {
        let x = &self.vectors.x;
        let sum: f64 = batches.iter().map(|batch| self.gpt.on(batch).value(x)).sum();
        sum / batches.len() as f64
    }

    /// The budget and what was spent of it.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What DEO or the published rule has done.
    pub(super) fn tally(&self) -> Tally {
        self.companion.tally()
    }

    /// The parameters as they stand.
    pub(super) fn parameters(&self) -> &[f32] {
        &self.vectors.x
    }

    /// The trained parameters.
    pub(super) fn into_parameters(self) -> Vec<f32> {
        self.vectors.x
    }
}
