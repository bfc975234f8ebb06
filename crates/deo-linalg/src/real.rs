//! The scalars of the kernels: `f32` and `f64`.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

pub(crate) mod sealed {
    #[cfg(feature = "deo-core")]
    use deo_core::space::Pass;

    /// `f32` and `f64`, and nothing else.
    pub trait Sealed: Sized {
        /// [`Pass::over`] all components, which asks for the scalar trait of deo-core.
        #[cfg(feature = "deo-core")]
        fn over<P, const R: usize, const W: usize, const K: usize, const L: usize>(
            pass: &P,
            read: [&[Self]; R],
            written: [&mut [Self]; W],
        ) -> [[f64; L]; K]
        where
            P: Pass<R, W, K>;
    }

    macro_rules! sealed {
        ($t:ty) => {
            impl Sealed for $t {
                #[cfg(feature = "deo-core")]
                #[inline(always)]
                fn over<P, const R: usize, const W: usize, const K: usize, const L: usize>(
                    pass: &P,
                    read: [&[Self]; R],
                    written: [&mut [Self]; W],
                ) -> [[f64; L]; K]
                where
                    P: Pass<R, W, K>,
                {
                    let first = read.first().copied().or(written.first().map(|x| &**x));
                    let len = first.map_or(0, <[Self]>::len);
                    pass.over::<Self, L>(0..len, |_| 1.0, read, written)
                }
            }
        };
    }
    sealed!(f32);
    sealed!(f64);
}

/// A stored component of a vector or matrix: `f32` or `f64`, and no other type can implement it.
pub trait Real:
    sealed::Sealed
    + faer::traits::RealField
    + Copy
    + Default
    + Send
    + Sync
    + std::fmt::Debug
    + std::fmt::Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The unit roundoff, half the distance from 1 to the next number.
    const ROUNDOFF: f64;
    /// The exact value as an `f64`.
    fn to_f64(self) -> f64;
    /// The nearest number of this type; infinite beyond its range.
    fn from_f64(value: f64) -> Self;
    /// eˣ.
    fn exp(self) -> Self;
    /// ln x.
    fn ln(self) -> Self;
    /// √x.
    fn sqrt(self) -> Self;
    /// tanh x.
    fn tanh(self) -> Self;
    /// The larger of two numbers, or the other one if one of them is NaN.
    fn max(self, other: Self) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

macro_rules! real {
    ($t:ty) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const ROUNDOFF: f64 = <$t>::EPSILON as f64 / 2.0;
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn exp(self) -> Self {
                <$t>::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                <$t>::ln(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                <$t>::tanh(self)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                <$t>::max(self, other)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
        }
    };
}
real!(f32);
real!(f64);
