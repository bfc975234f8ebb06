//! The exclusive or by two tanh units, [`Xor`], from small weights.
//!
//! | | |
//! |---|---|
//! | loss, minimum, saddle | see [`Xor`]; at the saddle f = ¼ and λ_min = 0 |
//! | start | normal(0, 0.1) |
//! | measure | f |
//! | target | 1e-4 |
//! | budget | 20 000 gradients |

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::Xor;

pub(super) fn xor(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, Xor::default(), Start::normal(0.1), 1e-4, 20_000)
}
