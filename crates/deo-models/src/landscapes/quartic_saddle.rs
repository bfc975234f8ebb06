//! A saddle that is flat to third order.
//!
//! f(x, y) = ¼ (x⁴ − y⁴) + ½ x²y² + y⁶/6r², r > 0.
//!
//! Domain: ℝ², starts in [−r, r]². The terms besides x⁴ − y⁴ bound f and make the minima strict; they add no
//! stationary point.
//!
//! | point | f | Hessian |
//! |---|---|---|
//! | 0, the degenerate saddle | 0 | 0; the third derivatives vanish, too |
//! | (0, ±r), the minima | −r⁴/12 | r², 2r² |
//!
//! On the axis x = 0 the curvature along y is −3y² + 5y⁴/r². From y₀ gradient descent of rate η needs 1/(2ηy₀²)
//! steps.

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};

/// f(x, y) = ¼ (x⁴ − y⁴) + ½ x²y² + y⁶/6r².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuarticSaddle {
    radius: f64,
}

impl Default for QuarticSaddle {
    /// r = 1.
    fn default() -> Self {
        QuarticSaddle { radius: 1.0 }
    }
}

impl QuarticSaddle {
    /// The function with minima at distance r.
    ///
    /// # Errors
    ///
    /// Unless r is positive and finite.
    pub fn new(radius: f64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_positive("the radius", radius)?;
        Ok(QuarticSaddle { radius })
    }

    /// r, the distance of the minima from the saddle.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let (x, y) = (x[0], x[1]);
        let (x2, y2, s) = (x * x, y * y, (y / self.radius).powi(2));
        if let Some(gradient) = gradient {
            gradient[0] = x * (x2 + y2);
            gradient[1] = y * (x2 - y2 + y2 * s);
        }
        0.25 * (x2 * x2 - y2 * y2) + 0.5 * x2 * y2 + y2 * y2 * s / 6.0
    }
}

objective_by_evaluate!(QuarticSaddle);

impl Landscape for QuarticSaddle {
    fn name(&self) -> &'static str {
        "quartic-saddle"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-self.radius, self.radius); 2]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let r = self.radius;
        let minimum = |y: f64| StationaryPoint {
            x: vec![0.0, y],
            value: -r.powi(4) / 12.0,
            curvature: Some(r * r),
        };
        vec![minimum(r), minimum(-r)]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        vec![StationaryPoint { x: vec![0.0; 2], value: 0.0, curvature: Some(0.0) }]
    }
}
