//! One saddle between two minima, in any dimension.
//!
//! With y = Qᵀx the coordinates in a [`Basis`],
//!
//! f(x) = c (y₁⁴/(4r²) − y₁²/2) + ½ Σᵢ κᵢ yᵢ₊₁².
//!
//! Parameters: c > 0, r > 0, every κᵢ > 0. Domain: ℝᴺ, starts in [−r, r]ᴺ.
//!
//! | point | f | Hessian in the basis |
//! |---|---|---|
//! | y = 0, the saddle | 0 | −c, κ₁, κ₂, … |
//! | y = (±r, 0, …), the minima | −c r²/4 | 2c, κ₁, κ₂, … |
//!
//! c = 1, r = 2, κ = 9/4 in the coordinate axes is x₁⁴/16 − x₁²/2 + 9/8 x₂².

use super::landscape::objective_by_evaluate;
use super::{Basis, Landscape, LandscapeError, StationaryPoint};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// A double well along one direction and a bowl along the others.
#[derive(Debug, Clone)]
pub struct StrictSaddle {
    curvature: f64,
    radius: f64,
    stiffness: Vec<f64>,
    basis: Basis,
    /// y = Qᵀx, for values without a gradient.
    scratch: Vec<f64>,
}

impl StrictSaddle {
    /// Curvature −c at the saddle along the first vector of `basis`, minima at distance r along it, and
    /// curvature κᵢ along vector i + 1; N is one more than the number of κ.
    ///
    /// # Errors
    ///
    /// Unless c, r and every κ are positive and finite and `basis` has as many vectors.
    pub fn new(
        curvature: f64,
        radius: f64,
        stiffness: Vec<f64>,
        basis: Basis,
    ) -> Result<Self, LandscapeError> {
        let parameters = [("the curvature", curvature), ("the radius", radius)];
        let stiffnesses = stiffness.iter().map(|&kappa| ("a stiffness", kappa));
        for (parameter, value) in parameters.into_iter().chain(stiffnesses) {
            LandscapeError::unless_positive(parameter, value)?;
        }
        let n = basis.dimension();
        LandscapeError::unless_dimension("strict-saddle", n, 1)?;
        if stiffness.len() != n - 1 {
            return Err(LandscapeError::WrongLength {
                parameter: "the stiffness",
                length: stiffness.len(),
                expected: n - 1,
            });
        }
        Ok(StrictSaddle { curvature, radius, stiffness, basis, scratch: vec![0.0; n] })
    }

    /// x₁⁴/16 − x₁²/2 + 9/8 x₂²: λ = −1 at 0, minima (±2, 0) with f = −1.
    pub fn planar() -> Self {
        StrictSaddle {
            curvature: 1.0,
            radius: 2.0,
            stiffness: vec![2.25],
            basis: Basis::axes(2),
            scratch: vec![0.0; 2],
        }
    }

    /// N dimensions with λ_min = −c at the saddle, minima at distance 2, κ uniformly random in [½, 1], and a
    /// uniformly random direction of escape.
    ///
    /// # Errors
    ///
    /// Unless n ≥ 1 and c is positive and finite.
    pub fn random(n: usize, curvature: f64, seed: u64) -> Result<Self, LandscapeError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The same seed draws the basis, from another stream, so that the two are independent.
        rng.set_stream(u64::from_le_bytes(*b"stiffnes"));
        let stiffness = (1..n).map(|_| rng.random_range(0.5..=1.0)).collect();
        // Only one direction matters, the escape.
        Self::new(curvature, 2.0, stiffness, Basis::random(n, 1, seed))
    }

    /// c, minus the lowest curvature at the saddle.
    pub fn curvature(&self) -> f64 {
        self.curvature
    }

    /// r, the distance of the minima from the saddle.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// κ, the curvatures along the other basis vectors.
    pub fn stiffness(&self) -> &[f64] {
        &self.stiffness
    }

    /// The unit vector along which the curvature at the saddle is −c.
    pub fn escape_direction(&self) -> Vec<f64> {
        self.basis.column(0)
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let wanted = gradient.is_some();
        let y = gradient.unwrap_or(&mut self.scratch);
        y.copy_from_slice(x);
        self.basis.apply_transposed(y);

        let (c, s) = (self.curvature, (y[0] / self.radius).powi(2)); // s = y₁²/r²
        let mut value = c * y[0] * y[0] * (s / 4.0 - 0.5);
        y[0] *= c * (s - 1.0);
        for (y, &kappa) in y[1..].iter_mut().zip(&self.stiffness) {
            value += 0.5 * kappa * *y * *y;
            *y *= kappa;
        }
        if wanted {
            self.basis.apply(y);
        }
        value
    }
}

objective_by_evaluate!(StrictSaddle);

impl Landscape for StrictSaddle {
    fn name(&self) -> &'static str {
        "strict-saddle"
    }

    fn dimension(&self) -> usize {
        self.basis.dimension()
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-self.radius, self.radius); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let (c, r) = (self.curvature, self.radius);
        let softest = self.stiffness.iter().copied().fold(2.0 * c, f64::min);
        [r, -r]
            .map(|along| StationaryPoint {
                x: self.escape_direction().iter().map(|v| along * v).collect(),
                value: -c * r * r / 4.0,
                curvature: Some(softest),
            })
            .into()
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        vec![StationaryPoint {
            x: vec![0.0; self.dimension()],
            value: 0.0,
            curvature: Some(-self.curvature),
        }]
    }
}
