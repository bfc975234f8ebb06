//! The monkey saddle in a well, so that there is something to reach.
//!
//! f(x, y) = s (x³ − 3xy²) + ¼ (x² + y²)², s > 0; with x = ρ cos θ, y = ρ sin θ: s ρ³ cos 3θ + ¼ρ⁴.
//!
//! Domain: ℝ², starts in [−1, 1]². The lowest curvature is 2ρ² − √(ρ⁴ + 36s²ρ² + 12sρ³ cos 3θ), about −6sρ near
//! the saddle and nothing at it.
//!
//! | point | f | Hessian |
//! |---|---|---|
//! | 0, the degenerate saddle | 0 | 0 |
//! | ρ = 3s, θ = π/3, π, 5π/3, the minima | −27s⁴/4 | 9s², 27s² |
//!
//! From distance ρ₀ gradient descent of rate η needs 1/(3sηρ₀) steps: a power of 1/ρ₀, where a strict saddle takes its
//! logarithm.

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};

/// f(x, y) = s (x³ − 3xy²) + ¼ (x² + y²)².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonkeyWell {
    scale: f64,
}

impl Default for MonkeyWell {
    /// s = ⅓: minima at distance 1, f = −1/12.
    fn default() -> Self {
        MonkeyWell { scale: 1.0 / 3.0 }
    }
}

impl MonkeyWell {
    /// The function with the factor s.
    ///
    /// # Errors
    ///
    /// Unless s is positive and finite.
    pub fn new(scale: f64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_positive("the scale", scale)?;
        Ok(MonkeyWell { scale })
    }

    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The lowest curvature at (x, y).
    pub fn lowest_curvature(&self, [x, y]: [f64; 2]) -> f64 {
        let (s, square) = (self.scale, x * x + y * y);
        let cubic = x * (x * x - 3.0 * y * y); // ρ³ cos 3θ
        // Of a square: |ρ² e^{−2iθ} + 6sρ e^{iθ}|², so not below 0 but for rounding.
        let radicand = square * (square + 36.0 * s * s) + 12.0 * s * cubic;
        2.0 * square - radicand.max(0.0).sqrt()
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let (s, x, y) = (self.scale, x[0], x[1]);
        let square = x * x + y * y;
        if let Some(gradient) = gradient {
            gradient[0] = 3.0 * s * (x * x - y * y) + square * x;
            gradient[1] = -6.0 * s * x * y + square * y;
        }
        s * x * (x * x - 3.0 * y * y) + 0.25 * square * square
    }
}

objective_by_evaluate!(MonkeyWell);

impl Landscape for MonkeyWell {
    fn name(&self) -> &'static str {
        "monkey-well"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); 2]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let s = self.scale;
        let (x, y) = (1.5 * s, 1.5 * s * 3.0_f64.sqrt());
        [[-3.0 * s, 0.0], [x, y], [x, -y]]
            .map(|x| StationaryPoint {
                x: x.into(),
                value: -6.75 * s.powi(4),
                curvature: Some(9.0 * s * s),
            })
            .into()
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        vec![StationaryPoint { x: vec![0.0; 2], value: 0.0, curvature: Some(0.0) }]
    }
}
