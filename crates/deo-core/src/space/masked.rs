//! Frozen components: the dimer and the optimizer move only the free ones.
//!
//! Problem: embeddings that stay as they were trained, atoms of a surface held in place. The curvature asked
//! for is that of f restricted to the free components, the lowest eigenvalue of the block H_ff of the
//! Hessian, while f itself needs the frozen ones at their values.
//!
//! **What a vector means.** Two vectors that agree in their free components are the same vector of this
//! space: inner products don't see the others. The frozen components are carried along, and this table
//! says how; it is chosen so that a point keeps its frozen parameters bit by bit and a direction has zeros
//! there, whatever a gradient holds there (NaN included):
//!
//! | operation | free components | frozen components of the result |
//! |---|---|---|
//! | `dot`, `dots`, `norm` | summed | ignored |
//! | `zeros_like`, `fill` | 0, value(i) with i counting all components | 0 |
//! | `secant` | (g₁ − g₀)/h | 0: a product Hn is a direction |
//! | `displace` | x + h n | those of x, exactly: a displaced point is a point |
//! | `axpby`, b = 0 | a x | a x: a copy of a point is that point |
//! | `axpby`, b ≠ 0; `deflate` | a x + b y | those of y: y is moved along free components only |
//! | `rotate`, `update` | as defined | those it had |
//!
//! Hence no optimizer that changes parameters by `axpby` with b ≠ 0 or by [`Updates`] moves a frozen one, weight decay
//! and momentum included. Two things are left to the caller:
//!
//! 1. Build a displaced point by `displace`, or by copying the point and adding to it. Adding the point to
//!    a copy of the direction (y ← a n, then y ← x + y) leaves the direction's zeros in its frozen part.
//! 2. An exact product Hn computed outside has frozen components, (H_rf n_f). Take them out by
//!    [`Masked::restrict`] before it is told to the dimer, or they get into the directions that
//!    the dimer hands out, and from there into H_fr of the next exact product. Gradient pairs need no such care.

mod ranges;

pub use ranges::MaskError;

use super::{Sliced, Space};
use super::{Update, Updates};
use ranges::split;
use std::ops::Range;

/// The space of the free components of vectors of `S`.
///
/// `S` is any space whose vectors are cut by index ranges: slices of numbers, or lists of blocks, in which case
/// ranges count blocks. Over ranks, put the mask inside, `Sharded<Masked<S>, C>`, each rank with the mask of its
/// shard: the inner product of each range is one call of the inner space, and ranks may have different numbers of them.
///
/// # Panics
///
/// All operations panic if a vector has another number of elements than the mask.
///
/// # Examples
///
/// ```
/// use deo_core::space::{Host, Masked, Space};
/// // Component 0 is frozen.
/// let space = Masked::free(Host::<f64>::new(), 3, [1..3])?;
/// let (x, g) = ([7.0, 1.0, 1.0], [5.0, 3.0, 4.0]);
/// assert_eq!(space.norm(&g), 5.0);
/// let mut y = [f64::NAN; 3];
/// space.displace(0.5, &g, &x, &mut y);
/// assert_eq!(y, [7.0, 2.5, 3.0]);
/// # Ok::<(), deo_core::space::MaskError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Masked<S> {
    inner: S,
    /// Elements that a vector has, free and frozen.
    count: usize,
    /// Ascending, not empty, not touching.
    free: Vec<Range<usize>>,
    /// The complement within 0..count.
    frozen: Vec<Range<usize>>,
}

impl<S> Masked<S> {
    /// Freezes everything but `ranges`, which ascend, in vectors of `count` elements.
    ///
    /// # Errors
    ///
    /// If a range is reversed, overlaps the one before or ends beyond `count`, or if nothing is free.
    pub fn free(
        inner: S,
        count: usize,
        ranges: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<Self, MaskError> {
        let [free, frozen] = split(count, ranges)?;
        Self::checked(inner, count, free, frozen)
    }

    /// Freezes `ranges`, which ascend, in vectors of `count` elements.
    ///
    /// # Errors
    ///
    /// As [`Masked::free`].
    pub fn frozen(
        inner: S,
        count: usize,
        ranges: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<Self, MaskError> {
        let [frozen, free] = split(count, ranges)?;
        Self::checked(inner, count, free, frozen)
    }

    fn checked(
        inner: S,
        count: usize,
        free: Vec<Range<usize>>,
        frozen: Vec<Range<usize>>,
    ) -> Result<Self, MaskError> {
        if free.is_empty() {
            return Err(MaskError::NothingFree);
        }
        Ok(Masked { inner, count, free, frozen })
    }

    /// The space of whole vectors.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The ranges of free elements, ascending, merged where they touch.
    pub fn free_ranges(&self) -> &[Range<usize>] {
        &self.free
    }
}

impl<S: Sliced> Masked<S> {
    /// Sets the frozen components of `v` to zero: from a gradient or a product to a direction.
    pub fn restrict(&self, v: &mut S::Vector) {
        self.check([v]);
        for range in &self.frozen {
            self.inner.fill(&mut v[range.clone()], &|_| 0.0);
        }
    }

    /// Slicing finds vectors that are too short; this finds those that are too long.
    #[track_caller]
    fn check<const K: usize>(&self, vectors: [&S::Vector; K]) {
        for x in vectors {
            let (masked, len) = (self.inner.len(&x[0..self.count]), self.inner.len(x));
            assert_eq!(
                masked, len,
                "the mask is for vectors of {} elements: components of these, and of the vector given",
                self.count
            );
        }
    }
}

impl<S: Sliced> Space for Masked<S> {
    type Vector = S::Vector;
    type Owned = S::Owned;

    fn zeros_like(&self, x: &S::Vector) -> S::Owned {
        self.inner.zeros_like(x)
    }

    /// All components, the frozen ones included.
    fn len(&self, x: &S::Vector) -> usize {
        self.inner.len(x)
    }

    fn scaled_square(&self, s: f64, x: &S::Vector) -> f64 {
        self.check([x]);
        let parts = self.free.iter().map(|range| self.inner.scaled_square(s, &x[range.clone()]));
        parts.fold(0.0, |sum, part| sum + part)
    }

    fn is_distributed(&self) -> bool {
        self.inner.is_distributed()
    }

    /// Without the frozen components.
    fn dimension(&self, like: &S::Vector) -> f64 {
        self.check([like]);
        self.free.iter().map(|range| self.inner.dimension(&like[range.clone()])).sum()
    }

    fn epsilon(&self) -> f64 {
        self.inner.epsilon()
    }

    fn fill(&self, x: &mut S::Vector, value: &(dyn Fn(u64) -> f64 + Sync)) {
        self.inner.fill(x, value);
        self.restrict(x);
    }

    fn axpby(&self, a: f64, x: &S::Vector, b: f64, y: &mut S::Vector) {
        self.check([x, y]);
        if b == 0.0 {
            return self.inner.axpby(a, x, 0.0, y);
        }
        for range in &self.free {
            (self.inner).axpby(a, &x[range.clone()], b, &mut y[range.clone()]);
        }
    }

    fn dot(&self, x: &S::Vector, y: &S::Vector) -> f64 {
        let [dot] = self.dots([(x, y)]);
        dot
    }

    fn dots<const K: usize>(&self, pairs: [(&S::Vector, &S::Vector); K]) -> [f64; K] {
        for (x, y) in pairs {
            self.check([x, y]);
        }
        let mut sums = [0.0; K];
        for range in &self.free {
            let parts =
                (self.inner).dots(pairs.map(|(x, y)| (&x[range.clone()], &y[range.clone()])));
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
        }
        sums
    }

    fn secant(
        &self,
        h: f64,
        g0: &S::Vector,
        g1: &S::Vector,
        n: &S::Vector,
        hn: &mut S::Vector,
    ) -> (f64, f64) {
        self.check([g0, g1, n]);
        self.restrict(hn);
        let (mut c, mut square) = (0.0, 0.0);
        for range in &self.free {
            let part = self.inner.secant(
                h,
                &g0[range.clone()],
                &g1[range.clone()],
                &n[range.clone()],
                &mut hn[range.clone()],
            );
            c += part.0;
            square += part.1;
        }
        (c, square)
    }

    fn displace(&self, h: f64, n: &S::Vector, x: &S::Vector, y: &mut S::Vector) -> f64 {
        self.check([n, x, y]);
        for range in &self.frozen {
            (self.inner).copy(&x[range.clone()], &mut y[range.clone()]);
        }
        let mut realised = 0.0;
        for range in &self.free {
            realised +=
                self.inner.displace(h, &n[range.clone()], &x[range.clone()], &mut y[range.clone()]);
        }
        realised
    }

    fn rotate(
        &self,
        c: f64,
        s: f64,
        x: &mut S::Vector,
        y: &mut S::Vector,
        scratch: &mut S::Vector,
    ) {
        self.check([x, y, scratch]);
        for range in &self.free {
            self.inner.rotate(
                c,
                s,
                &mut x[range.clone()],
                &mut y[range.clone()],
                &mut scratch[range.clone()],
            );
        }
    }

    fn combine<const K: usize>(&self, terms: [(f64, &S::Vector); K], b: f64, y: &mut S::Vector) {
        self.check(terms.map(|(_, x)| x));
        self.check([y]);
        if b == 0.0 {
            // As `axpby`, frozen components of the first term are copied.
            let Some(&(a, x)) = terms.first() else { return };
            for range in &self.frozen {
                self.inner.axpby(a, &x[range.clone()], 0.0, &mut y[range.clone()]);
            }
        }
        for range in &self.free {
            let terms = terms.map(|(a, x)| (a, &x[range.clone()]));
            self.inner.combine(terms, b, &mut y[range.clone()]);
        }
    }

    fn torque(
        &self,
        c: f64,
        n: &S::Vector,
        hn: &S::Vector,
        p: &S::Vector,
        w: &mut S::Vector,
    ) -> [f64; 3] {
        self.check([n, hn, p]);
        self.restrict(w);
        let mut sums = [0.0; 3];
        for range in &self.free {
            let [n, hn, p] = [n, hn, p].map(|x| &x[range.clone()]);
            let parts = self.inner.torque(c, n, hn, p, &mut w[range.clone()]);
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
        x: &mut S::Vector,
        y: &mut S::Vector,
        w: &mut S::Vector,
    ) {
        self.check([x, y, w]);
        if towards[1] == 0.0 {
            self.restrict(y);
        }
        for range in &self.free {
            let [x, y, w] = [&mut *x, &mut *y, &mut *w].map(|x| &mut x[range.clone()]);
            self.inner.turn(angle, towards, x, y, w);
        }
    }

    fn turn_secant(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        [g0, g1]: [&S::Vector; 2],
        x: &mut S::Vector,
        y: &mut S::Vector,
        scratch: &mut S::Vector,
    ) {
        self.check([g0, g1, x, y, scratch]);
        if towards[1] == 0.0 {
            self.restrict(y);
        }
        for range in &self.free {
            let g = [&g0[range.clone()], &g1[range.clone()]];
            let [x, y, scratch] = [&mut *x, &mut *y, &mut *scratch].map(|x| &mut x[range.clone()]);
            self.inner.turn_secant(angle, towards, g, x, y, scratch);
        }
    }
}

/// Frozen components are left out of every range.
impl<S: Sliced + Updates> Updates for Masked<S> {
    fn update<const R: usize, const W: usize>(
        &self,
        range: Range<usize>,
        update: &impl Update<R, W>,
        read: [&S::Vector; R],
        mut written: [&mut S::Vector; W],
    ) {
        self.check(read);
        self.check(written.each_ref().map(|x| &**x));
        let Some(first) = written.first() else { return };
        let len = self.inner.len(first);
        assert!(
            range.end <= len,
            "the range ends at component {} of a vector that has {len}",
            range.end
        );
        for free in &self.free {
            // From elements, which may be blocks, to components.
            let component = |element: usize| self.inner.len(&written[0][0..element]);
            let start = component(free.start).max(range.start);
            let end = component(free.end).min(range.end);
            if start < end {
                let written = written.each_mut().map(|x| &mut **x);
                self.inner.update(start..end, update, read, written);
            }
        }
    }
}

#[cfg(test)]
mod tests;
