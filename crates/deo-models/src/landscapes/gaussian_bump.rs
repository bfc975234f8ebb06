//! A Gaussian bump in the middle of an anisotropic bowl.
//!
//! f(x) = ½ Σᵢ κᵢ xᵢ² + A exp(−‖x‖²/2σ²), 0 < κ₁ < κ₂ < … < κ_N.
//!
//! Parameters: κ, the height A > 0, the width σ > 0, with A/σ² > κ₁, else nothing but a bowl remains. Domain: ℝᴺ,
//! starts in [−3σ, 3σ]ᴺ. The gradient vanishes at 0 and where κᵢ = (A/σ²) exp(−‖x‖²/2σ²) for the one i along
//! which x points. With r_i² = 2σ² ln(A/(σ²κᵢ)) these are all the stationary points:
//!
//! | point | f | Hessian, along eᵢ and along e_j |
//! |---|---|---|
//! | 0, the top | A | κ_j − A/σ² for every j |
//! | ±r₁e₁, the minima | κ₁(½r₁² + σ²) | κ₁r₁²/σ² and κ_j − κ₁ |
//! | ±rᵢeᵢ for i > 1 with A/σ² > κᵢ, saddles | κᵢ(½rᵢ² + σ²) | κᵢrᵢ²/σ² and κ_j − κᵢ, of which κ₁ − κᵢ is the lowest |
//!
//! The top is a maximum in the directions with κᵢ < A/σ² and the way down may lead past the other saddles; if the
//! κ lie close together it runs along the valley ‖x‖ ≈ r at a rate given by their differences.

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};

/// A bowl with a bump on its bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianBump {
    stiffness: Vec<f64>,
    height: f64,
    width: f64,
}

impl Default for GaussianBump {
    /// N = 20, κ = 0.05, 0.15, …, 1.95, A = σ = 1: ten directions lead down from the top.
    fn default() -> Self {
        let stiffness = (1..=20).map(|i| 0.1 * f64::from(i) - 0.05).collect();
        GaussianBump { stiffness, height: 1.0, width: 1.0 }
    }
}

impl GaussianBump {
    /// The bowl of curvatures κ with a bump of height A and width σ.
    ///
    /// # Errors
    ///
    /// Unless κ is not empty, ascending, positive and finite, A and σ are positive and finite, and A/σ² > κ₁.
    pub fn new(stiffness: Vec<f64>, height: f64, width: f64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_dimension("gaussian-bump", stiffness.len(), 1)?;
        let mut below = 0.0;
        for &kappa in &stiffness {
            let allowed = kappa > below && kappa.is_finite();
            LandscapeError::unless(allowed, "a stiffness", kappa, "positive, finite, ascending")?;
            below = kappa;
        }
        LandscapeError::unless_positive("the width", width)?;
        let allowed = height > stiffness[0] * width * width && height.is_finite();
        LandscapeError::unless(allowed, "the height", height, "finite and above κ₁σ²")?;
        Ok(GaussianBump { stiffness, height, width })
    }

    /// κ, the curvatures of the bowl.
    pub fn stiffness(&self) -> &[f64] {
        &self.stiffness
    }

    /// A/σ², the curvature of the bump at its top, downwards.
    pub fn steepness(&self) -> f64 {
        self.height / (self.width * self.width)
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let square: f64 = x.iter().map(|x| x * x).sum();
        let bump = self.height * (-square / (2.0 * self.width * self.width)).exp();
        if let Some(gradient) = gradient {
            let fall = bump / (self.width * self.width);
            for ((g, &x), &kappa) in gradient.iter_mut().zip(x).zip(&self.stiffness) {
                *g = (kappa - fall) * x;
            }
        }
        let bowl: f64 = x.iter().zip(&self.stiffness).map(|(x, kappa)| kappa * x * x).sum();
        0.5 * bowl + bump
    }

    /// The point ±rᵢeᵢ, counted from 0.
    fn on_axis(&self, i: usize, sign: f64) -> StationaryPoint {
        let (kappa, square) = (self.stiffness[i], self.width * self.width);
        let r2 = 2.0 * square * (self.steepness() / kappa).ln();
        let mut x = vec![0.0; self.stiffness.len()];
        x[i] = sign * r2.sqrt();
        let along = kappa * r2 / square;
        let across = if i > 0 { Some(0) } else { (x.len() > 1).then_some(1) };
        let across = across.map_or(f64::INFINITY, |j| self.stiffness[j] - kappa);
        StationaryPoint {
            x,
            value: kappa * (0.5 * r2 + square),
            curvature: Some(along.min(across)),
        }
    }
}

objective_by_evaluate!(GaussianBump);

impl Landscape for GaussianBump {
    fn name(&self) -> &'static str {
        "gaussian-bump"
    }

    fn dimension(&self) -> usize {
        self.stiffness.len()
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-3.0 * self.width, 3.0 * self.width); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        vec![self.on_axis(0, 1.0), self.on_axis(0, -1.0)]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        let top = StationaryPoint {
            x: vec![0.0; self.dimension()],
            value: self.height,
            curvature: Some(self.stiffness[0] - self.steepness()),
        };
        let others = (1..self.dimension()).filter(|&i| self.stiffness[i] < self.steepness());
        std::iter::once(top).chain(others.map(|i| self.on_axis(i, 1.0))).collect()
    }
}
