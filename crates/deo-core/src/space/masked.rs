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

use super::{Factor, Formula, Matrices, Pass, Sliced, Space, Updates, Written};
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

    /// Whether all components of the range are free.
    fn is_free(&self, range: &Range<usize>, x: &S::Vector) -> bool {
        let component = |element: usize| self.inner.len(&x[0..element]);
        let holds = |free: &Range<usize>| {
            component(free.start) <= range.start && range.end <= component(free.end)
        };
        self.free.iter().any(holds)
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
            let pairs = pairs.map(|(x, y)| (&x[range.clone()], &y[range.clone()]));
            add(&mut sums, self.inner.dots(pairs));
        }
        sums
    }

    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&S::Vector; R],
        mut written: [&mut S::Vector; W],
    ) -> [f64; K] {
        self.check(read);
        self.check(written.each_ref().map(|x| &**x));
        for (x, how) in written.iter_mut().zip(formula.written()) {
            match how {
                Written::Direction => self.restrict(x),
                Written::Point { of, times } => {
                    for range in &self.frozen {
                        (self.inner).axpby(
                            times,
                            &read[of][range.clone()],
                            0.0,
                            &mut x[range.clone()],
                        );
                    }
                }
                Written::Changed | Written::Spent | Written::Scratch => {}
            }
        }
        let mut sums = [0.0; K];
        for range in &self.free {
            let read = read.map(|x| &x[range.clone()]);
            let written = written.each_mut().map(|x| &mut x[range.clone()]);
            add(&mut sums, self.inner.run(formula, read, written));
        }
        sums
    }
}

fn add<const K: usize>(sums: &mut [f64; K], parts: [f64; K]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum += part;
    }
}

/// Frozen components are left out of every range.
impl<S: Sliced + Updates> Updates for Masked<S> {
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&S::Vector; R],
        mut written: [&mut S::Vector; W],
    ) -> [f64; K] {
        self.check(read);
        self.check(written.each_ref().map(|x| &**x));
        let mut sums = [0.0; K];
        for free in &self.free {
            let like = read.first().copied().or(written.first().map(|x| &**x));
            let Some(like) = like else { return sums };
            assert!(
                range.end <= self.inner.len(like),
                "the range ends at component {} of a vector that has {}",
                range.end,
                self.inner.len(like)
            );
            // From elements, which may be blocks, to components.
            let component = |element: usize| self.inner.len(&like[0..element]);
            let start = component(free.start).max(range.start);
            let end = component(free.end).min(range.end);
            if start < end {
                let written = written.each_mut().map(|x| &mut **x);
                add(&mut sums, self.inner.update(start..end, pass, read, written));
            }
        }
        sums
    }
}

/// A matrix is free as a whole.
impl<S: Sliced + Matrices> Matrices for Masked<S> {
    type Scalar = S::Scalar;

    fn slice<'a>(&self, range: Range<usize>, x: &'a S::Vector) -> Option<&'a [S::Scalar]> {
        if self.is_free(&range, x) { self.inner.slice(range, x) } else { None }
    }

    fn slice_mut<'a>(
        &self,
        range: Range<usize>,
        x: &'a mut S::Vector,
    ) -> Option<&'a mut [S::Scalar]> {
        if self.is_free(&range, x) { self.inner.slice_mut(range, x) } else { None }
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
