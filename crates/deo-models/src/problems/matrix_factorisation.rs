//! [`MatrixFactorisation`] from a small start: f(U) = ¼ ‖UUᵀ − M‖²_F, U ∈ ℝ^{20×3}.
//!
//! | | |
//! |---|---|
//! | M | eigenvalues 1, ½, ¼ on random vectors, rank 3 |
//! | minima | U = V√Λ R for every orthogonal R, f = 0 |
//! | saddles | hold the first k < 3 eigenpairs, λ_min = −λ_{k+1}: −1, −½, −¼; λ_min = −λ_max(M) at 0 |
//! | start | entries normal(0, 1e-6) |
//! | measure | f |
//! | target | 1e-6; f = 0.33 at the start |
//! | budget | 4 000 gradients |

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::MatrixFactorisation;

pub(super) fn matrix_factorisation(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, MatrixFactorisation::customary(), Start::normal(1e-6), 1e-6, 4_000)
}
