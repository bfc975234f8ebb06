//! What a rotation leaves uncertain: the errors of Hn and C, and the gap.
//!
//! The truncation of Hv isn't seen by one probe, but a Hessian is symmetric and secants are not: |⟨w, Hn⟩ − ⟨n, Hw⟩| is
//! the difference of two components of it, and free. It is taken for the error of Hw as a vector and carried through
//! the recombinations: independent errors add in squares, with the weights of the products.

use super::{Dimer, Target};
use crate::estimate::Evidence;
use crate::probe::gradient_error;

/// The truncation of a product over what the asymmetries show of it: they are its components in a small subspace, and as
/// much again may lie outside. A verdict of noise that came too early costs a check, after which the rotations go on.
pub(crate) const UNSEEN: f64 = 2.0;

/// The rounding part of the error of a curvature, from a gradient of norm `scale` over a distance `span`.
pub(crate) fn rounding_error(epsilon: f64, scale: f64, span: f64) -> f64 {
    2.0 * gradient_error(epsilon) * scale / span.abs()
}

impl<V> Dimer<V> {
    /// Keeps the second Ritz value that is nearest to the wanted end. Each is an upper bound of λ₂ (a lower one of the
    /// last but one), so the nearest is the best known.
    pub(super) fn note_second(&mut self, second: f64) {
        self.second = match self.settings.target {
            Target::Lowest => self.second.min(second),
            Target::Highest => self.second.max(second),
        };
    }

    /// The distance of C from the second Ritz value, if there is one.
    pub(super) fn set_gap(&mut self) {
        let gap = (self.second - self.estimate.curvature).abs();
        self.estimate.gap = gap.is_finite().then_some(gap);
    }

    /// The errors of Hn and Hp after a recombination with these weights: independent ones add in squares.
    ///
    /// The asymmetry stands for the truncation of Hw, of which it is one component.
    pub(super) fn propagate_errors(
        &mut self,
        asymmetry: f64,
        [c, along_w, along_p]: [f64; 3],
        s: f64,
    ) {
        let correction = (along_w / s * asymmetry).hypot(along_p / s * self.previous_error);
        let axis = self.axis_error;
        self.axis_error = (c * axis).hypot(s * correction);
        self.previous_error = (c * correction).hypot(s * axis);
        self.asymmetry = self.asymmetry.max(asymmetry);
    }

    /// C of the recombined product, and its error.
    pub(super) fn set_curvature(&mut self, curvature: f64) {
        self.estimate.curvature = curvature;
        self.set_gap();
        let error = self.asymmetry.max(self.rounding / self.root_dimension);
        self.estimate.secant_error = if self.secants {
            self.estimate.evidence = Evidence::Recombined;
            error.max((curvature - self.measured).abs())
        } else {
            error
        };
    }
}
