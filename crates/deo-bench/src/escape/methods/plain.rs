//! A base optimizer by itself.

use crate::escape::kinds::Base;
use crate::escape::meter::Metered;
use crate::escape::method::Method;
use deo_core::optim::{Adam, AdamSettings, Optimizer, Sgd, SgdSettings};
use deo_core::space::Host;

/// Any optimizer of slices of `f64`.
pub(super) type AnyOptimizer = Box<dyn Optimizer<Host<f64>> + Send>;

pub(super) const SPACE: Host<f64> = Host::new();

/// μ of heavy ball and of Nesterov's method: the customary one.
const MOMENTUM: f64 = 0.9;

impl Base {
    /// The optimizer with its customary parameters, for vectors like `x`.
    pub(super) fn optimizer(self, x: &[f64]) -> AnyOptimizer {
        const VALID: &str = "customary parameters are within their ranges";
        let sgd = |momentum, nesterov| {
            let settings = SgdSettings { momentum, nesterov, ..SgdSettings::default() };
            Box::new(Sgd::new(settings, &SPACE, x).expect(VALID))
        };
        let adam = |settings| Box::new(Adam::new(settings, &SPACE, x).expect(VALID));
        match self {
            Base::Gd => sgd(0.0, false),
            Base::HeavyBall => sgd(MOMENTUM, false),
            Base::Nesterov => sgd(MOMENTUM, true),
            Base::Adam => adam(AdamSettings::adam()),
            Base::Adamw => adam(AdamSettings::adamw()),
            Base::Nadamw => adam(AdamSettings::nadamw()),
        }
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
    pub(super) fn new(base: Base, lr: f64, x: &[f64]) -> Self {
        Plain { base, lr, optimizer: base.optimizer(x), g: vec![0.0; x.len()] }
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
