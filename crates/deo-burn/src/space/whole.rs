//! Whole tensors as the numbers of a formula.

use super::Flat;
use deo_core::space::Number;
use std::ops::{Add, Div, Mul, Sub};
use std::rc::Rc;

/// A tensor as the number of a formula: every operation is that of all its components, in their own precision.
///
/// Shared, so that one that is in several products is known to be the same.
#[derive(Clone)]
pub(super) struct Whole(pub(super) Rc<Flat>);

impl Whole {
    pub(super) fn new(x: Flat) -> Self {
        Whole(Rc::new(x))
    }

    /// Without a further handle if this is the last, so that burn may reuse its memory.
    pub(super) fn into_tensor(self) -> Flat {
        Rc::unwrap_or_clone(self.0)
    }

    fn scaled(self, factor: f64, f: impl FnOnce(Flat) -> Flat) -> Self {
        if factor == 1.0 { self } else { Whole::new(f(self.into_tensor())) }
    }
}

impl Add for Whole {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Whole::new(self.into_tensor().add(other.into_tensor()))
    }
}

impl Sub for Whole {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Whole::new(self.into_tensor().sub(other.into_tensor()))
    }
}

impl Mul<f64> for Whole {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        self.scaled(factor, |x| x.mul_scalar(factor))
    }
}

impl Div<f64> for Whole {
    type Output = Self;
    fn div(self, divisor: f64) -> Self {
        self.scaled(divisor, |x| x.div_scalar(divisor))
    }
}

impl Number for Whole {
    fn stored(self) -> Self {
        self
    }
}
