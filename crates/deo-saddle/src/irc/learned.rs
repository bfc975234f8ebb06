//! A Hessian along a path, by Bofill's update.
//!
//! For a step s with the change y of the gradient, ξ = y − Hs is what H missed. The symmetric rank-one update is exact on
//! quadratic functions and fails where ξ ⟂ s; Powell's never fails and learns slowly. Bofill weighs them by the angle,
//!
//! H ← H + φ ξξᵀ/⟨ξ, s⟩ + (1 − φ)((ξsᵀ + sξᵀ)/⟨s, s⟩ − ⟨ξ, s⟩ ssᵀ/⟨s, s⟩²),  φ = ⟨ξ, s⟩²/(⟨ξ, ξ⟩⟨s, s⟩),
//!
//! and keeps negative curvatures, which a path has near its saddle. The fit of `crate::learned` is better for a search
//! that comes back to where it was; a path doesn't, and asks for O(n²) a gradient here instead of O(n³).
//!
//! J. M. Bofill, J. Comput. Chem. 15, 1 (1994).

use crate::dense::times;
use crate::learned::{dot, norm};

#[derive(Debug, Clone)]
pub(super) struct Bofill {
    n: usize,
    matrix: Vec<f64>,
}

/// ‖ξ‖ relative to ‖y‖ below which nothing was missed but rounding.
const ROUNDING: f64 = 1e-12;

impl Bofill {
    /// That matrix, row by row.
    pub(super) fn given(n: usize, matrix: &[f64]) -> Self {
        assert_eq!(matrix.len(), n * n, "entries of the Hessian, and coordinates squared");
        Bofill { n, matrix: matrix.to_vec() }
    }

    /// As stiff in all directions as the function along the step.
    pub(super) fn scalar(x: &[f64], g: &[f64], next: &[f64], next_g: &[f64]) -> Self {
        let n = x.len();
        let (s, y) = (difference(next, x), difference(next_g, g));
        let stiffness = norm(&y) / norm(&s).max(f64::MIN_POSITIVE);
        let mut matrix = vec![0.0; n * n];
        matrix.iter_mut().step_by(n + 1).for_each(|entry| *entry = stiffness);
        Bofill { n, matrix }
    }

    pub(super) fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// The mean of the diagonal's sizes.
    pub(super) fn scale(&self) -> f64 {
        let sum: f64 = self.matrix.iter().step_by(self.n + 1).map(|entry| entry.abs()).sum();
        sum / self.n as f64
    }

    /// Hv.
    pub(super) fn product(&self, v: &[f64]) -> Vec<f64> {
        times(&self.matrix, v)
    }

    /// Takes the gradients at both ends of a step.
    pub(super) fn learn(&mut self, x: &[f64], g: &[f64], next: &[f64], next_g: &[f64]) {
        let (s, y) = (difference(next, x), difference(next_g, g));
        let product = self.product(&s);
        let missed = difference(&y, &product);
        let (ss, mm, ms) = (dot(&s, &s), dot(&missed, &missed), dot(&missed, &s));
        let nothing = mm.sqrt() <= ROUNDING * (norm(&y) + norm(&product));
        if nothing || !ss.is_normal() || !mm.is_normal() {
            return;
        }
        let phi = ms * ms / (mm * ss);
        // φ/⟨ξ, s⟩, which has a limit where the denominator vanishes.
        let rank_one = ms / (mm * ss);
        let n = self.n;
        for i in 0..n {
            for j in 0..n {
                let powell =
                    (missed[i] * s[j] + s[i] * missed[j]) / ss - ms * s[i] * s[j] / (ss * ss);
                self.matrix[i * n + j] += rank_one * missed[i] * missed[j] + (1.0 - phi) * powell;
            }
        }
    }
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The update reproduces the step it has seen, and n of them a quadratic function.
    #[test]
    fn what_was_seen_is_known() {
        let truth = Bofill::given(3, &[2.0, 0.3, 0.0, 0.3, -5.0, -1.0, 0.0, -1.0, 9.0]);
        let mut learned = Bofill::given(3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        let zero = [0.0; 3];
        for s in [[0.3, 0.1, -0.2], [-0.1, 0.4, 0.2], [0.2, 0.2, 0.5]] {
            let y = truth.product(&s);
            learned.learn(&zero, &zero, &s, &y);
            let off = norm(&difference(&learned.product(&s), &y));
            assert!(off < 1e-14, "{off:e}");
            assert!((learned.matrix[1] - learned.matrix[3]).abs() < 1e-15);
        }
    }
}
