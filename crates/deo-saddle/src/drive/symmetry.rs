//! Whether what a space leaves out is a symmetry.

use deo_core::space::{Space, Variance};
use std::borrow::{Borrow, BorrowMut};

/// Are the motions that the space leaves out symmetries of the function? Told from the gradients of a verification, at
/// no cost.
///
/// For a symmetry Hz = 0 at a stationary point, so zᵀHn = 0: the gradient at x + hn has no part along z either, but for
/// the turn of z by about h over the size of the body.
pub(super) struct Symmetry<S: Space> {
    at_x: Option<Variance>,
    gradient: S::Owned,
    difference: S::Owned,
    /// The largest share of a secant along the motions.
    coupling: f64,
}

/// A share that is a turn of z by h/size no more: sizes are bonds, lengths of probes at most a hundredth of them.
const COUPLED: f64 = 0.05;

impl<S: Space> Symmetry<S> {
    pub(super) fn new(space: &S, x: &S::Vector) -> Self {
        let (gradient, difference) = (space.zeros_like(x), space.zeros_like(x));
        Symmetry { at_x: None, gradient, difference, coupling: 0.0 }
    }

    /// Takes the gradient at x first, then those beside it.
    pub(super) fn observe(&mut self, space: &S, g: &S::Vector) {
        let variance = space.variance(g);
        let Some(at_x) = self.at_x else {
            self.at_x = Some(variance);
            return space.copy(g, self.gradient.borrow_mut());
        };
        let slope = (variance.slope - at_x.slope).abs();
        if slope > 0.0 {
            let difference = self.difference.borrow_mut();
            space.copy(g, difference);
            space.axpby(-1.0, self.gradient.borrow(), 1.0, difference);
            self.coupling = self.coupling.max(slope / space.norm(difference));
        }
    }

    /// The directions left out may hold a curvature as large as half of one that was judged, or they couple to the rest.
    pub(super) fn is_doubtful(&self, curvatures: &[f64], flat: f64) -> bool {
        let judged = curvatures.iter().filter(|c| c.is_finite());
        let least = judged.fold(f64::INFINITY, |least, c| least.min(c.abs()));
        let bound = self.at_x.map_or(0.0, |variance| variance.curvature);
        bound > flat.max(0.5 * least) || self.coupling > COUPLED
    }
}
