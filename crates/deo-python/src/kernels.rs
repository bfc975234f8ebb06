//! The space of arrays: deo-linalg's kernels on the calling thread, or on as many threads as the caller's own library has.
//!
//! A gradient by eight threads beside kernels on one would wait for them. The pool lives as long as one call into this
//! package, so that a process which forks later has no threads of ours, and questions are still answered by the calling thread.
//! No bit depends on the number of threads.
//!
//! The unit roundoff may be a coarser one than that of storage: that of the function, where it computes with fewer digits.

use crate::vectors::{Scalar, bad};
use deo_core::Space;
use deo_core::space::{Formula, Pass, Updates};
use deo_linalg::parallel::CHUNK;
use deo_linalg::{Parallel, Threads};
use pyo3::prelude::*;
use rayon::ThreadPool;
use std::marker::PhantomData;
use std::ops::Range;

/// Chunks for each thread below which handing over takes longer than it saves: a chunk takes 2–10 µs, a hand-over about ten.
const CHUNKS: usize = 4;

/// The space of slices.
pub(crate) struct Kernels<T> {
    pool: Option<ThreadPool>,
    epsilon: f64,
    scalar: PhantomData<T>,
}

impl<T: Scalar> Kernels<T> {
    /// For vectors of `len` components, on at most so many threads.
    pub(crate) fn new(threads: usize, len: usize) -> PyResult<Self> {
        let threads = threads.min(len / (CHUNKS * CHUNK));
        let build = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = (threads > 1).then(build).transpose().map_err(bad)?;
        Ok(Kernels { pool, epsilon: Parallel::<T>::default().epsilon(), scalar: PhantomData })
    }

    /// The same with the unit roundoff `epsilon`.
    pub(crate) fn with_epsilon(self, epsilon: f64) -> Self {
        Kernels { epsilon, ..self }
    }

    fn on<R: Send>(&self, run: impl FnOnce(Parallel<T>) -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(|| run(Parallel::new(Threads::Pool))),
            None => run(Parallel::new(Threads::One)),
        }
    }
}

impl<T: Scalar> Space for Kernels<T> {
    type Vector = [T];
    type Owned = Vec<T>;

    fn zeros_like(&self, x: &[T]) -> Vec<T> {
        self.on(|space| space.zeros_like(x))
    }

    fn len(&self, x: &[T]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        self.epsilon
    }

    fn fill(&self, x: &mut [T], value: &(dyn Fn(u64) -> f64 + Sync)) {
        self.on(|space| space.fill(x, value));
    }

    fn axpby(&self, a: f64, x: &[T], b: f64, y: &mut [T]) {
        self.on(|space| space.axpby(a, x, b, y));
    }

    fn dot(&self, x: &[T], y: &[T]) -> f64 {
        self.on(|space| space.dot(x, y))
    }

    fn dots<const K: usize>(&self, pairs: [(&[T], &[T]); K]) -> [f64; K] {
        self.on(|space| space.dots(pairs))
    }

    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&[T]; R],
        written: [&mut [T]; W],
    ) -> [f64; K] {
        self.on(|space| space.run(formula, read, written))
    }
}

impl<T: Scalar> Updates for Kernels<T> {
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&[T]; R],
        written: [&mut [T]; W],
    ) -> [f64; K] {
        self.on(|space| space.update(range, pass, read, written))
    }
}
