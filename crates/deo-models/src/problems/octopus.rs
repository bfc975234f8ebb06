//! The octopus of [`Octopus`], d saddles in a row, with γ = 1 and τ = e.
//!
//! | | |
//! |---|---|
//! | loss, minima, saddles | see [`Octopus`]; λ_min = −2 at every saddle, 2L at the minima |
//! | start | uniform in [−1, 1]ᵈ, near the first saddle |
//! | measure | f − f_min |
//! | target | 1e-4 |
//! | region | the cube of 6τ of the paper: f is isotropic far from the saddles, and one step from there meets the minimum |
//! | budget | 4 000 gradients |
//!
//! Gradient descent of rate 1/4L needs a time exponential in d: 410–844 gradients at d = 5, L = 1, more than 4 000
//! at d = 10. The customary sizes and the rate are those of the figures of Du et al. 2017, arXiv 1705.10412.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::Octopus;

pub(super) fn octopus(name: &'static str, d: usize, l: f64) -> Result<OnLandscape, ProblemError> {
    let tau = std::f64::consts::E;
    let landscape = Octopus::new(d, l, 1.0, tau)?;
    OnLandscape::new(name, landscape, Start::cube(1.0), 1e-4, 4_000)?.within(6.0 * tau)
}
