//! Vectors spread over ranks: each process holds a part, and inner products are sums over all.
//!
//! Problem: parameters, gradients and the axis are split over processes (a sharded optimizer, a decomposed domain).
//! The dimer takes its decisions from inner products only, so if those are the same bits on every rank, every
//! rank takes the same decision, and nothing else has to be communicated.
//!
//! | operation | all-reduces | numbers in each |
//! |---|---|---|
//! | `dot`, `norm`, `deflate`, `displace`, `dimension` | 1 | 1 |
//! | `norm` where ⟨x, x⟩ over- or underflows | 2 | 1 |
//! | `dots` | 1 | K |
//! | `secant` | 1 | 2 |
//! | `torque` | 1 | 3 |
//! | everything else | 0 | |
//!
//! Replicated parameters (data parallelism, where every rank has all of x) need none of this: average the
//! gradients over the ranks and use the ordinary space with the same seed everywhere.
//!
//! Put this space outermost, `Sharded<Blocks<S>, C>` and `Sharded<Masked<S>, C>`: the other way round every block or
//! range costs an all-reduce of its own.

mod threads;

pub use threads::ThreadComm;

use super::{Factor, Formula, Matrices, Pass, Space, Updates};
use std::ops::Range;

/// What a space needs of a message-passing library.
///
/// All ranks must make the same calls in the same order. Over MPI, [`all_reduce_sum`](Self::all_reduce_sum) is
/// one `MPI_Allreduce` in place; [`ThreadComm`] is an implementation over threads.
pub trait Communicator {
    /// The number of this process, from 0 to `size() − 1`.
    fn rank(&self) -> usize;

    /// How many processes there are.
    fn size(&self) -> usize;

    /// Replaces each of `values` by its sum over all ranks.
    ///
    /// Every rank must receive the same bits, or ranks will take different branches and wait for each other
    /// for ever. A sum whose order does not depend on timing also makes runs repeatable.
    fn all_reduce_sum(&self, values: &mut [f64]);
}

impl<C: Communicator + ?Sized> Communicator for &C {
    fn rank(&self) -> usize {
        (**self).rank()
    }

    fn size(&self) -> usize {
        (**self).size()
    }

    fn all_reduce_sum(&self, values: &mut [f64]) {
        (**self).all_reduce_sum(values);
    }
}

/// The space of vectors whose part on this rank is a vector of `S`.
///
/// Ranks may hold parts of different lengths, and empty ones.
///
/// # Examples
///
/// ```
/// use deo_core::space::{Host, Sharded, Space, ThreadComm};
/// let norms = ThreadComm::run(2, |comm| {
///     let part = if comm.rank() == 0 { vec![3.0] } else { vec![0.0, 4.0] };
///     let space = Sharded::new(Host::<f64>::new(), comm, &part);
///     space.norm(&part)
/// });
/// # use deo_core::space::Communicator;
/// assert_eq!(norms, [5.0, 5.0]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sharded<S, C> {
    inner: S,
    comm: C,
    first: u64,
}

impl<S: Space, C: Communicator> Sharded<S, C> {
    /// The space of vectors of which `part` is this rank's part, in the order of the ranks.
    ///
    /// Collective: every rank calls it, and one all-reduce tells each where its part starts.
    pub fn new(inner: S, comm: C, part: &S::Vector) -> Self {
        let mut lengths = vec![0.0; comm.size()];
        lengths[comm.rank()] = inner.len(part) as f64; // exact up to 2⁵³ components
        comm.all_reduce_sum(&mut lengths);
        let first = lengths[..comm.rank()].iter().sum::<f64>() as u64;
        Self::starting_at(inner, comm, first)
    }

    /// The same for a part whose first component has the index `first` in the whole vector. Not collective.
    pub const fn starting_at(inner: S, comm: C, first: u64) -> Self {
        Sharded { inner, comm, first }
    }

    /// The space of one part.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The communicator.
    pub const fn comm(&self) -> &C {
        &self.comm
    }

    /// The index in the whole vector of this rank's first component.
    pub const fn first(&self) -> u64 {
        self.first
    }

    fn sum<const K: usize>(&self, mut values: [f64; K]) -> [f64; K] {
        if K > 0 {
            self.comm.all_reduce_sum(&mut values);
        }
        values
    }
}

impl<S: Space, C: Communicator> Space for Sharded<S, C> {
    type Vector = S::Vector;
    type Owned = S::Owned;

    fn zeros_like(&self, x: &S::Vector) -> S::Owned {
        self.inner.zeros_like(x)
    }

    /// The components of this rank.
    fn len(&self, x: &S::Vector) -> usize {
        self.inner.len(x)
    }

    fn is_distributed(&self) -> bool {
        self.comm.size() > 1 || self.inner.is_distributed()
    }

    /// Over all ranks, so collective.
    fn dimension(&self, like: &S::Vector) -> f64 {
        // Whole numbers below 2⁵³: the sum is exact in any order.
        let [dimension] = self.sum([self.inner.dimension(like)]);
        dimension
    }

    fn epsilon(&self) -> f64 {
        self.inner.epsilon()
    }

    fn fill(&self, x: &mut S::Vector, value: &(dyn Fn(u64) -> f64 + Sync)) {
        let first = self.first; // a copy, since `self` need not be `Sync`
        self.inner.fill(x, &|i| value(first + i));
    }

    fn axpby(&self, a: f64, x: &S::Vector, b: f64, y: &mut S::Vector) {
        self.inner.axpby(a, x, b, y);
    }

    fn dot(&self, x: &S::Vector, y: &S::Vector) -> f64 {
        let [dot] = self.sum([self.inner.dot(x, y)]);
        dot
    }

    fn dots<const K: usize>(&self, pairs: [(&S::Vector, &S::Vector); K]) -> [f64; K] {
        self.sum(self.inner.dots(pairs))
    }

    /// One all-reduce, or none if the formula returns no number.
    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&S::Vector; R],
        written: [&mut S::Vector; W],
    ) -> [f64; K] {
        self.sum(self.inner.run(formula, read, written))
    }
}

/// The range is that of this rank, the sums are over all.
impl<S: Updates, C: Communicator> Updates for Sharded<S, C> {
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&S::Vector; R],
        written: [&mut S::Vector; W],
    ) -> [f64; K] {
        self.sum(self.inner.update(range, pass, read, written))
    }
}

/// A matrix lies on one rank, which knows it by its own range; no rank waits for another.
impl<S: Matrices, C: Communicator> Matrices for Sharded<S, C> {
    type Scalar = S::Scalar;

    fn slice<'a>(&self, range: Range<usize>, x: &'a S::Vector) -> Option<&'a [S::Scalar]> {
        self.inner.slice(range, x)
    }

    fn slice_mut<'a>(
        &self,
        range: Range<usize>,
        x: &'a mut S::Vector,
    ) -> Option<&'a mut [S::Scalar]> {
        self.inner.slice_mut(range, x)
    }

    fn multiply(
        &self,
        shape: [usize; 3],
        alpha: f64,
        a: &[S::Scalar],
        b: Factor<'_, S::Scalar>,
        beta: f64,
        c: &mut [S::Scalar],
    ) {
        self.inner.multiply(shape, alpha, a, b, beta, c);
    }
}

#[cfg(test)]
mod tests;
