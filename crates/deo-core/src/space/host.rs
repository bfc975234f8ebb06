//! Slices of `f32` or `f64` in ordinary memory, on the calling thread.

use super::formulas::Product;
use super::{Formula, Fused, Matrices, Pass, Space, Updates};
use std::marker::PhantomData;
use std::ops::Range;

/// A stored component: `f32` or `f64`.
pub trait Real: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// Zero.
    const ZERO: Self;
    /// The unit roundoff, half the distance from 1 to the next number.
    const ROUNDOFF: f64;
    /// The exact value as an `f64`.
    fn to_f64(self) -> f64;
    /// The nearest stored value.
    fn from_f64(value: f64) -> Self;
}

macro_rules! real {
    ($t:ty) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ROUNDOFF: f64 = <$t>::EPSILON as f64 / 2.0;
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
        }
    };
}
real!(f32);
real!(f64);

/// The space of slices `[T]`, `T` = `f32` or `f64`, with the Euclidean inner product.
///
/// # Examples
///
/// ```
/// use deo_core::space::{Host, Space};
/// let space = Host::<f32>::new();
/// let mut y = vec![1.0, 2.0];
/// space.axpby(2.0, &[1.0, 1.0], -1.0, &mut y);
/// assert_eq!(y, [1.0, 0.0]);
/// assert_eq!(space.dot(&y, &[3.0, 4.0]), 3.0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Host<T>(PhantomData<T>);

impl<T: Real> Host<T> {
    /// The space; it holds nothing.
    pub const fn new() -> Self {
        Host(PhantomData)
    }
}

/// Independent partial sums of a reduction: enough for the compiler to vectorise it and to hide the latency
/// of an addition.
const LANES: usize = 16;

impl<T: Real> Space for Host<T> {
    type Vector = [T];
    type Owned = Vec<T>;

    fn zeros_like(&self, x: &[T]) -> Vec<T> {
        vec![T::ZERO; x.len()]
    }

    fn len(&self, x: &[T]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        T::ROUNDOFF
    }

    fn fill(&self, x: &mut [T], value: &(dyn Fn(u64) -> f64 + Sync)) {
        for (i, x) in x.iter_mut().enumerate() {
            *x = T::from_f64(value(i as u64));
        }
    }

    fn axpby(&self, a: f64, x: &[T], b: f64, y: &mut [T]) {
        self.combine([(a, x)], b, y);
    }

    fn dot(&self, x: &[T], y: &[T]) -> f64 {
        let [dot] = self.run(&Product, [x, y], []);
        dot
    }

    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&[T]; R],
        written: [&mut [T]; W],
    ) -> [f64; K] {
        let first = read.first().copied().or(written.first().map(|x| &**x));
        self.update(0..first.map_or(0, <[T]>::len), &Fused(formula), read, written)
    }
}

impl<T: Real> Updates for Host<T> {
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&[T]; R],
        mut written: [&mut [T]; W],
    ) -> [f64; K] {
        // A displacement, the one sum beside one written vector, is added from left to right: recorded results depend on it.
        let in_lanes = if K == 1 && W == 1 { 0 } else { range.len() / LANES * LANES };
        let middle = range.start + in_lanes;
        let again = written.each_mut().map(|x| &mut **x);
        let lanes = pass.over::<T, LANES>(range.start..middle, |_| 1.0, read, again);
        let tail = pass.over::<T, 1>(middle..range.end, |_| 1.0, read, written);
        std::array::from_fn(|k| lanes[k].iter().sum::<f64>() + tail[k][0])
    }
}

impl<T: Real> Matrices for Host<T> {
    type Scalar = T;

    fn slice<'a>(&self, range: Range<usize>, x: &'a [T]) -> Option<&'a [T]> {
        x.get(range)
    }

    fn slice_mut<'a>(&self, range: Range<usize>, x: &'a mut [T]) -> Option<&'a mut [T]> {
        x.get_mut(range)
    }
}
