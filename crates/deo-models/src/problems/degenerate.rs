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
//! The time to leave is a power of the distance ρ₀: 1/(ηρ₀) and about 1/(2ηρ₀²) steps of gradient descent of rate η.
//! At the saddles themselves the right answer is "no negative curvature"; at the starts there is a little of it.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::{MonkeyWell, QuarticSaddle};

pub(super) fn monkey_well(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, MonkeyWell::default(), Start::sphere(1e-4), 1e-4, 20_000)
}

pub(super) fn quartic_saddle(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, QuarticSaddle::default(), Start::sphere(1e-2), 1e-4, 20_000)
}
