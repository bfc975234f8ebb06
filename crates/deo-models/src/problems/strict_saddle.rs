//! One flat saddle in a random direction, [`StrictSaddle`].
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

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::StrictSaddle;

pub(super) fn strict_saddle(name: &'static str, c: f64) -> Result<OnLandscape, ProblemError> {
    let landscape = StrictSaddle::random(200, c, 0)?;
    OnLandscape::new(name, landscape, Start::sphere(1e-6), c / 100.0, 20_000)
}
