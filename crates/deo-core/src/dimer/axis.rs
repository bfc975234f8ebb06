//! The axis between estimates: drawing it, setting it, taking the null space of H out of it.

use super::{Dimer, Phase};
use crate::estimate::{Estimate, Status};
use crate::noise::noise;
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

impl<S: Space> Dimer<S> {
    /// Draws a random axis from `seed`; the same seed gives the same axis in every representation.
    pub fn draw(&mut self, space: &S, seed: u64) {
        space.fill(self.axis.borrow_mut(), &|i| noise(seed, i));
        self.forget(space);
    }

    /// Sets the axis to the direction of `v`.
    pub fn set_axis(&mut self, space: &S, v: &S::Vector) {
        space.copy(v, self.axis.borrow_mut());
        self.forget(space);
    }

    /// n ← unit(Hn) in the midst of an estimate, whose product is then asked for anew: one gradient.
    ///
    /// A drawn axis has a part on which the loss doesn't depend, and no rotation removes it: it is an eigenvector with the
    /// eigenvalue 0. Its product has none. Where a gradient is the same at both ends, as that of an unused parameter, the
    /// secant is exactly 0, and so are all later torques and axes there. Does nothing if the product is unknown or 0.
    pub(crate) fn enter_range(&mut self, space: &S) {
        let norm = space.norm(self.axis_product.borrow());
        if !(self.product_known && norm > 0.0 && norm.is_finite()) {
            return;
        }
        space.axpby(1.0 / norm, self.axis_product.borrow(), 0.0, self.axis.borrow_mut());
        self.normalise(space); // 1/‖Hn‖ may have lost digits to underflow
        self.product_known = false;
        self.has_previous = false;
        let gradients = self.estimate.gradients;
        self.estimate = Estimate { gradients, status: Status::Running, ..Estimate::UNKNOWN };
        self.phase = Phase::Axis;
        if self.allowance == 0 {
            self.finish(Status::Budget);
        }
    }

    /// n ← unit(Hn/C) at the end of an estimate whose product is known: of what the loss doesn't depend on, n may have a
    /// part, as every drawn axis does, but Hn has none.
    ///
    /// Where a gradient is the same at both ends, as that of an unused parameter, the secant is exactly 0. For an eigenpair
    /// this is n to the residual, n + r/C.
    pub(crate) fn purge(&mut self, space: &S) {
        let norm = space.norm(self.axis_product.borrow());
        if self.product_known && norm > 0.0 && norm.is_finite() {
            let factor = self.estimate.curvature.signum() / norm;
            space.axpby(factor, self.axis_product.borrow(), 0.0, self.axis.borrow_mut());
            self.normalise(space); // 1/‖Hn‖ may have lost digits to underflow
            self.product_known = false;
            self.has_previous = false;
        }
    }

    /// What the rounding of gradients may have added to the C of the estimate; 0 for exact products.
    pub(crate) fn rounding(&self) -> f64 {
        (self.unit * self.rounding_of_curvature()).max(0.0) // NaN.max(0) = 0
    }

    /// A vector that is free between two estimates: the first thing that one does is to overwrite it.
    pub(crate) fn scratch(&mut self) -> &mut S::Vector {
        self.torque.borrow_mut()
    }

    /// What was written into [`Dimer::scratch`].
    pub(crate) fn kept(&self) -> &S::Vector {
        self.torque.borrow()
    }

    /// Gives the axis unit length and forgets what was known along the old one.
    fn forget(&mut self, space: &S) {
        self.normalise(space);
        self.product_known = false;
        self.has_previous = false;
        self.phase = Phase::Idle;
        self.estimate = Estimate::UNKNOWN;
    }

    /// n ← n/‖n‖; whether there is an axis: one that was never drawn, or of which everything is frozen, stays zero.
    pub(super) fn normalise(&mut self, space: &S) -> bool {
        let (axis, scratch) = (self.axis.borrow_mut(), self.torque.borrow_mut());
        let norm = space.norm(axis);
        if norm > 0.0 {
            space.copy(axis, scratch);
            space.axpby(1.0 / norm, scratch, 0.0, axis);
        }
        norm != 0.0
    }
}
