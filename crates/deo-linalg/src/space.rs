//! [`Space`] implementations over the kernels.

use crate::{Real, Threads, kernels};
use deo_core::space::Space;
use std::marker::PhantomData;

/// The space of slices `[T]` with the Euclidean inner product, over the kernels of this crate.
///
/// Every result has the same bits whatever the threads; component-wise results have those of
/// [`Host`](deo_core::space::Host) too.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parallel<T> {
    threads: Threads,
    scalar: PhantomData<T>,
}

impl<T: Real> Parallel<T> {
    /// The space whose operations run on `threads`.
    pub const fn new(threads: Threads) -> Self {
        Parallel {
            threads,
            scalar: PhantomData,
        }
    }

    /// Who runs its operations.
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
}
