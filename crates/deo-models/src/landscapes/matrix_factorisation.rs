//! A symmetric matrix as a product of thin factors.
//!
//! f(U) = ¼ ‖UUᵀ − M‖²_F, U ∈ ℝ^{d×r}, M = Σᵢ λᵢ vᵢvᵢᵀ of rank r with λ₁ ≥ … ≥ λ_r > 0; ∇f = (UUᵀ − M) U.
//!
//! The vector x holds U column after column, N = d r. Domain: ℝᴺ, starts with entries in [−1, 1]. The stationary
//! points hold a subset of the eigenpairs, up to U → UR with R orthogonal; those with the first k of them are
//!
//! | point | f | lowest curvature |
//! |---|---|---|
//! | U = (√λ₁v₁, …, √λ_k v_k, 0, …), k < r, saddles, 0 included | ¼ Σ_{i>k} λᵢ² | −λ_{k+1}, along v_{k+1} in a zero column; at 0 that is −λ_max(M) |
//! | k = r, a minimum | 0 | 0, along the rotations R; for r = 1 it is λ₁, or 2λ₁ if d = 1 |
//!
//! From a small start a gradient method learns one eigenpair after the other, a saddle for each.
//!
//! R. Ge, C. Jin, Y. Zheng, No spurious local minima in nonconvex low rank problems, ICML 2017, arXiv 1704.00708.

use super::landscape::objective_by_evaluate;
use super::{Basis, Landscape, LandscapeError, StationaryPoint};

/// f(U) = ¼ ‖UUᵀ − M‖²_F.
#[derive(Debug, Clone)]
pub struct MatrixFactorisation {
    /// λ, descending.
    eigenvalues: Vec<f64>,
    /// v₁ … v_r, each d numbers.
    vectors: Vec<Vec<f64>>,
    /// M, d × d.
    matrix: Vec<f64>,
    /// UUᵀ − M, d × d.
    residual: Vec<f64>,
}

impl MatrixFactorisation {
    /// The matrix with these eigenvalues, descending, on the first vectors of `basis`; d is the basis' dimension and
    /// r the number of eigenvalues.
    ///
    /// # Errors
    ///
    /// Unless 1 ≤ r ≤ d and the eigenvalues are positive, finite and descending.
    pub fn new(eigenvalues: Vec<f64>, basis: &Basis) -> Result<Self, LandscapeError> {
        let (d, r) = (basis.dimension(), eigenvalues.len());
        LandscapeError::unless_dimension("matrix-factorisation", d, 1)?;
        LandscapeError::unless_descending("the list of eigenvalues", &eigenvalues, d)?;
        let vectors: Vec<_> = (0..r).map(|i| basis.column(i)).collect();
        let mut matrix = vec![0.0; d * d];
        for (lambda, v) in eigenvalues.iter().zip(&vectors) {
            for i in 0..d {
                for j in 0..d {
                    matrix[i * d + j] += lambda * v[i] * v[j];
                }
            }
        }
        Ok(MatrixFactorisation { eigenvalues, vectors, residual: matrix.clone(), matrix })
    }

    /// d = 20, λ = 1, ½, ¼ in a random basis: N = 60, three saddles in a row.
    pub fn customary() -> Self {
        Self::new(vec![1.0, 0.5, 0.25], &Basis::random(20, 3, 0)).expect("valid")
    }

    /// λ, descending.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// d.
    pub fn size(&self) -> usize {
        self.vectors[0].len()
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let d = self.size();
        self.residual.iter_mut().zip(&self.matrix).for_each(|(r, m)| *r = -m);
        for u in x.chunks_exact(d) {
            for (row, &ui) in self.residual.chunks_exact_mut(d).zip(u) {
                row.iter_mut().zip(u).for_each(|(r, uj)| *r += ui * uj);
            }
        }
        if let Some(gradient) = gradient {
            for (g, u) in gradient.chunks_exact_mut(d).zip(x.chunks_exact(d)) {
                for (g, row) in g.iter_mut().zip(self.residual.chunks_exact(d)) {
                    *g = row.iter().zip(u).map(|(r, u)| r * u).sum();
                }
            }
        }
        0.25 * self.residual.iter().map(|r| r * r).sum::<f64>()
    }

    /// The point that holds the first k eigenpairs.
    fn after(&self, k: usize) -> StationaryPoint {
        let (d, r) = (self.size(), self.eigenvalues.len());
        let mut x = vec![0.0; d * r];
        let pairs = self.eigenvalues.iter().zip(&self.vectors);
        for (u, (lambda, v)) in x.chunks_exact_mut(d).zip(pairs).take(k) {
            u.iter_mut().zip(v).for_each(|(u, v)| *u = lambda.sqrt() * v);
        }
        let rest = &self.eigenvalues[k..];
        let curvature = match rest.first() {
            Some(next) => -next,
            None if r > 1 => 0.0,
            None => self.eigenvalues[0] * if d == 1 { 2.0 } else { 1.0 },
        };
        let value = 0.25 * rest.iter().map(|lambda| lambda * lambda).sum::<f64>();
        StationaryPoint { x, value, curvature: Some(curvature) }
    }
}

objective_by_evaluate!(MatrixFactorisation);

impl Landscape for MatrixFactorisation {
    fn name(&self) -> &'static str {
        "matrix-factorisation"
    }

    fn dimension(&self) -> usize {
        self.size() * self.eigenvalues.len()
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        vec![self.after(self.eigenvalues.len())]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        (0..self.eigenvalues.len()).map(|k| self.after(k)).collect()
    }
}
