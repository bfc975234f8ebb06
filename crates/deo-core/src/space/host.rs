//! Slices of `f32` or `f64` in ordinary memory, on the calling thread.

use super::Space;
use std::marker::PhantomData;

/// A stored component: `f32` or `f64`.
pub trait Real: Copy + Send + Sync + 'static {
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

/// Σ term(xᵢ, yᵢ).
#[track_caller]
#[inline(always)]
fn summed<T: Real>(x: &[T], y: &[T], term: impl Fn(f64, f64) -> f64) -> f64 {
    same_length(x, y);
    let mut lanes = [0.0; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let tails = xs.remainder().iter().zip(ys.remainder());
    let tail: f64 = tails.map(|(x, y)| term(x.to_f64(), y.to_f64())).sum();
    for (x, y) in xs.zip(ys) {
        for i in 0..LANES {
            lanes[i] += term(x[i].to_f64(), y[i].to_f64());
        }
    }
    lanes.iter().sum::<f64>() + tail
}

#[track_caller]
fn same_length<T, U>(x: &[T], y: &[U]) {
    assert_eq!(x.len(), y.len(), "vectors of one call must have the same length");
}

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
        same_length(x, y);
        if b == 0.0 {
            for (y, x) in y.iter_mut().zip(x) {
                *y = T::from_f64(a * x.to_f64());
            }
        } else {
            for (y, x) in y.iter_mut().zip(x) {
                *y = T::from_f64(a * x.to_f64() + b * y.to_f64());
            }
        }
    }

    fn dot(&self, x: &[T], y: &[T]) -> f64 {
        summed(x, y, |x, y| x * y)
    }

    fn scaled_square(&self, s: f64, x: &[T]) -> f64 {
        summed(x, x, |x, y| (s * x) * (s * y))
    }

    fn secant(&self, h: f64, g0: &[T], g1: &[T], n: &[T], hn: &mut [T]) -> (f64, f64) {
        same_length(g0, g1);
        same_length(g0, hn);
        for ((hn, g0), g1) in hn.iter_mut().zip(g0).zip(g1) {
            *hn = T::from_f64((g1.to_f64() - g0.to_f64()) / h);
        }
        let [c, square] = self.dots([(n, hn), (hn, hn)]);
        (c, square)
    }

    fn displace(&self, h: f64, n: &[T], x: &[T], y: &mut [T]) -> f64 {
        same_length(n, x);
        same_length(x, y);
        let mut realised = 0.0;
        for ((y, x), n) in y.iter_mut().zip(x).zip(n) {
            *y = T::from_f64(x.to_f64() + h * n.to_f64());
            realised += (y.to_f64() - x.to_f64()) * n.to_f64();
        }
        realised
    }

    fn combine<const K: usize>(&self, terms: [(f64, &[T]); K], b: f64, y: &mut [T]) {
        const { assert!(K > 0, "a combination needs at least one term") };
        terms.iter().for_each(|(_, x)| same_length(x, y));
        for (i, y) in y.iter_mut().enumerate() {
            let mut sum = terms[0].0 * terms[0].1[i].to_f64();
            for (a, x) in &terms[1..] {
                sum += a * x[i].to_f64();
            }
            *y = T::from_f64(if b == 0.0 { sum } else { sum + b * y.to_f64() });
        }
    }

    fn torque(&self, c: f64, n: &[T], hn: &[T], p: &[T], w: &mut [T]) -> [f64; 3] {
        same_length(n, hn);
        same_length(n, w);
        for ((w, n), hn) in w.iter_mut().zip(n).zip(hn) {
            *w = T::from_f64(c * n.to_f64() - hn.to_f64());
        }
        self.dots([(w, w), (w, n), (w, p)])
    }

    fn turn(&self, angle: [f64; 2], [a, b]: [f64; 2], x: &mut [T], y: &mut [T], w: &mut [T]) {
        same_length(x, y);
        same_length(x, w);
        for ((x, y), w) in x.iter_mut().zip(y).zip(w) {
            turned(angle, plus(a * w.to_f64(), b, *y), x, y);
        }
    }

    fn turn_secant(
        &self,
        angle: [f64; 2],
        [a, b]: [f64; 2],
        [g0, g1]: [&[T]; 2],
        x: &mut [T],
        y: &mut [T],
        _scratch: &mut [T],
    ) {
        same_length(x, y);
        same_length(x, g0);
        same_length(x, g1);
        for (((x, y), g0), g1) in x.iter_mut().zip(y).zip(g0).zip(g1) {
            let difference = g1.to_f64() - g0.to_f64();
            turned(angle, plus(a * difference, b, *y), x, y);
        }
    }
}

/// sum + b y, where b = 0 doesn't read y.
fn plus<T: Real>(sum: f64, b: f64, y: T) -> f64 {
    if b == 0.0 { sum } else { sum + b * y.to_f64() }
}

/// (x, y) ← (c x + s q, c q − s x), one component.
fn turned<T: Real>([c, s]: [f64; 2], q: f64, x: &mut T, y: &mut T) {
    let old = x.to_f64();
    *x = T::from_f64(c * old + s * q);
    *y = T::from_f64(c * q - s * old);
}
