//! Vectors that are lists of blocks: one tensor for each layer, one buffer for each device.
//!
//! The inner product is the sum over the blocks in their order, and `fill` counts on from block to block, so
//! a list of blocks is the same vector as its concatenation: the same axis from the same seed, and the same
//! curvatures up to the rounding of a different summation tree.
//!
//! The blocks may differ in shape but share one inner space. Nest it under the others:
//! [`Masked`](super::Masked)`<Blocks<S>>` freezes whole blocks, [`Sharded`](super::Sharded)`<Blocks<S>, C>` has
//! a list of blocks on each rank.

use super::Space;
use super::{Update, Updates};
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

    fn scaled_square(&self, s: f64, x: &[S::Owned]) -> f64 {
        // From +0 on, as `dots` sums.
        x.iter().fold(0.0, |sum, x| sum + self.inner.scaled_square(s, x.borrow()))
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

    fn secant(
        &self,
        h: f64,
        g0: &[S::Owned],
        g1: &[S::Owned],
        n: &[S::Owned],
        hn: &mut [S::Owned],
    ) -> (f64, f64) {
        same_count(g0, g1);
        same_count(g0, n);
        same_count(g0, hn);
        let (mut c, mut square) = (0.0, 0.0);
        for (((g0, g1), n), hn) in g0.iter().zip(g1).zip(n).zip(hn) {
            let part =
                (self.inner).secant(h, g0.borrow(), g1.borrow(), n.borrow(), hn.borrow_mut());
            c += part.0;
            square += part.1;
        }
        (c, square)
    }

    // `deflate` stays as it is defined: its inner product is over all blocks, so the first pass must end
    // before the second begins.

    fn displace(&self, h: f64, n: &[S::Owned], x: &[S::Owned], y: &mut [S::Owned]) -> f64 {
        same_count(n, x);
        same_count(n, y);
        let mut realised = 0.0;
        for ((n, x), y) in n.iter().zip(x).zip(y) {
            realised += (self.inner).displace(h, n.borrow(), x.borrow(), y.borrow_mut());
        }
        realised
    }

    fn rotate(
        &self,
        c: f64,
        s: f64,
        x: &mut [S::Owned],
        y: &mut [S::Owned],
        scratch: &mut [S::Owned],
    ) {
        same_count(x, y);
        same_count(x, scratch);
        for ((x, y), scratch) in x.iter_mut().zip(y).zip(scratch) {
            (self.inner).rotate(c, s, x.borrow_mut(), y.borrow_mut(), scratch.borrow_mut());
        }
    }

    fn combine<const K: usize>(&self, terms: [(f64, &[S::Owned]); K], b: f64, y: &mut [S::Owned]) {
        terms.iter().for_each(|(_, x)| same_count(x, y));
        for (block, y) in y.iter_mut().enumerate() {
            self.inner.combine(terms.map(|(a, x)| (a, x[block].borrow())), b, y.borrow_mut());
        }
    }

    fn torque(
        &self,
        c: f64,
        n: &[S::Owned],
        hn: &[S::Owned],
        p: &[S::Owned],
        w: &mut [S::Owned],
    ) -> [f64; 3] {
        [n, hn, p].iter().for_each(|x| same_count(x, w));
        let mut sums = [0.0; 3];
        for (((n, hn), p), w) in n.iter().zip(hn).zip(p).zip(w) {
            let parts = (self.inner).torque(c, n.borrow(), hn.borrow(), p.borrow(), w.borrow_mut());
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
        }
        sums
    }

    fn turn(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        x: &mut [S::Owned],
        y: &mut [S::Owned],
        w: &mut [S::Owned],
    ) {
        same_count(x, y);
        same_count(x, w);
        for ((x, y), w) in x.iter_mut().zip(y).zip(w) {
            (self.inner).turn(angle, towards, x.borrow_mut(), y.borrow_mut(), w.borrow_mut());
        }
    }

    fn turn_secant(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        g: [&[S::Owned]; 2],
        x: &mut [S::Owned],
        y: &mut [S::Owned],
        scratch: &mut [S::Owned],
    ) {
        [&*y, &*scratch, g[0], g[1]].iter().for_each(|other| same_count(x, other));
        for (block, ((x, y), scratch)) in x.iter_mut().zip(y).zip(scratch).enumerate() {
            let (x, y, scratch) = (x.borrow_mut(), y.borrow_mut(), scratch.borrow_mut());
            self.inner.turn_secant(angle, towards, g.map(|g| g[block].borrow()), x, y, scratch);
        }
    }
}

/// The range counts on from block to block, like `fill`.
impl<S: Updates> Updates for Blocks<S> {
    fn update<const R: usize, const W: usize>(
        &self,
        range: Range<usize>,
        update: &impl Update<R, W>,
        read: [&[S::Owned]; R],
        mut written: [&mut [S::Owned]; W],
    ) {
        let count = written.first().map_or(0, |x| x.len());
        read.iter().for_each(|x| same_count(x, written[0]));
        written.iter().for_each(|x| same_count(x, written[0]));
        let mut first = 0;
        for block in 0..count {
            let len = self.inner.len(written[0][block].borrow());
            let within = |i: usize| i.saturating_sub(first).min(len);
            self.inner.update(
                within(range.start)..within(range.end),
                update,
                read.map(|x| x[block].borrow()),
                written.each_mut().map(|x| x[block].borrow_mut()),
            );
            first += len;
        }
        assert!(
            range.end <= first,
            "the range ends at component {} of a vector that has {first}",
            range.end
        );
    }
}

#[cfg(test)]
mod tests;
