//! What a rotation leaves uncertain: the errors of Hn and C, and the gap.
//!
//! The truncation of Hv isn't seen by one probe, but a Hessian is symmetric and secants are not: |⟨w, Hn⟩ − ⟨n, Hw⟩| is
//! the difference of two components of it, and free. It is taken for the error of Hw as a vector and carried through
//! the recombinations: independent errors add in squares, with the weights of the products.

use super::{Dimer, Target};
use crate::estimate::Evidence;
use crate::secant_error::{UNSEEN, student};
use crate::space::Space;

impl<S: Space> Dimer<S> {
    /// The error bar of C by the rounding of Hn. An assumed one is large enough as it is.
    pub(in crate::dimer) fn rounding_of_curvature(&self) -> f64 {
        let measured = self.noise.is_finite();
        let t = if measured { student(self.root_dimension * self.root_dimension) } else { 1.0 };
        t * self.rounding / self.root_dimension
    }

    /// What of C is noise that the axis has turned towards: e of it in Hn turns n by e/gap at most, and changes C by e²/gap.
    /// All products on the way had some, so twice that of the last is looked for in the residual.
    pub(super) fn fitted_noise(&self, product_error: f64) -> f64 {
        let fitted = self.estimate.residual.min(UNSEEN * product_error);
        self.estimate.gap.map_or(0.0, |gap| fitted * fitted / gap.max(fitted))
    }

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
        let error = self.asymmetry.max(self.rounding_of_curvature());
        self.estimate.secant_error = if self.secants {
            self.estimate.evidence = Evidence::Recombined;
            error.max((curvature - self.measured).abs())
        } else {
            error
        };
    }
}
