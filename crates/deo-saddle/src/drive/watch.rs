//! Who looks on while a search runs, and what is known to it beforehand.

use crate::model::ModelHessian;
use crate::outcome::Counts;

/// Where a search stands after the gradient of a step.
#[derive(Debug)]
pub struct Step<'a, V: ?Sized> {
    /// The point it has reached; that of before, if the step was taken back.
    pub x: &'a V,
    /// f there.
    pub value: f64,
    /// What is compared with the tolerance there.
    pub size: f64,
    /// The lowest curvature as it is known there; NaN where nothing is.
    pub curvature: f64,
    /// The trust radius, or the longest step.
    pub radius: f64,
    /// Gradients spent.
    pub counts: Counts,
}

/// How a gradient is measured, what is known beforehand, and who looks on.
pub struct Watch<'a, V: ?Sized> {
    /// What is compared with the tolerance, of a gradient: as a rule ‖g‖, or the largest atomic force.
    pub size: Option<&'a dyn Fn(&V) -> f64>,
    /// A model Hessian for [`NewtonSearch`](crate::NewtonSearch); [`MinModeSearch`](crate::MinModeSearch) has no use for one.
    pub model: Option<&'a mut dyn ModelHessian<V>>,
    /// Called after the gradient of each step.
    pub observe: Option<&'a mut Observer<'a, V>>,
}

/// Takes each step of a search.
pub type Observer<'a, V> = dyn FnMut(&Step<'_, V>) + 'a;

impl<V: ?Sized> Watch<'_, V> {
    /// ‖g‖, no model, and nobody.
    pub fn nobody() -> Self {
        Watch { size: None, model: None, observe: None }
    }
}

impl<V: ?Sized> std::fmt::Debug for Watch<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("size", &self.size.is_some())
            .field("model", &self.model.is_some())
            .field("observe", &self.observe.is_some())
            .finish()
    }
}
