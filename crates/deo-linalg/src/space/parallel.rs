//! The space of slices on several threads.

use crate::kernels::{LANES, add, fold};
use crate::parallel::reduce;
use crate::real::sealed::Sealed;
use crate::simd::simd;
use crate::{Accumulate, MatMut, MatRef, Real, Threads, kernels, matmul};
use deo_core::space::{Factor, Formula, Fused, Matrices, Pass, Scale, Space, Updates};
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

impl<T: Real> Updates for Parallel<T> {
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&[T]; R],
        written: [&mut [T]; W],
    ) -> [f64; K] {
        let mut lengths = read.iter().map(|x| x.len()).chain(written.iter().map(|x| x.len()));
        let first = lengths.next();
        for other in lengths {
            assert_eq!(first, Some(other), "vectors of one call must have the same length");
        }
        let read = read.map(|x| &x[range.clone()]);
        let written = written.map(|x| &mut x[range.clone()]);
        let leaf = |(_, read, written): (_, _, _)| leaf::<T, _, R, W, K>(pass, read, written);
        // The indices count where nothing is written.
        reduce(self.threads, (range, read, written), &leaf, &add)
    }
}

impl<T: Real + deo_core::space::Real> Matrices for Parallel<T> {
    type Scalar = T;

    fn slice<'a>(&self, range: Range<usize>, x: &'a [T]) -> Option<&'a [T]> {
        x.get(range)
    }

    fn slice_mut<'a>(&self, range: Range<usize>, x: &'a mut [T]) -> Option<&'a mut [T]> {
        x.get_mut(range)
    }

    fn multiply(
        &self,
        [m, k, n]: [usize; 3],
        alpha: f64,
        a: &[T],
        b: Factor<'_, T>,
        beta: f64,
        c: &mut [T],
    ) {
        let b = match b {
            Factor::Plain(b) => MatRef::new(b, k, n),
            Factor::Transposed(b) => MatRef::new(b, n, k).t(),
        };
        let accumulate = if beta == 0.0 { Accumulate::Replace } else { Accumulate::Add };
        if beta != 0.0 && beta != 1.0 {
            self.update(0..c.len(), &Scale(beta), [], [&mut *c]);
        }
        let (a, c) = (MatRef::new(a, m, k), MatMut::new(c, m, n));
        matmul(self.threads, <T as Real>::from_f64(alpha), a, b, accumulate, c);
    }
}

simd! {
    /// One chunk: the pass is deo-core's, so its bits are those of every space, and its sums have the bits of
    /// [`kernels::dots`].
    [
        T: Sealed, P: Pass<R, W, K>, const R: usize, const W: usize, const K: usize
    ] fn leaf<T, P, R, W, K>(pass: &P, read: [&[T]; R], written: [&mut [T]; W]) -> [f64; K] {
        T::over::<P, R, W, K, LANES>(pass, read, written).map(fold)
    }
}

#[cfg(test)]
pub(crate) mod tests;
