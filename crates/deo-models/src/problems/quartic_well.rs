//! The planar double well, [`StrictSaddle::planar`]: f(x) = x₁⁴/16 − x₁²/2 + 9/8 x₂².
//!
//! | | |
//! |---|---|
//! | minima | (±2, 0), f = −1, Hessian diag(2, 9/4) |
//! | saddle | 0, f = 0, λ_min = −1 |
//! | start | uniform on the circle of radius 1e-6 about the saddle |
//! | measure | f − f_min |
//! | target | 1e-6 |
//! | budget | 4 000 gradients |
//!
//! An easy saddle: gradient descent of rate η leaves it in 14/ln(1 + η) steps, and no method should need more.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::StrictSaddle;

pub(super) fn quartic_well(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, StrictSaddle::planar(), Start::sphere(1e-6), 1e-6, 4_000)
}
