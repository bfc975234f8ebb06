//! What a process has learnt beside its wanted pairs: the density of the spectrum, and its basis in another metric.

use super::Krylov;
use super::check::Check;
use crate::ritz::symmetric_eigen;
use crate::space::Space;
use crate::space::{Update, Updates};
use std::borrow::{Borrow, BorrowMut};

/// y ← p y.
struct Times;

impl Update<1, 1> for Times {
    #[inline(always)]
    fn component<T: crate::space::Real>(&self, [p]: [T; 1], [y]: &mut [T; 1]) {
        *y = T::from_f64(p.to_f64() * y.to_f64());
    }
}

impl<S: Space> Krylov<S> {
    /// The Gauss quadrature (θ, w), Σw = 1, of the density as the random start sees it; `None` once the basis no longer
    /// is the Krylov space of that start, after a restart or at the end.
    pub(crate) fn quadrature(&self) -> Option<Vec<(f64, f64)>> {
        let answers = self.gradients / self.settings.rule.gradients();
        let whole = self.asking && self.check == Check::None && self.filled as u64 == answers;
        let weight = |row: usize| self.row(row)[0] * self.row(row)[0];
        (whole && self.filled > 0)
            .then(|| (0..self.filled).map(|row| (self.values[row], weight(row))).collect())
    }

    /// All eigenvalues, if the basis is the whole space of dimension `n`.
    pub(crate) fn whole_spectrum(&self, n: f64) -> Option<&[f64]> {
        (self.filled as f64 == n).then(|| &self.values[..self.filled])
    }

    /// The lowest eigenvalue of P⁻¹H that the basis holds, P = diag(`metric`) > 0: min yᵀMy / yᵀVᵀPVy. An upper bound of
    /// the true one. NaN if P isn't positive on the basis.
    pub(crate) fn lowest_in_metric(&self, space: &S, metric: &S::Vector) -> f64
    where
        S: Updates,
    {
        let (k, m) = (self.filled, self.settings.memory);
        if k == 0 {
            return f64::NAN;
        }
        let mut scaled = space.zeros_like(metric);
        let mut gram = vec![0.0; k * k];
        for i in 0..k {
            space.copy(self.basis[i].borrow(), scaled.borrow_mut());
            let all = 0..space.len(metric);
            space.update(all, &Times, [metric], [scaled.borrow_mut()]);
            for j in 0..k {
                gram[i * k + j] = space.dot(scaled.borrow(), self.basis[j].borrow());
            }
        }
        let Some(factor) = cholesky(&gram, k) else { return f64::NAN };
        // L⁻¹ M L⁻ᵀ, by two forward substitutions.
        let mut a: Vec<f64> = (0..k * k).map(|e| self.matrix[e / k * m + e % k]).collect();
        for _ in 0..2 {
            solve_rows(&factor, &mut a, k);
            transpose(&mut a, k);
        }
        let (mut vectors, mut values) = (vec![0.0; k * k], vec![0.0; k]);
        symmetric_eigen(&mut a, &mut vectors, &mut values);
        values[0]
    }
}

/// L of A = LLᵀ; `None` unless A is positive definite.
fn cholesky(a: &[f64], k: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..=i {
            let known: f64 = (0..j).map(|p| l[i * k + p] * l[j * k + p]).sum();
            let rest = a[i * k + j] - known;
            l[i * k + j] = if i == j { rest.sqrt() } else { rest / l[j * k + j] };
        }
        if !(l[i * k + i] > 0.0 && l[i * k + i].is_finite()) {
            return None;
        }
    }
    Some(l)
}

/// Each row b of `rows` ← L⁻¹b.
fn solve_rows(l: &[f64], rows: &mut [f64], k: usize) {
    for b in rows.chunks_exact_mut(k) {
        for i in 0..k {
            let known: f64 = (0..i).map(|p| l[i * k + p] * b[p]).sum();
            b[i] = (b[i] - known) / l[i * k + i];
        }
    }
}

fn transpose(a: &mut [f64], k: usize) {
    for i in 0..k {
        for j in 0..i {
            a.swap(i * k + j, j * k + i);
        }
    }
}
