//! The loss of a [`Gpt`] on the batch of the current step, for the problems that train one.

use crate::data::Batch;
use crate::gpt::Gpt;
use deo_core::Objective;

/// The loss on the batch that it holds.
#[derive(Debug, Clone)]
pub(super) struct OnCurrent {
    pub(super) gpt: Gpt<f64>,
    pub(super) batch: Batch,
}

impl Objective<[f64]> for OnCurrent {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.gpt.on(&self.batch).value(x)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.gpt.on(&self.batch).value_grad(x, gradient)
    }
}
