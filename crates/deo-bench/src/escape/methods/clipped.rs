//! A base optimizer whose gradients are cut to a norm.

use super::plain::{AnyOptimizer, SPACE};
use crate::escape::kinds::{Base, Policy};
use crate::escape::meter::Metered;
use crate::escape::method::Method;
use deo_core::optim::{Groups, clip_norm};

/// x ← optimizer(x, min(1, max/‖g‖) g): one gradient a step.
pub(super) struct Clipped {
    base: Base,
    lr: f64,
    max: f64,
    optimizer: AnyOptimizer,
    g: Vec<f64>,
}

impl Clipped {
    pub(super) fn new(base: Base, lr: f64, max: f64, x: &[f64], groups: &Groups) -> Self {
        Clipped { base, lr, max, optimizer: base.optimizer(x, groups), g: vec![0.0; x.len()] }
    }
}

impl Method for Clipped {
    fn name(&self) -> String {
        format!("{}+{}", Policy::Clip.name(), self.base.name())
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        clip_norm(&SPACE, self.max, &mut self.g);
        self.optimizer.step(&SPACE, x, &self.g, self.lr);
        Some(loss)
    }
}
