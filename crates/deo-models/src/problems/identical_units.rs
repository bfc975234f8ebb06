//! Four equal tanh units that have to fit two, [`IdenticalUnits`].
//!
//! | | |
//! |---|---|
//! | loss, minimum, saddles | see [`IdenticalUnits`]; λ_min = −5.1e-4 at the saddle where gradient methods end |
//! | start | w and b normal(0, 1), v normal(0, ¼), the same for all units; c = 0 |
//! | measure | f |
//! | target | 1e-5 |
//! | budget | 20 000 gradients |
//!
//! Gradient descent, heavy ball and Adam end at 0.0282, the best net of one unit. Told apart by 1 % at step 2 000,
//! the units let gradient descent of rate 0.25 reach the target within 6 400 to 12 400 gradients.

use super::{OnLandscape, ProblemError, Start, start};
use crate::landscapes::IdenticalUnits;

pub(super) fn identical_units(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, IdenticalUnits::default(), Start::drawn(equal_units), 1e-5, 20_000)
}

fn equal_units(seed: u64, x: &mut [f64]) {
    let units = (x.len() - 1) / 3;
    let mut unit = [0.0; 3];
    start::normal(&mut start::generator(seed), &mut unit, 1.0);
    unit[2] /= units as f64;
    for (block, value) in x.chunks_mut(units).zip(unit) {
        block.fill(value); // the fourth block, c, stays 0
    }
}
