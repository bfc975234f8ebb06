//! From one point to another in the coordinates: what the gradient does on the way, and where a step leads.

use super::super::largest;
use super::{HOLD, Lindh};
use crate::cholesky::solve;

/// Gauss–Newton iterations of a step; bonds turned by half a radian need four to 1e-6 Å.
const ITERATIONS: usize = 12;

impl Lindh {
    /// `change` ← by how much the gradient changes from x to `to`.
    pub(super) fn changed(&mut self, x: &[f64], gradient: &[f64], to: &[f64], change: &mut [f64]) {
        self.structure.set(x);
        let set = self.internals();
        let (matrix, rows) = self.harmonic(&set);
        let forces = self.forces(&set, &rows, &matrix, gradient);
        change.fill(0.0);
        for (row, f) in rows.iter().zip(&forces) {
            row.add(-f, change);
        }
        self.structure.set(to);
        for ((q, value), f) in set.internals.iter().zip(&set.values).zip(&forces) {
            let (there, b) = self.at(q);
            let force = f + q.stiffness * q.kind.wrapped(there - value);
            self.entries(q, &b).add(force, change);
        }
    }

    /// `to` ← where a step leads in the coordinates; false where that makes no sense.
    pub(super) fn followed(&mut self, x: &[f64], step: &[f64], to: &mut [f64]) -> bool {
        self.structure.set(x);
        let set = self.internals();
        let (_, rows) = self.harmonic(&set);
        let wanted: Vec<f64> =
            rows.iter().zip(&set.values).map(|(row, q)| q + row.dot(step)).collect();
        let n = x.len();
        to.iter_mut().zip(x).zip(step).for_each(|((to, x), s)| *to = x + s);
        for _ in 0..ITERATIONS {
            self.structure.set(to);
            let mut matrix = vec![0.0; n * n];
            let mut move_: Vec<f64> = (0..n).map(|i| HOLD * (x[i] + step[i] - to[i])).collect();
            for (q, wanted) in set.internals.iter().zip(&wanted) {
                let (there, b) = self.at(q);
                let row = self.entries(q, &b);
                row.outer(q.stiffness, &mut matrix, n);
                row.add(q.stiffness * q.kind.wrapped(wanted - there), &mut move_);
            }
            (0..n).for_each(|i| matrix[i * n + i] += HOLD);
            if !solve(&mut matrix, &mut move_) || !move_.iter().all(|m| m.is_finite()) {
                return false;
            }
            to.iter_mut().zip(&move_).for_each(|(to, m)| *to += m);
            // Far below what a step is chosen to.
            if largest(&move_) < 1e-6 {
                break;
            }
        }
        // Where it doesn't settle, or goes elsewhere, the straight step is the better guess.
        let off: Vec<f64> = (0..n).map(|i| to[i] - x[i] - step[i]).collect();
        largest(&off) <= 0.5 * largest(step)
    }
}
