//! The space of slices on several threads.

use crate::parallel::for_each;
use crate::real::sealed::Sealed;
use crate::simd::simd;
use crate::{Real, Threads, kernels};
use deo_core::Space;
use deo_core::optim::{Update, Updates};
use std::marker::PhantomData;
use std::ops::Range;

/// The space of slices `[T]` with the Euclidean inner product, over the kernels of this crate.
///
/// Every result is the same on any number of threads, to the last bit. Component-wise results have the bits of
/// [`Host`](deo_core::space::Host), deo-core's space of slices on one thread; inner products differ from its by rounding,
/// because they add in another order.
///
/// # Examples
///
/// ```
/// use deo_core::Space;
/// use deo_linalg::{Parallel, Threads};
/// let space = Parallel::<f32>::new(Threads::Pool);
/// let (n, mut g) = ([0.6, 0.8], [5.0, 0.0]);
/// let along = space.deflate(1.0, &n, &mut g);
/// assert!((along - 3.0).abs() < 1e-6 && space.dot(&n, &g).abs() < 1e-6); // f32 rounds 0.6 at 3e-8
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Parallel<T> {
    threads: Threads,
    scalar: PhantomData<T>,
}

impl<T: Real> Parallel<T> {
    /// The space whose operations run on `threads`.
    pub const fn new(threads: Threads) -> Self {
        Parallel { threads, scalar: PhantomData }
    }

    /// The threads on which its operations run.
    pub const fn threads(&self) -> Threads {
        self.threads
    }
}

impl<T: Real> Space for Parallel<T> {
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
        kernels::fill(self.threads, x, value);
    }

    fn axpby(&self, a: f64, x: &[T], b: f64, y: &mut [T]) {
        kernels::axpby(self.threads, a, x, b, y);
    }

    fn dot(&self, x: &[T], y: &[T]) -> f64 {
        kernels::dot(self.threads, x, y)
    }

    fn dots<const K: usize>(&self, pairs: [(&[T], &[T]); K]) -> [f64; K] {
        kernels::dots(self.threads, pairs)
    }

    fn secant(&self, h: f64, g0: &[T], g1: &[T], n: &[T], hn: &mut [T]) -> (f64, f64) {
        kernels::secant(self.threads, h, g0, g1, n, hn)
    }

    fn deflate(&self, beta: f64, n: &[T], g: &mut [T]) -> f64 {
        kernels::deflate(self.threads, beta, n, g)
    }

    fn displace(&self, h: f64, n: &[T], x: &[T], y: &mut [T]) -> f64 {
        kernels::displace(self.threads, h, n, x, y)
    }

    fn rotate(&self, c: f64, s: f64, x: &mut [T], y: &mut [T], _scratch: &mut [T]) {
        kernels::rotate(self.threads, c, s, x, y);
    }

    fn combine<const K: usize>(&self, terms: [(f64, &[T]); K], b: f64, y: &mut [T]) {
        kernels::combine(self.threads, terms, b, y);
    }

    fn torque(&self, c: f64, n: &[T], hn: &[T], p: &[T], w: &mut [T]) -> [f64; 3] {
        kernels::torque(self.threads, c, n, hn, p, w)
    }

    fn turn(&self, angle: [f64; 2], towards: [f64; 2], x: &mut [T], y: &mut [T], w: &mut [T]) {
        kernels::turn(self.threads, angle, towards, x, y, w);
    }

    fn turn_secant(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        g: [&[T]; 2],
        x: &mut [T],
        y: &mut [T],
        _scratch: &mut [T],
    ) {
        kernels::turn_secant(self.threads, angle, towards, g, x, y);
    }
}

impl<T: Real> Updates for Parallel<T> {
    fn update<const R: usize, const W: usize>(
        &self,
        range: Range<usize>,
        update: &impl Update<R, W>,
        read: [&[T]; R],
        written: [&mut [T]; W],
    ) {
        let len = written.first().map_or(0, |x| x.len());
        for other in read.iter().map(|x| x.len()).chain(written.iter().map(|x| x.len())) {
            assert_eq!(len, other, "vectors of one update must have the same length");
        }
        let read = read.map(|x| &x[range.clone()]);
        let written = written.map(|x| &mut x[range.clone()]);
        for_each(self.threads, (written, read), &|(written, read)| {
            leaf::<T, _, R, W>(update, read, written);
        });
    }
}

simd! {
    /// The components of one chunk: the formula is deo-core's, so its bits are those of every space.
    [T: Sealed, U: Update<R, W>, const R: usize, const W: usize] fn leaf<T, U, R, W>(
        update: &U,
        read: [&[T]; R],
        written: [&mut [T]; W],
    ) {
        T::update(update, read, written);
    }
}
