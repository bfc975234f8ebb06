//! Saddles without negative curvature in the plane, [`MonkeyWell`] and [`QuarticSaddle`].
//!
//! | | `monkey-well` | `quartic-saddle` |
//! |---|---|---|
//! | f | (x³ − 3xy²)/3 + ¼ (x² + y²)² | ¼ (x⁴ − y⁴) + ½ x²y² + y⁶/6 |
//! | minima | three at distance 1, f = −1/12 | (0, ±1), f = −1/12 |
//! | saddle | 0, H = 0 | 0, H = 0 and no third derivative either |
//! | start | uniform on the circle of radius 1e-4 about it | uniform on the circle of radius 1e-2 |
//! | λ_min at the start | −2e-4 | down to −3e-4, by the direction |
//! | measure | f − f_min | f − f_min |
//! | target | 1e-4 | 1e-4 |
//! | budget | 20 000 gradients | 20 000 gradients |
//!
//! `monkey-well-tiny` is the same landscape with s = 0.01: minima at distance 0.03 and 6.75e-8 deep, a start at 3e-6, and the
//! target a hundredth of the depth.
//!
//! The time to leave is a power of the distance ρ₀: 1/(ηρ₀) and about 1/(2ηρ₀²) steps of gradient descent of rate η.
//! At the saddles themselves the right answer is "no negative curvature"; at the starts there is a little of it.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::{MonkeyWell, QuarticSaddle};

pub(super) fn monkey_well(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, MonkeyWell::default(), Start::sphere(1e-4), 1e-4, 20_000)
}

pub(super) fn monkey_well_tiny(name: &'static str) -> Result<OnLandscape, ProblemError> {
    let s: f64 = 0.01;
    let target = 6.75e-2 * s.powi(4);
    OnLandscape::new(name, MonkeyWell::new(s)?, Start::sphere(3e-4 * s), target, 20_000)
}

pub(super) fn quartic_saddle(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, QuarticSaddle::default(), Start::sphere(1e-2), 1e-4, 20_000)
}
