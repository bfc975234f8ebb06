//! The Hessian: that of the coordinates, and what the forces along them bend.

use super::super::internal::Internal;
use super::coordinates::Set;
use super::rows::Row;
use super::{HOLD, Lindh};
use crate::cholesky::solve;

impl Lindh {
    /// Σ k bbᵀ, and the rows.
    pub(super) fn harmonic(&self, set: &Set) -> (Vec<f64>, Vec<Row>) {
        let n = self.structure.components();
        let mut matrix = vec![0.0; n * n];
        let rows: Vec<Row> = set.internals.iter().map(|q| self.entries(q, &self.at(q).1)).collect();
        for (q, row) in set.internals.iter().zip(&rows) {
            row.outer(q.stiffness, &mut matrix, n);
        }
        (matrix, rows)
    }

    /// f of every coordinate that would explain the gradient.
    pub(super) fn forces(
        &self,
        set: &Set,
        rows: &[Row],
        harmonic: &[f64],
        gradient: &[f64],
    ) -> Vec<f64> {
        let n = gradient.len();
        let (mut matrix, mut strain) = (harmonic.to_vec(), gradient.to_vec());
        (0..n).for_each(|i| matrix[i * n + i] += HOLD);
        if !solve(&mut matrix, &mut strain) {
            strain.fill(0.0);
        }
        set.internals.iter().zip(rows).map(|(q, row)| q.stiffness * row.dot(&strain)).collect()
    }

    /// f ∂²q/∂x² by central differences of the closed gradient, over the free components of its atoms.
    pub(super) fn bend_surface(&self, q: &Internal, f: f64, matrix: &mut [f64]) {
        /// Of the place of an atom, Å: ε^⅓, where rounding and the third derivative are equally small.
        const STEP: f64 = 6e-6;
        let n = self.structure.components();
        let bonds: [[f64; 3]; 3] = q.bonds;
        let count = q.kind.atoms();
        for k in 0..count {
            for c in 0..3 {
                let Some(column) = self.component[3 * q.atoms[k] + c] else { continue };
                let gradient = |h: f64| {
                    let mut moved = bonds;
                    if k > 0 {
                        moved[k - 1][c] += h;
                    }
                    if k + 1 < count {
                        moved[k][c] -= h;
                    }
                    q.kind.value(moved).1
                };
                let (up, down) = (gradient(STEP), gradient(-STEP));
                for a in 0..count {
                    for d in 0..3 {
                        if let Some(row) = self.component[3 * q.atoms[a] + d] {
                            let slope = (up[a][d] - down[a][d]) / (2.0 * STEP);
                            // Half to each side keeps the sum symmetric.
                            matrix[row * n + column] += 0.5 * f * slope;
                            matrix[column * n + row] += 0.5 * f * slope;
                        }
                    }
                }
            }
        }
    }
}
