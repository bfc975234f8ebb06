//! Restarts and the end: replacing the basis by combinations of itself.

use super::judge::{Open, combined_error};
use super::{Krylov, Which};
use crate::estimate::{Estimate, Status};
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

impl<S: Space> Krylov<S> {
    /// out ← the Ritz vector of wanted pair i as it stands, also before the process has finished.
    ///
    /// False, and `out` untouched, while the basis is too small to have it.
    pub fn ritz_vector(&self, space: &S, i: usize, out: &mut S::Vector) -> bool {
        let Some(row) = self.row_of(i) else { return false };
        combine(space, self.row(row), &self.basis, out);
        true
    }

    /// Keeps a copy of the Ritz vectors that are followed for "+1".
    pub(super) fn remember(&mut self, open: &Open) {
        let (k, m) = (self.filled, self.settings.memory);
        self.before.fill(0.0);
        if let Open::Neighbour(row) = open {
            self.before[..k].copy_from_slice(&self.vectors[row * k..][..k]);
            return;
        }
        for i in 0..self.estimates.len() {
            if let Some(row) = self.row_of(i) {
                self.before[i * m..][..k].copy_from_slice(&self.vectors[row * k..][..k]);
            }
        }
    }

    /// Makes room: V ← CV, W ← CW, M ← CMCᵀ for the kept rows C.
    pub(super) fn restart(&mut self, space: &S) {
        let kept_ritz = self.settings.kept_ritz();
        let rows = self.restart_rows(kept_ritz, true);
        self.replace(space, rows);
        self.solve_projected();
    }

    /// Keeps so many Ritz pairs of the lower and of the upper end, and nothing else.
    pub(super) fn reduce(&mut self, space: &S, [lower, upper]: [usize; 2]) {
        let k = self.filled;
        let rows = (0..lower).chain(k - upper..k);
        for (place, row) in rows.enumerate() {
            self.scratch[place * k..][..k].copy_from_slice(&self.vectors[row * k..][..k]);
        }
        self.replace(space, lower + upper);
        self.solve_projected();
    }

    /// Ends the search: the wanted Ritz vectors come first in the basis. `status` is for the pairs left open. The check
    /// of those found comes after it.
    pub(super) fn end(&mut self, space: &S, status: Option<Status>) {
        self.asking = false;
        for estimate in &mut self.estimates {
            if let (Status::Running, Some(status)) = (estimate.status, status) {
                estimate.status = status;
            }
        }
        if self.filled > 0 {
            // The neighbours of the wanted pairs stay too: the gap is known from them.
            let rows = self.restart_rows(self.settings.kept_ritz(), false);
            self.replace(space, rows);
            self.solve_projected();
        }
        self.queued = self.filled;
        if status != Some(Status::NonFinite) {
            self.begin_check();
        }
        self.withdraw_unconfirmed();
    }

    /// A list that was to be confirmed, and isn't at the end of the process, has no pair that is known to belong to it.
    pub(super) fn withdraw_unconfirmed(&mut self) {
        if self.settings.confirm && !self.is_confirmed() && !self.asking {
            let converged = |estimate: &&mut Estimate| estimate.status == Status::Converged;
            let all = self.estimates.iter_mut().filter(converged);
            all.for_each(|estimate| estimate.status = Status::Unconfirmed);
        }
    }

    /// Fills `scratch` with the rows of C, wanted pairs first, and returns their number.
    fn restart_rows(&mut self, ritz: usize, plus_one: bool) -> usize {
        let (k, m) = (self.filled, self.settings.memory);
        let mut rows = 0;
        for index in 0..ritz.min(k) {
            let row = self.kept_row(index);
            self.scratch[rows * k..][..k].copy_from_slice(&self.vectors[row * k..][..k]);
            rows += 1;
        }
        if plus_one {
            for i in 0..self.estimates.len() {
                let (done, next) = self.scratch.split_at_mut(rows * k);
                let next = &mut next[..k];
                next.copy_from_slice(&self.before[i * m..][..k]);
                rows += usize::from(orthonormalise(done, next));
            }
        }
        rows
    }

    /// The Ritz row that a restart keeps in place `index`: the wanted ones first, then their neighbours.
    pub(super) fn kept_row(&self, index: usize) -> usize {
        let last = self.filled - 1;
        match self.settings.which {
            Which::Lowest => index,
            Which::Highest => last - index,
            Which::Both => {
                let count = self.settings.count;
                match index {
                    i if i < count => i,
                    i if i < 2 * count => last - (i - count),
                    i if i % 2 == 0 => count + (i - 2 * count) / 2,
                    i => last - count - (i - 2 * count) / 2,
                }
            }
        }
    }

    /// Applies the rows in `scratch` to basis and products, and to M.
    fn replace(&mut self, space: &S, rows: usize) {
        let k = self.filled;
        for vectors in [&mut self.basis, &mut self.products] {
            for (a, target) in self.spare.iter_mut().take(rows).enumerate() {
                combine(space, &self.scratch[a * k..][..k], vectors, target.borrow_mut());
            }
            vectors[..rows].swap_with_slice(&mut self.spare[..rows]);
        }
        self.project_matrix(rows);
        self.project_errors(rows);
        let weights = &self.scratch[..rows * k];
        self.confirmation.missed.recombine(weights, rows, k, &mut self.vectors);
        (self.filled, self.queued) = (rows, rows);
    }

    /// The errors of the recombined products, using `vectors` as room.
    fn project_errors(&mut self, rows: usize) {
        let k = self.filled;
        for a in 0..rows {
            self.vectors[a] = combined_error(&self.scratch[a * k..][..k], &self.errors);
        }
        self.errors[..rows].copy_from_slice(&self.vectors[..rows]);
    }

    /// M ← CMCᵀ, using `vectors` as room for CM.
    fn project_matrix(&mut self, rows: usize) {
        let (k, m) = (self.filled, self.settings.memory);
        for a in 0..rows {
            for j in 0..k {
                self.vectors[a * k + j] =
                    (0..k).map(|i| self.scratch[a * k + i] * self.matrix[i * m + j]).sum();
            }
        }
        for a in 0..rows {
            for b in 0..rows {
                self.matrix[a * m + b] =
                    (0..k).map(|j| self.vectors[a * k + j] * self.scratch[b * k + j]).sum();
            }
        }
    }
}

/// y ← Σ cⱼ vⱼ, of as many v as there are c.
fn combine<S: Space>(space: &S, c: &[f64], v: &[S::Owned], y: &mut S::Vector) {
    for (j, (c, v)) in c.iter().zip(v).enumerate() {
        space.axpby(*c, v.borrow(), if j == 0 { 0.0 } else { 1.0 }, y);
    }
}

/// Orthonormalises `next` against the rows of `done`; false if it depends on them.
fn orthonormalise(done: &[f64], next: &mut [f64]) -> bool {
    let mut norm = 0.0;
    for _ in 0..2 {
        for row in done.chunks_exact(next.len()) {
            let along: f64 = row.iter().zip(next.iter()).map(|(a, b)| a * b).sum();
            next.iter_mut().zip(row).for_each(|(b, a)| *b -= along * a);
        }
        norm = next.iter().map(|b| b * b).sum::<f64>().sqrt();
    }
    // The rows had unit length: what is below this came from rounding.
    if norm < 1e-10 {
        return false;
    }
    next.iter_mut().for_each(|b| *b /= norm);
    true
}

#[cfg(test)]
mod tests {
    use super::orthonormalise;

    #[test]
    fn a_row_that_nearly_depends_on_the_others_is_orthogonal_to_them_all_the_same() {
        let done = [0.6, 0.8, 0.0, -0.8, 0.6, 0.0];
        for share in [1.0, 1e-6, 1e-9] {
            // One pass leaves the rounding of what it took away, 1e-16 of it, beside `share`.
            let mut next = [0.3 * 0.6 - 0.7 * 0.8, 0.3 * 0.8 + 0.7 * 0.6, share];
            assert!(orthonormalise(&done, &mut next), "{share}");
            for row in done.chunks(3) {
                let along: f64 = row.iter().zip(&next).map(|(a, b)| a * b).sum();
                assert!(along.abs() < 1e-15, "{share}: {along:e}");
            }
            assert!((next[2] - 1.0).abs() < 1e-14);
        }
        assert!(!orthonormalise(&done, &mut [0.6, 0.8, 1e-12]), "rounding is no direction");
    }
}
