//! A base optimizer whose steps are cut to what the curvature along them allows.

use super::plain::{AnyOptimizer, SPACE};
use crate::escape::kinds::{Base, Policy};
use crate::escape::meter::Metered;
use crate::escape::method::Method;
use deo_core::optim::Groups;
use deo_core::policy::{Guard, GuardSettings};
use deo_core::space::Host;

/// [`Guard`] with its default settings, measured by losses: one every twenty steps.
pub(super) struct Guarded {
    base: Base,
    lr: f64,
    optimizer: AnyOptimizer,
    guard: Guard<Host<f64>>,
    g: Vec<f64>,
    /// x before the step.
    before: Vec<f64>,
}

impl Guarded {
    pub(super) fn new(base: Base, lr: f64, x: &[f64], groups: &Groups) -> Self {
        let guard = Guard::new(&SPACE, x, GuardSettings::default());
        Guarded {
            base,
            lr,
            optimizer: base.optimizer(x, groups),
            guard: guard.expect("default settings are within their ranges"),
            g: vec![0.0; x.len()],
            before: vec![0.0; x.len()],
        }
    }
}

impl Method for Guarded {
    fn name(&self) -> String {
        format!("{}+{}", Policy::Guard.name(), self.base.name())
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        self.before.copy_from_slice(x);
        self.optimizer.step(&SPACE, x, &self.g, self.lr);
        let due = self.guard.cut(&SPACE, &self.before, &self.g, x);
        // A measurement that the budget can't pay is left out; the step stands.
        if let Some(after) = due.then(|| f.loss(x)).flatten() {
            self.guard.tell_losses(&SPACE, &self.before, &self.g, x, [loss, after]);
        }
        Some(loss)
    }
}
