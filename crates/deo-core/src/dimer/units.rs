//! Products whose squares leave the range of numbers.
//!
//! Problem: f → a f multiplies C and r by a, and a = 1e-170 or 1e200 is no reason to fail. But ‖r‖² underflows to a
//! residual of zero, which is called converged, or overflows. So if the square of the first product of an estimate
//! isn't well inside the range, all products are divided by one power of two, which rounds nothing, and
//! [`Dimer::estimate`] multiplies by it. Everything else here is homogeneous of degree one.

use super::{Dimer, Phase};
use crate::probe::Answer;
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// Squares of products within these bounds leave fifty decades to the products to come.
const SAFE: std::ops::RangeInclusive<f64> = 1e-200..=1e200;

/// The largest exponent of the unit: span times unit remains a normal number for spans down to 1e-37.
const LARGEST: f64 = 900.0;

impl<S: Space> Dimer<S> {
    /// The answer by which products come out over the unit, which the first of an estimate decides.
    pub(super) fn in_units<'a>(
        &mut self,
        space: &S,
        mut answer: Answer<'a, S::Vector>,
    ) -> Answer<'a, S::Vector> {
        if self.phase == Phase::Axis {
            let into = self.axis_product.borrow_mut();
            let (_, square) = answer.product_into(space, self.axis.borrow(), into);
            if !SAFE.contains(&square) {
                let size = space.norm(into);
                if size > 0.0 && size.is_finite() {
                    self.unit = size.log2().round().clamp(-LARGEST, LARGEST).exp2();
                }
            }
        }
        answer.span *= self.unit;
        answer
    }
}
