//! A vector from the squares of its projections.
//!
//! f(x) = 1/4m Σ_k ((a_kᵀx)² − y_k)², y_k = (a_kᵀx*)², with Gaussian a_k and a random unit vector x*;
//! ∇f = 1/m Σ_k ((a_kᵀx)² − y_k)(a_kᵀx) a_k.
//!
//! Domain: ℝᵈ, starts in [−1, 1]ᵈ.
//!
//! | point | f | Hessian |
//! |---|---|---|
//! | 0 | 1/4m Σ y² | −1/m Σ y aaᵀ, about −(I + 2x*x*ᵀ) |
//! | ±x*, the minima | 0 | 2/m Σ y aaᵀ, about 2(I + 2x*x*ᵀ) |
//!
//! 0 is a maximum and every direction leads down, the steepest nearly towards x*. The approximations hold for
//! m ≫ d; the points state the exact lowest curvature, by a dense eigensolver. For m ≥ 2d − 1 the measurements
//! determine ±x* (Balan, Casazza & Edidin 2006); for m ≫ d log³ d there are no other minima (Sun, Qu & Wright 2018,
//! arXiv 1602.06664).

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};
use nalgebra::{DMatrix, SymmetricEigen};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::StandardNormal;

/// f(x) = 1/4m Σ ((aᵀx)² − y)².
#[derive(Debug, Clone)]
pub struct PhaseRetrieval {
    /// a_1 … a_m, m × d.
    rows: Vec<f64>,
    measured: Vec<f64>,
    hidden: Vec<f64>,
}

impl PhaseRetrieval {
    /// m measurements of a unit vector in d dimensions.
    ///
    /// # Errors
    ///
    /// Unless d ≥ 1 and m ≥ 2d − 1, below which ±x* are not the only solutions.
    pub fn new(d: usize, m: usize, seed: u64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_dimension("phase-retrieval", d, 1)?;
        let allowed = m >= 2 * d - 1;
        LandscapeError::unless(allowed, "the number of measurements", m as f64, "at least 2d - 1")?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Another stream than a start from the same seed, which would else be a multiple of x*.
        rng.set_stream(u64::from_le_bytes(*b"measured"));
        let mut normal = |n: usize| -> Vec<f64> {
            (0..n).map(|_| rng.sample::<f64, _>(StandardNormal)).collect()
        };
        let (mut hidden, rows) = (normal(d), normal(m * d));
        let norm = dot(&hidden, &hidden).sqrt();
        hidden.iter_mut().for_each(|x| *x /= norm);
        let measured = rows.chunks_exact(d).map(|a| dot(a, &hidden).powi(2)).collect();
        Ok(PhaseRetrieval { rows, measured, hidden })
    }

    /// d = 50, m = 500.
    pub fn customary() -> Self {
        Self::new(50, 500, 0).expect("valid")
    }

    /// x*.
    pub fn hidden(&self) -> &[f64] {
        &self.hidden
    }

    /// Σ y aaᵀ/m.
    fn moment(&self) -> DMatrix<f64> {
        let (d, m) = (self.hidden.len(), self.measured.len());
        let a = DMatrix::from_row_slice(m, d, &self.rows);
        let scaled = DMatrix::from_fn(m, d, |k, i| self.measured[k] / m as f64 * a[(k, i)]);
        a.transpose() * scaled
    }

    fn evaluate(&mut self, x: &[f64], mut gradient: Option<&mut [f64]>) -> f64 {
        if let Some(gradient) = &mut gradient {
            gradient.fill(0.0);
        }
        let m = self.measured.len() as f64;
        let mut sum = 0.0;
        for (a, y) in self.rows.chunks_exact(x.len()).zip(&self.measured) {
            let along = dot(a, x);
            let off = along * along - y;
            sum += off * off;
            if let Some(gradient) = &mut gradient {
                let weight = off * along / m;
                gradient.iter_mut().zip(a).for_each(|(g, a)| *g += weight * a);
            }
        }
        sum / (4.0 * m)
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

objective_by_evaluate!(PhaseRetrieval);

impl Landscape for PhaseRetrieval {
    fn name(&self) -> &'static str {
        "phase-retrieval"
    }

    fn dimension(&self) -> usize {
        self.hidden.len()
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let lowest = SymmetricEigen::new(self.moment()).eigenvalues.min();
        let minimum = |sign: f64| StationaryPoint {
            x: self.hidden.iter().map(|x| sign * x).collect(),
            value: 0.0,
            curvature: Some(2.0 * lowest),
        };
        vec![minimum(1.0), minimum(-1.0)]
    }

    /// 0, which is a maximum.
    fn saddles(&self) -> Vec<StationaryPoint> {
        let squares: f64 = self.measured.iter().map(|y| y * y).sum();
        vec![StationaryPoint {
            x: vec![0.0; self.dimension()],
            value: squares / (4.0 * self.measured.len() as f64),
            curvature: Some(-SymmetricEigen::new(self.moment()).eigenvalues.max()),
        }]
    }
}
