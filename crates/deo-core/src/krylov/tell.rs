//! A pair is told from the wanted ones by its residual; and how little of a missed eigenvector the random direction must have
//! held for it not to show, which is judged by the pairs that were told.

use super::confirm::{SURE, Stage};
use super::{Krylov, Which};
use crate::space::Space;

/// The share of its distance from the wanted pairs to which a pair's residual must fall: the gap is then known to a tenth.
pub(super) const TOLD: f64 = 0.1;

/// [`SURE`] at the edge of a crowd, which the first process would have to have missed as well.
const SURE_AT_EDGE: f64 = 1e-3;

impl<S: Space> Krylov<S> {
    /// The largest component of a missed eigenvector of interest, in standard deviations, after the pairs in these rows
    /// were told from the wanted ones with these residuals: see `missed.rs`.
    pub(super) fn chance(&self, told: &[(usize, f64)], upper: bool) -> f64 {
        let next = self.values[told[0].0];
        let followed = self.confirmation.stage == Stage::Following;
        let of_pairs = if followed { self.estimates.len() } else { 0 };
        let crowd = self.crowd(told[0].0, upper);
        let thick = crowd.map(|i| self.estimates[i].residual).fold(0.0, f64::max);
        let edges: &[bool] = match self.settings.which {
            _ if !followed => &[],
            Which::Lowest => &[false],
            Which::Highest => &[true],
            Which::Both => &[false, true],
        };
        let matters = |(i, mu): &(usize, &f64)| {
            let inside = || self.beyond_cutoff(**mu, upper).is_none();
            match edges.get(i.wrapping_sub(of_pairs)) {
                Some(edge) => *edge == upper && inside() && thick > 0.0,
                None => {
                    // A cutoff behind the next pair is of no interest.
                    let at_cutoff = *i >= of_pairs && self.beyond_cutoff(next, upper).is_some();
                    let here = *i < of_pairs && self.is_upper(*i) == upper && inside();
                    // One that equals the next eigenvalue changes nothing in the list.
                    (at_cutoff || here) && (next - **mu).abs() > self.goal_for(next)
                }
            }
        };
        let chance = |(i, _): (usize, &f64)| {
            let edge = edges.get(i.wrapping_sub(of_pairs)).is_some();
            // In a crowd Rayleigh and Ritz mix the random direction with the wanted pairs, which may hold as much of it.
            let chance = self.chance_of(i, told, if edge { thick } else { 0.0 });
            if edge { chance * SURE / SURE_AT_EDGE } else { chance }
        };
        let values = self.confirmation.missed.values();
        values.iter().enumerate().filter(matters).map(chance).fold(0.0, f64::max)
    }

    /// The same of the i-th value that is watched; residuals count as `least` at least.
    pub(super) fn chance_of(&self, i: usize, told: &[(usize, f64)], least: f64) -> f64 {
        // What the random direction led to may be a pair of the other end by now.
        let wanted = (0..self.estimates.len()).filter_map(|i| self.pair(i));
        let all = wanted.chain(told.iter().copied());
        let pairs = all.map(|(row, r)| (self.values[row], self.row(row), r.max(least)));
        self.confirmation.missed.chance(i, pairs, self.root_dimension)
    }

    /// The row of wanted pair i, and its residual.
    pub(super) fn pair(&self, i: usize) -> Option<(usize, f64)> {
        Some((self.row_of(i)?, self.estimates[i].residual))
    }

    /// The wanted pairs of an end that can't be told from the next one, in this row: a bulk of the spectrum that is narrower
    /// than the tolerance.
    pub(super) fn crowd(&self, next: usize, upper: bool) -> impl Iterator<Item = usize> + Clone {
        let followed = self.confirmation.stage == Stage::Following;
        let theta = self.values[next];
        (0..self.estimates.len()).filter(move |i| {
            let near = (self.estimates[*i].curvature - theta).abs() <= self.goal_for(theta);
            followed && self.is_upper(*i) == upper && near
        })
    }

    /// The distance within which eigenvalues near this one count as equal.
    pub(super) fn resolution(&self, theta: f64) -> f64 {
        self.goal_for(theta).max(self.zero * self.largest)
    }

    /// The residual of a pair beside the wanted ones, left in the next place of the basis; it bounds where its eigenvalue is.
    pub(super) fn bound_neighbour(&mut self, space: &S, row: usize, upper: bool) -> f64 {
        let (theta, residual) = (self.values[row], self.residual_into_next(space, row));
        let off = residual.max(self.resolution(theta));
        let bound = if upper { theta + off } else { theta - off };
        let beyond = &mut self.confirmation.beyond[usize::from(upper)];
        *beyond = Some(match *beyond {
            Some(known) if upper => known.max(bound),
            Some(known) => known.min(bound),
            None => bound,
        });
        residual
    }

    /// The residual at which a pair beside the wanted ones is told from them.
    pub(super) fn told(&self, row: usize, upper: bool) -> f64 {
        let theta = self.values[row];
        let goal = self.goal_for(theta);
        if let Some(off) = self.beyond_cutoff(theta, upper) {
            return goal.max(TOLD * off);
        }
        let values = self.estimates.iter().map(|estimate| estimate.curvature);
        let distance = values.map(|value| (value - theta).abs()).fold(f64::INFINITY, f64::min);
        // An eigenvalue equal to a wanted one, to the tolerance, is another of the same kind once it has converged as that
        // did. At a larger distance the tolerance tells nothing.
        if distance <= goal { goal } else { TOLD * distance }
    }
}
