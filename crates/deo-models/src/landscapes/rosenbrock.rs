//! The banana valley.
//!
//! f(x) = Σᵢ b (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², i = 1 … N − 1, b > 0, N ≥ 2.
//!
//! Domain: ℝᴺ, starts in [−2, 2]ᴺ. The minimum is x = (1, …, 1), f = 0; for N = 2 it is the only stationary
//! point, with λ_min = 1 + 5b − √((1 + 3b)² + 16b²). From N = 4 on there is a second minimum near (−1, 1, …, 1),
//! without a closed form.
//!
//! H. H. Rosenbrock, Comput. J. 3, 175 (1960); in N dimensions De Jong's and later authors' chained form.

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};

/// Rosenbrock's function in N dimensions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rosenbrock {
    dimension: usize,
    steepness: f64,
}

impl Default for Rosenbrock {
    /// N = 2, b = 100.
    fn default() -> Self {
        Rosenbrock { dimension: 2, steepness: 100.0 }
    }
}

impl Rosenbrock {
    /// The function in N dimensions with the factor b.
    ///
    /// # Errors
    ///
    /// Unless N ≥ 2 and b is positive and finite.
    pub fn new(dimension: usize, steepness: f64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_dimension("rosenbrock", dimension, 2)?;
        LandscapeError::unless_positive("the steepness", steepness)?;
        Ok(Rosenbrock { dimension, steepness })
    }

    /// b.
    pub fn steepness(&self) -> f64 {
        self.steepness
    }

    fn evaluate(&mut self, x: &[f64], mut gradient: Option<&mut [f64]>) -> f64 {
        if let Some(gradient) = &mut gradient {
            gradient.fill(0.0);
        }
        let mut value = 0.0;
        for i in 0..x.len() - 1 {
            let (off, rest) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
            value += self.steepness * off * off + rest * rest;
            if let Some(gradient) = &mut gradient {
                gradient[i] -= 4.0 * self.steepness * off * x[i] + 2.0 * rest;
                gradient[i + 1] += 2.0 * self.steepness * off;
            }
        }
        value
    }
}

objective_by_evaluate!(Rosenbrock);

impl Landscape for Rosenbrock {
    fn name(&self) -> &'static str {
        "rosenbrock"
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-2.0, 2.0); self.dimension]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let b = self.steepness;
        // det H / λ_max: the difference of the closed form would lose the digits of a λ_min ≪ b.
        let planar = 4.0 * b / (1.0 + 5.0 * b + (1.0 + 3.0 * b).hypot(4.0 * b));
        vec![StationaryPoint {
            x: vec![1.0; self.dimension],
            value: 0.0,
            curvature: (self.dimension == 2).then_some(planar),
        }]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        Vec::new()
    }
}
