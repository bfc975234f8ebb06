//! Is a pair good enough?

use super::Krylov;
use super::tell::TOLD;
use crate::estimate::{Estimate, Evidence, Status};
use crate::secant_error::UNSEEN;
use crate::space::Space;

/// The truncation of Σ cⱼ wⱼ as a vector: independent errors add in squares.
pub(super) fn combined_error(weights: &[f64], errors: &[f64]) -> f64 {
    weights.iter().zip(errors).fold(0.0, |sum: f64, (c, error)| sum.hypot(c * error))
}

/// Why a wanted pair is open.
pub(super) enum Open {
    /// The residual of a wanted pair, that of this row, is too large, and in the next place of the basis.
    Residual(usize),
    /// The same of the pair in this row, beside the wanted ones.
    Neighbour(usize),
    /// The basis is too small to have it.
    Missing,
}

impl<S: Space> Krylov<S> {
    /// Updates the estimates up to the first pair that isn't closed, whose residual is left in the basis.
    pub(super) fn judge_pairs(&mut self, space: &S) -> Option<Open> {
        for i in 0..self.estimates.len() {
            match self.judge_pair(space, i) {
                None => return Some(Open::Missing),
                Some(Status::Running) if self.is_left_to_the_second(i) => {}
                Some(Status::Running) => return self.row_of(i).map(Open::Residual),
                Some(_) => {}
            }
        }
        None
    }

    /// Updates the estimate of pair i, and leaves its residual in the next place of the basis. `None` if there is no such
    /// pair.
    pub(super) fn judge_pair(&mut self, space: &S, i: usize) -> Option<Status> {
        let row = self.row_of(i)?;
        let theta = self.values[row];
        let residual = self.residual_into_next(space, row);
        let error = self.product_error(row);
        let status = self.pair_status(i, theta, residual, error).unwrap_or(Status::Running);
        let alone = self.filled == 1 || !self.secants;
        self.estimates[i] = Estimate {
            curvature: theta,
            residual,
            // The error of C is at most that of Hn.
            secant_error: error.max(self.noise_level() / self.root_dimension),
            gap: self.gap(i),
            evidence: if alone { Evidence::Fresh } else { Evidence::Recombined },
            gradients: self.gradients,
            rotations: self.gradients.saturating_sub(1),
            status,
        };
        Some(status)
    }

    /// The truncation of the product of a Ritz vector.
    fn product_error(&self, row: usize) -> f64 {
        combined_error(self.row(row), &self.errors)
    }

    /// The residual at which a pair has converged.
    ///
    /// Below ε^⅔ of the largest eigenvalue seen a value counts as zero, as in ARPACK: it is known to an absolute accuracy
    /// only, and one relative to it would never be met. No tolerance asks for more than the rounding of exact products.
    pub(super) fn goal_for(&self, theta: f64) -> f64 {
        let zero = self.zero * self.largest;
        let goal = self.settings.tolerance * theta.abs().max(self.settings.floor).max(zero);
        let exact = !self.secants && theta.abs() <= zero;
        if exact { goal.max(self.rounding) } else { goal }
    }

    /// The same of wanted pair i with this value.
    pub(super) fn goal_of(&self, i: usize, theta: f64) -> f64 {
        let goal = self.goal_for(theta);
        let off = self.beyond_cutoff(theta, self.is_upper(i)).filter(|_| self.sides_only);
        off.map_or(goal, |off| goal.max(TOLD * off))
    }

    /// How wanted pair i with this residual and error of its product ends; `None` if it is open.
    pub(super) fn pair_status(
        &self,
        i: usize,
        theta: f64,
        residual: f64,
        error: f64,
    ) -> Option<Status> {
        let goal = self.goal_of(i, theta);
        // A residual that is small by an erroneous product isn't known to be small.
        if residual <= goal && error <= goal {
            Some(Status::Converged)
        } else {
            (residual <= self.noise_level().max(UNSEEN * error)).then_some(Status::Noise)
        }
    }
}
