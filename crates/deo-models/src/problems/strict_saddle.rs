//! One flat saddle in a random direction, and one beside stiff directions, [`StrictSaddle`].
//!
//! | | |
//! |---|---|
//! | loss, minima, saddle | see [`StrictSaddle`]: N = 200, λ_min = −c at 0, the others in [½, 1], minima at distance 2 |
//! | start | uniform on the sphere of radius 1e-6 about the saddle |
//! | measure | f − f_min, which is c at the saddle |
//! | target | c/100: 99 % of the way down |
//! | budget | 20 000 gradients |
//!
//! Gradient descent of rate η multiplies the component along the escape by 1 + ηc a step; with 7e-8 of the start's
//! 1e-6 along it, that is some 17/(ηc) steps: 17 000 for c = 1e-3 and η = 1, 1.7 million for c = 1e-5. Only the
//! direction is missing, one eigenvector of 200.
//!
//! `stiff-saddle` has N = 10, c = 1e-6 and κ from 1 to 1 000, evenly in their logarithms, in a random basis: a rate that the
//! stiffest bears multiplies the component along the escape by 1 + 1e-9 a step, and the lowest curvature is a billionth of the
//! highest.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::{Basis, StrictSaddle};

pub(super) fn strict_saddle(name: &'static str, c: f64) -> Result<OnLandscape, ProblemError> {
    let landscape = StrictSaddle::random(200, c, 0)?;
    OnLandscape::new(name, landscape, Start::sphere(1e-6), c / 100.0, 20_000)
}

pub(super) fn stiff_saddle(name: &'static str) -> Result<OnLandscape, ProblemError> {
    let (n, c) = (10, 1e-6);
    let decades = |i: usize| 10f64.powf(3.0 * i as f64 / (n - 2) as f64);
    let stiffness = (0..n - 1).map(decades).collect();
    let landscape = StrictSaddle::new(c, 2.0, stiffness, Basis::random(n, n, 0))?;
    OnLandscape::new(name, landscape, Start::sphere(1e-6), c / 100.0, 20_000)
}
