//! Arithmetic in the precision of storage, for any [`Real`].
//!
//! Problem: PyTorch updates `f32` parameters with `f32` arithmetic, which is also what is fast: with eight
//! numbers a vector register instead of four, an Adam step takes a third to half the time of one that works
//! in `f64` and rounds at the end (0.29 against 0.72 ns a component in cache with AVX2, 0.40 against 0.77
//! from memory). But [`Real`] offers conversions alone, so that it stays trivial to implement.
//!
//! So each operation is done in `f64` and rounded. For +, −, ×, ÷ and √ of two `f32` the result is *exactly*
//! that of `f32` arithmetic: rounding twice is harmless if the wide format has at least 2p + 2 = 50 bits
//! (Figueroa, When is double rounding innocuous?, SIGNUM Newsletter 30(3), 1995), and `f64` has 53. Compilers
//! know the theorem and emit the `f32` instruction.

use crate::space::Real;
use std::ops::{Add, Div, Mul, Sub};

/// A number of which every operation rounds to the precision of `T`.
///
/// # Examples
///
/// ```
/// use deo_core::optim::Rounded;
/// let (x, y) = (Rounded(1.0_f32), Rounded::<f32>::from_f64(3.0));
/// assert_eq!((x / y).0, 1.0_f32 / 3.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounded<T>(
    /// The number.
    pub T,
);

impl<T: Real> Rounded<T> {
    /// The nearest number of the precision of `T`.
    #[inline(always)]
    pub fn from_f64(value: f64) -> Self {
        Rounded(T::from_f64(value))
    }

    /// √x.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        let x = self.0.to_f64();
        Self::from_f64(if T::ROUNDOFF < f32::ROUNDOFF {
            x.sqrt()
        } else {
            // The same number by the theorem above; spelt out, since the compiler vectorises only this form.
            f64::from((x as f32).sqrt())
        })
    }
}

/// How far a running mean goes to the next number: β m + (1 − β) x without cancellation, for any β in [0, 1).
///
/// | β | formula | why |
/// |---|---|---|
/// | above ½ | m + (1 − β)(x − m) | β is near 1: rounded to storage it would move the mean's fixed point |
/// | up to ½ | x − β (x − m) | from m on, x would be what is left of two large numbers: nothing at β = 0 |
///
/// The two are those of `torch.lerp`, and so is the place where they meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mix {
    from_next: bool,
    /// 1 − β, or −β from the other end.
    weight: f64,
}

impl Mix {
    /// The mean that keeps β of what it was.
    pub(super) fn keeping(beta: f64) -> Self {
        let from_next = beta <= 0.5;
        Mix { from_next, weight: if from_next { -beta } else { 1.0 - beta } }
    }
}

impl<T: Real> Rounded<T> {
    /// The running mean after `next`.
    #[inline(always)]
    pub(super) fn mix(self, next: Self, mix: Mix) -> Self {
        // One choice that is the same for all components, so that the loop over them has no branch.
        let from = if mix.from_next { next } else { self };
        from + Self::from_f64(mix.weight) * (next - self)
    }

    /// The same of squares, which aren't below zero: a mean that has met one too large for a number stays infinite, as in the
    /// convex combination, where a difference of two of them would be NaN.
    #[inline(always)]
    pub(super) fn mix_square(self, next: Self, mix: Mix) -> Self {
        let larger = if self.0.to_f64() > next.0.to_f64() { self } else { next };
        if larger.0.to_f64() == f64::INFINITY { larger } else { self.mix(next, mix) }
    }
}

macro_rules! operation {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl<T: Real> $trait for Rounded<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self::from_f64(self.0.to_f64() $operator other.0.to_f64())
            }
        }
    };
}
operation!(Add, add, +);
operation!(Sub, sub, -);
operation!(Mul, mul, *);
operation!(Div, div, /);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Against the convex combination in f64 of numbers of f32, the terms of which have one sign.
    #[test]
    fn a_mean_has_no_cancellation_for_any_memory() {
        for beta in [0.0, 1e-30, 1e-8, 0.1, 0.5, 0.500_001, 0.9, 0.999, 1.0 - 1e-7] {
            for (m, x) in
                [(1.0, 1e-9), (1e-9, 1.0), (3e37, 2.0), (0.0, 1e-38), (7.0, 0.0), (0.3, 0.4)]
            {
                let (m, x): (f32, f32) = (m, x);
                let exact = beta * f64::from(m) + (1.0 - beta) * f64::from(x);
                let got = f64::from(Rounded(m).mix(Rounded(x), Mix::keeping(beta)).0);
                // Four roundings of terms no larger than the result, or twice it at β = ½.
                let tolerance = 8.0 * f32::ROUNDOFF * exact + 1e-45;
                assert!(
                    (got - exact).abs() <= tolerance,
                    "β = {beta}, {m}, {x}: {got:e}, not {exact:e}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn every_operation_has_the_bits_of_native_f32(x: f32, y: f32) {
            let (a, b) = (Rounded(x), Rounded(y));
            let same = |rounded: Rounded<f32>, native: f32| {
                rounded.0.to_bits() == native.to_bits() || (rounded.0.is_nan() && native.is_nan())
            };
            prop_assert!(same(a + b, x + y));
            prop_assert!(same(a - b, x - y));
            prop_assert!(same(a * b, x * y));
            prop_assert!(same(a / b, x / y));
            prop_assert!(same(Rounded(x.abs()).sqrt(), x.abs().sqrt()));
        }
    }
}
