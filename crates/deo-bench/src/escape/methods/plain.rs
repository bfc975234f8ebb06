//! A base optimizer by itself.

use crate::escape::kinds::Base;
use crate::escape::meter::Metered;
use crate::escape::method::Method;
use crate::escape::trainer::Trainer;
use deo_core::optim::{Groups, Optimizer};
use deo_core::space::Host;

/// Any optimizer of slices of `f64`.
pub(super) type AnyOptimizer = Box<dyn Optimizer<Host<f64>> + Send>;

pub(super) const SPACE: Host<f64> = Host::new();

impl Base {
    /// The optimizer with its customary parameters, for vectors like `x` of these groups.
    pub(super) fn optimizer(self, x: &[f64], groups: &Groups) -> AnyOptimizer {
        Box::new(Trainer::new(self, x, groups))
    }
}

/// x ← optimizer(x, g): one gradient a step.
pub(super) struct Plain {
    base: Base,
    lr: f64,
    optimizer: AnyOptimizer,
    g: Vec<f64>,
}

impl Plain {
    pub(super) fn new(base: Base, lr: f64, x: &[f64], groups: &Groups) -> Self {
        Plain { base, lr, optimizer: base.optimizer(x, groups), g: vec![0.0; x.len()] }
    }
}

impl Method for Plain {
    fn name(&self) -> String {
        self.base.name().to_owned()
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        self.optimizer.step(&SPACE, x, &self.g, self.lr);
        Some(loss)
    }
}
