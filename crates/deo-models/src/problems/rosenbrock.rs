//! A curved valley in ten dimensions, [`Rosenbrock`], where nothing is to be left.
//!
//! | | |
//! |---|---|
//! | loss, minimum | see [`Rosenbrock`]; N = 10, b = 20 |
//! | start | uniform in [0.2, 0.8]ᴺ, in the valley that ends at (1, …, 1) |
//! | measure | f |
//! | target | 1e-3 |
//! | budget | 20 000 gradients |
//!
//! A control: negative curvature is met beside the floor of the valley, and the loss turns at once along it.

use super::{OnLandscape, ProblemError, Start, start};
use crate::landscapes::Rosenbrock;
use rand::RngExt;

pub(super) fn rosenbrock(name: &'static str) -> Result<OnLandscape, ProblemError> {
    let start = Start::drawn(|seed, x| {
        let mut rng = start::generator(seed);
        x.fill_with(|| rng.random_range(0.2..=0.8));
    });
    OnLandscape::new(name, Rosenbrock::new(10, 20.0)?, start, 1e-3, 20_000)
}
