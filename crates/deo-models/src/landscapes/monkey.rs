//! The monkey saddle, whose Hessian vanishes at the saddle.
//!
//! f(x, y) = s (x³ − 3xy²), s > 0. With ρ = √(x² + y²) the eigenvalues of the Hessian are ±6sρ: negative
//! curvature everywhere but at 0, and none there. The right answer at 0 is "no negative curvature".
//!
//! Domain: ℝ², starts in [−1, 1]². No minimum, f is unbounded below; one degenerate saddle at 0, f = 0.

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};

/// f(x, y) = s (x³ − 3xy²).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Monkey {
    scale: f64,
}

impl Default for Monkey {
    /// s = 1.
    fn default() -> Self {
        Monkey { scale: 1.0 }
    }
}

impl Monkey {
    /// The function with the factor s.
    ///
    /// # Errors
    ///
    /// Unless s is positive and finite.
    pub fn new(scale: f64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_positive("the scale", scale)?;
        Ok(Monkey { scale })
    }

    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The lowest curvature at (x, y), −6s√(x² + y²).
    pub fn lowest_curvature(&self, [x, y]: [f64; 2]) -> f64 {
        -6.0 * self.scale * x.hypot(y)
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let (s, x, y) = (self.scale, x[0], x[1]);
        if let Some(gradient) = gradient {
            gradient[0] = 3.0 * s * (x * x - y * y);
            gradient[1] = -6.0 * s * x * y;
        }
        s * x * (x * x - 3.0 * y * y)
    }
}

objective_by_evaluate!(Monkey);

impl Landscape for Monkey {
    fn name(&self) -> &'static str {
        "monkey"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); 2]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        Vec::new()
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        vec![StationaryPoint { x: vec![0.0; 2], value: 0.0, curvature: Some(0.0) }]
    }
}
