//! Vectors that are lists of blocks: one tensor for each layer, one buffer for each device.
//!
//! The inner product is the sum over the blocks in their order, and `fill` counts on from block to block, so
//! a list of blocks is the same vector as its concatenation: the same axis from the same seed, and the same
//! curvatures up to the rounding of a different summation tree.
//!
//! The blocks may differ in shape but share one inner space. Nest it under the others:
//! [`Masked`](super::Masked)`<Blocks<S>>` freezes whole blocks, [`Sharded`](super::Sharded)`<Blocks<S>, C>` has
//! a list of blocks on each rank.

use super::{Factor, Formula, Matrices, Pass, Space, Updates};
use std::{
    borrow::{Borrow, BorrowMut},
    ops::Range,
};

/// The space of lists of vectors of `S`, the product space Sᵏ.
///
/// # Panics
///
/// All operations panic if lists in one call differ in the number of blocks.
///
/// # Examples
///
/// ```
/// use deo_core::space::{Blocks, Host, Space};
/// let space = Blocks::new(Host::<f32>::new());
/// let x = vec![vec![1.0, 2.0], vec![3.0]];
/// assert_eq!(space.len(&x), 3);
/// assert_eq!(space.dot(&x, &x), 14.0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Blocks<S> {
    inner: S,
}

impl<S: Space> Blocks<S> {
    /// Lists of vectors of `inner`.
    pub const fn new(inner: S) -> Self {
        Blocks { inner }
    }

    /// The space of one block.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The block in which a range of components begins, and the range from there on.
    fn within(&self, range: Range<usize>, x: &[S::Owned]) -> Option<(usize, Range<usize>)> {
        let mut first = 0;
        for (block, part) in x.iter().enumerate() {
            let len = self.inner.len(part.borrow());
            if range.start < first + len {
                return Some((block, range.start - first..range.end.checked_sub(first)?));
            }
            first += len;
        }
        None
    }
}

/// `zip` truncates; a forgotten block must not go unnoticed.
#[track_caller]
fn same_count<T, U>(x: &[T], y: &[U]) {
    assert_eq!(x.len(), y.len(), "vectors of one call must have the same number of blocks");
}

impl<S: Space> Space for Blocks<S> {
    type Vector = [S::Owned];
    type Owned = Vec<S::Owned>;

    fn zeros_like(&self, x: &[S::Owned]) -> Vec<S::Owned> {
        (x.iter()).map(|x| self.inner.zeros_like(x.borrow())).collect()
    }

    fn len(&self, x: &[S::Owned]) -> usize {
        x.iter().map(|x| self.inner.len(x.borrow())).sum()
    }

    fn is_distributed(&self) -> bool {
        self.inner.is_distributed()
    }

    fn dimension(&self, like: &[S::Owned]) -> f64 {
        like.iter().map(|x| self.inner.dimension(x.borrow())).sum()
    }

    fn epsilon(&self) -> f64 {
        self.inner.epsilon()
    }

    fn fill(&self, x: &mut [S::Owned], value: &(dyn Fn(u64) -> f64 + Sync)) {
        let mut first = 0;
        for x in x {
            self.inner.fill(x.borrow_mut(), &|i| value(first + i));
            first += self.inner.len((*x).borrow()) as u64;
        }
    }

    fn axpby(&self, a: f64, x: &[S::Owned], b: f64, y: &mut [S::Owned]) {
        same_count(x, y);
        for (x, y) in x.iter().zip(y) {
            self.inner.axpby(a, x.borrow(), b, y.borrow_mut());
        }
    }

    fn dot(&self, x: &[S::Owned], y: &[S::Owned]) -> f64 {
        let [dot] = self.dots([(x, y)]);
        dot
    }

    fn dots<const K: usize>(&self, pairs: [(&[S::Owned], &[S::Owned]); K]) -> [f64; K] {
        let count = pairs.first().map_or(0, |(x, _)| x.len());
        for (x, y) in pairs {
            same_count(x, y);
            assert_eq!(x.len(), count, "vectors of one call must have the same number of blocks");
        }
        let mut sums = [0.0; K];
        for block in 0..count {
            let parts =
                (self.inner).dots(pairs.map(|(x, y)| (x[block].borrow(), y[block].borrow())));
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
        }
        sums
    }

    // `deflate` stays as it is defined: its inner product is over all blocks, so the first pass must end
    // before the second begins.

    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&[S::Owned]; R],
        written: [&mut [S::Owned]; W],
    ) -> [f64; K] {
        each(read, written, |read, written| self.inner.run(formula, read, written))
    }
}

/// The range counts on from block to block, like `fill`.
impl<S: Updates> Updates for Blocks<S> {
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&[S::Owned]; R],
        written: [&mut [S::Owned]; W],
    ) -> [f64; K] {
        let mut first = 0;
        let sums = each(read, written, |read, written: [&mut S::Vector; W]| {
            let len = (read.first().copied()).or(written.first().map(|x| &**x));
            let len = len.map_or(0, |x| self.inner.len(x));
            let within = |i: usize| i.saturating_sub(first).min(len);
            let range = within(range.start)..within(range.end);
            first += len;
            self.inner.update(range, pass, read, written)
        });
        assert!(
            range.end <= first,
            "the range ends at component {} of a vector that has {first}",
            range.end
        );
        sums
    }
}

/// A matrix lies in one block.
impl<S: Matrices<Vector: 'static>> Matrices for Blocks<S> {
    type Scalar = S::Scalar;

    fn slice<'a>(&self, range: Range<usize>, x: &'a [S::Owned]) -> Option<&'a [S::Scalar]> {
        let (block, range) = self.within(range, x)?;
        self.inner.slice(range, x[block].borrow())
    }

    fn slice_mut<'a>(
        &self,
        range: Range<usize>,
        x: &'a mut [S::Owned],
    ) -> Option<&'a mut [S::Scalar]> {
        let (block, range) = self.within(range, x)?;
        self.inner.slice_mut(range, x[block].borrow_mut())
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

/// Runs `f` on each block and adds what it returns, in the order of the blocks.
#[track_caller]
fn each<V: ?Sized, O: BorrowMut<V>, const R: usize, const W: usize, const K: usize>(
    read: [&[O]; R],
    mut written: [&mut [O]; W],
    mut f: impl FnMut([&V; R], [&mut V; W]) -> [f64; K],
) -> [f64; K] {
    let first = read.first().copied().or(written.first().map(|x| &**x));
    let count = first.map_or(0, <[O]>::len);
    let counts = read.iter().map(|x| x.len()).chain(written.iter().map(|x| x.len()));
    for other in counts {
        assert_eq!(count, other, "vectors of one call must have the same number of blocks");
    }
    let mut sums = [0.0; K];
    for block in 0..count {
        let written = written.each_mut().map(|x| x[block].borrow_mut());
        let parts = f(read.map(|x| x[block].borrow()), written);
        for (sum, part) in sums.iter_mut().zip(parts) {
            *sum += part;
        }
    }
    sums
}

#[cfg(test)]
mod tests;
