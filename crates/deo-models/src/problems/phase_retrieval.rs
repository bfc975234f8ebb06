//! [`PhaseRetrieval`] from a small start: f(x) = 1/4m Σ ((aᵀx)² − y)², d = 50, m = 500.
//!
//! | | |
//! |---|---|
//! | minima | ±x*, f = 0 |
//! | saddle | 0, a maximum: H = −1/m Σ y aaᵀ, λ_min about −3 |
//! | start | entries normal(0, 1e-6) |
//! | measure | f |
//! | target | 1e-6; f is about ¾ at the start |
//! | budget | 4 000 gradients |
//!
//! A control: the gradient knows the way, and a line search along it does more than any axis.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::PhaseRetrieval;

pub(super) fn phase_retrieval(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, PhaseRetrieval::customary(), Start::normal(1e-6), 1e-6, 4_000)
}
