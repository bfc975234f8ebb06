//! Whether what a space leaves out is a symmetry.

use crate::verify::Verdict;
use deo_core::space::{Space, Variance};
use std::borrow::{Borrow, BorrowMut};

/// Are the motions that the space leaves out symmetries of the function? Told from the gradients of a verification, at
/// no cost.
///
/// For a symmetry Hz = 0 at a stationary point, so zᵀHn = 0: the gradient at x + hn has no part along z either, but for
/// the turn of z by about h over the size of the body. Noise has such parts too, and they are as large at x.
pub(super) struct Symmetry<S: Space> {
    at_x: Option<Variance>,
    gradient: S::Owned,
    difference: S::Owned,
    /// The largest share of a secant along the motions.
    coupling: f64,
    /// The largest change of the gradient's part along the motions, of those that are too large a share.
    change: f64,
}

/// A share that is a turn of z by h/size no more: sizes are bonds, lengths of probes at most a hundredth of them.
const COUPLED: f64 = 0.05;

/// A change of the part along the motions, within this factor of what there is at x, may be noise: of independent samples the
/// largest of a hundred is some five times one of them, which by chance is small itself. One that is smaller beside a part at
/// x shows that this isn't noise, and one that is larger isn't either.
const ALIKE: f64 = 10.0;

impl<S: Space> Symmetry<S> {
    pub(super) fn new(space: &S, x: &S::Vector) -> Self {
        let (gradient, difference) = (space.zeros_like(x), space.zeros_like(x));
        Symmetry { at_x: None, gradient, difference, coupling: 0.0, change: 0.0 }
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
            let share = slope / space.norm(difference);
            self.coupling = self.coupling.max(share);
            if share > COUPLED {
                self.change = self.change.max(slope);
            }
        }
    }

    /// What is to be said instead of *confirmed*: the directions left out may hold a curvature as large as half of one that
    /// was judged, or they couple to the rest, or noise hides whether they do.
    pub(super) fn doubt(&self, curvatures: &[f64], flat: f64) -> Option<Verdict> {
        let judged = curvatures.iter().filter(|c| c.is_finite());
        let least = judged.fold(f64::INFINITY, |least, c| least.min(c.abs()));
        let Variance { slope, curvature } = self.at_x.unwrap_or_default();
        if curvature > flat.max(0.5 * least) {
            return Some(Verdict::NotInvariant);
        }
        let alike = slope / ALIKE..=slope * ALIKE;
        let coupled = self.coupling > COUPLED;
        let verdict =
            if alike.contains(&self.change) { Verdict::Unresolved } else { Verdict::NotInvariant };
        coupled.then_some(verdict)
    }
}
