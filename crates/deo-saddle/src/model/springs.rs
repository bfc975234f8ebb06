//! Springs between near atoms, for metals and everything close-packed.
//!
//! B₀ = Σ over pairs of k exp(−A(r/r_nn − 1)) (0.9 uuᵀ + 0.1), u the unit vector between two atoms, r_nn the typical
//! distance of neighbours, A = 3, pairs up to 2 r_nn. The weights are those of the preconditioner of D. Packwood, J. Kermode
//! et al., J. Chem. Phys. 144, 164109 (2016), eq. 10. k is learned by the search: too stiff a guess costs twice the
//! gradients.

use super::structure::{Structure, dot};
use super::{ModelHessian, largest, multiply};

/// A.
const DECAY: f64 = 3.0;
/// Of r_nn.
const CUTOFF: f64 = 2.0;
/// The share of a spring that resists motion across it: without any, what lies in a plane could leave it at no cost.
const ACROSS: f64 = 0.1;

/// Springs of unit strength between near atoms.
#[derive(Debug, Clone, PartialEq)]
pub struct Springs {
    structure: Structure,
    component: Vec<Option<usize>>,
    matrix: Vec<f64>,
}

impl Springs {
    /// For these atoms.
    pub fn new(structure: Structure) -> Self {
        let mut component = vec![None; 3 * structure.count()];
        structure.free().iter().enumerate().for_each(|(k, &i)| component[i] = Some(k));
        Springs { structure, component, matrix: Vec::new() }
    }
}

impl ModelHessian<[f64]> for Springs {
    fn prepare(&mut self, x: &[f64], _gradient: &[f64]) -> bool {
        self.structure.set(x);
        let (atoms, n) = (self.structure.count(), x.len());
        let mut pairs = Vec::new();
        let mut nearest = vec![f64::INFINITY; atoms];
        for i in 0..atoms {
            for j in i + 1..atoms {
                let u = self.structure.between(i, j);
                let r = dot(u, u).sqrt();
                if r > 0.0 {
                    nearest[i] = nearest[i].min(r);
                    nearest[j] = nearest[j].min(r);
                    pairs.push((i, j, u, r));
                }
            }
        }
        nearest.sort_by(f64::total_cmp);
        let Some(typical) = nearest.get(atoms / 2).copied().filter(|r| r.is_finite()) else {
            return false;
        };
        self.matrix = vec![0.0; n * n];
        for (i, j, u, r) in pairs.into_iter().filter(|pair| pair.3 < CUTOFF * typical) {
            // Atoms driven into each other must not outweigh everything.
            let k = (-DECAY * (r / typical - 1.0)).min(1.0).exp();
            for a in 0..3 {
                for b in 0..3 {
                    let straight = if a == b { ACROSS } else { 0.0 };
                    let entry = k * ((1.0 - ACROSS) * u[a] * u[b] / (r * r) + straight);
                    for (p, q, sign) in [(i, i, 1.0), (j, j, 1.0), (i, j, -1.0), (j, i, -1.0)] {
                        let (row, column) = (self.component[3 * p + a], self.component[3 * q + b]);
                        if let (Some(row), Some(column)) = (row, column) {
                            self.matrix[row * n + column] += sign * entry;
                        }
                    }
                }
            }
        }
        true
    }

    fn apply(&mut self, v: &[f64], product: &mut [f64]) {
        multiply(&self.matrix, v, product);
    }

    fn is_relative(&self) -> bool {
        true
    }

    fn size(&self, v: &[f64]) -> Option<f64> {
        Some(largest(v))
    }
}
