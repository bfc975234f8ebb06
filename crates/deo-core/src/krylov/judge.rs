//! Is a pair good enough, and was one missed?

use super::{Confirmation, Krylov, Which};
use crate::dimer::UNSEEN;
use crate::estimate::{Estimate, Evidence, Status};
use crate::space::Space;
use std::borrow::BorrowMut;

/// The truncation of Σ cⱼ wⱼ as a vector: independent errors add in squares.
pub(super) fn combined_error(weights: &[f64], errors: &[f64]) -> f64 {
    weights.iter().zip(errors).fold(0.0, |sum: f64, (c, error)| sum.hypot(c * error))
}

/// Why a wanted pair is open.
pub(super) enum Open {
    /// Its residual is too large.
    Residual,
    /// The basis is too small to have it.
    Missing,
}

impl<V> Krylov<V> {
    /// Updates the estimates up to the first pair that isn't converged, whose residual is left in the basis.
    pub(super) fn judge_pairs<S>(&mut self, space: &S) -> Option<Open>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        for i in 0..self.estimates.len() {
            let Some(row) = self.row_of(i) else {
                return Some(Open::Missing);
            };
            let theta = self.values[row];
            let residual = self.residual_into_next(space, row);
            let error = self.product_error(row);
            let status = self.pair_status(theta, residual, error).unwrap_or(Status::Running);
            let alone = self.filled == 1 || !self.secants;
            self.estimates[i] = Estimate {
                curvature: theta,
                residual,
                // The error of C is at most that of Hn.
                secant_error: error.max(self.rounding / self.root_dimension),
                gap: self.gap(i),
                evidence: if alone { Evidence::Fresh } else { Evidence::Recombined },
                gradients: self.gradients,
                rotations: self.gradients.saturating_sub(1),
                status,
            };
            if status == Status::Running {
                return Some(Open::Residual);
            }
        }
        None
    }

    /// The truncation of the product of a Ritz vector.
    fn product_error(&self, row: usize) -> f64 {
        combined_error(&self.vectors[row * self.filled..][..self.filled], &self.errors)
    }

    /// How a pair with this residual and error of its product ends; `None` if it is open.
    pub(super) fn pair_status(&self, theta: f64, residual: f64, error: f64) -> Option<Status> {
        let goal = self.settings.tolerance * theta.abs().max(self.settings.floor);
        // A residual that is small by an erroneous product isn't known to be small.
        if residual <= goal && error <= goal {
            Some(Status::Converged)
        } else {
            (residual <= self.rounding.max(UNSEEN * error)).then_some(Status::Noise)
        }
    }

    /// Once every wanted pair is closed: has one been missed? The pairs next to the wanted ones tell.
    pub(super) fn judge_confirmation<S>(&mut self, space: &S) -> Option<Open>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if !self.settings.confirm || self.confirmation == Confirmation::Done {
            return None;
        }
        let sum: f64 = self.estimates.iter().map(|estimate| estimate.curvature).sum();
        let scale =
            self.estimates.iter().map(|e| e.curvature.abs()).fold(self.settings.floor, f64::max);
        match self.confirmation {
            Confirmation::Running(before)
                if (sum - before).abs() <= self.settings.tolerance * scale + self.rounding =>
            {
                if self.open_neighbour(space) {
                    return Some(Open::Residual);
                }
                self.confirmation = Confirmation::Done;
                None
            }
            // Not begun, or a pair was found that had been missed: there may be another like it.
            _ => {
                self.confirmation = Confirmation::Running(sum);
                Some(Open::Missing)
            }
        }
    }

    /// A pair next to the wanted ones has a residual above a tenth of its distance from them. The residual is left
    /// in the next place of the basis.
    pub(super) fn open_neighbour<S>(&mut self, space: &S) -> bool
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let wanted = self.estimates.len();
        let ends = if self.settings.which == Which::Both { 2 } else { 1 };
        (wanted..(wanted + ends).min(self.filled)).any(|index| {
            let row = self.kept_row(index);
            let values = self.estimates.iter().map(|e| (e.curvature - self.values[row]).abs());
            let distance = values.fold(f64::INFINITY, f64::min);
            let theta = self.values[row].abs().max(self.settings.floor);
            let goal = (self.settings.tolerance * theta).max(0.1 * distance);
            self.residual_into_next(space, row) > goal.max(self.rounding)
        })
    }
}
