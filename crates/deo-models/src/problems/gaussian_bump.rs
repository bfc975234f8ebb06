//! From the top of the bump of [`GaussianBump`]: f(x) = ½ Σ κᵢxᵢ² + exp(−‖x‖²/2), κ = 0.05, 0.15, …, 1.95.
//!
//! | | |
//! |---|---|
//! | minima | ±2.45 e₁, λ_min = 0.1 |
//! | saddles | the top, λ_min = −0.95, with ten directions down; nine more, ±rᵢeᵢ, λ_min = κ₁ − κᵢ |
//! | start | uniform on the sphere of radius 1e-6 about the top |
//! | measure | f − f_min |
//! | target | 1e-4 |
//! | budget | 4 000 gradients |
//!
//! The top is left in whatever direction the start points to, and the way to the minima then leads along the valley
//! between the other saddles, at the rate of κᵢ − κ₁. Leaving the top is only the beginning.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::GaussianBump;

pub(super) fn gaussian_bump(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, GaussianBump::default(), Start::sphere(1e-6), 1e-4, 4_000)
}
