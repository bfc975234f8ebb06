//! Causal multi-head self-attention, between its two linear maps.
//!
//! For every sequence and head, with q, k, v of T × d, d = width/heads:
//!
//! ```text
//! S = q kᵀ/√d,   P_ij = exp S_ij / Σ_{l≤i} exp S_il for j ≤ i, else 0,   y = P v
//! ```
//!
//! and backwards
//!
//! ```text
//! dv = Pᵀ dy,   dP = dy vᵀ,   dS = P ∘ (dP − rowsum(P ∘ dP)),   dq = dS k/√d,   dk = dSᵀ q/√d
//! ```
//!
//! | shape | |
//! |---|---|
//! | qkv, dqkv | (rows · T) × 3 width; columns are q, then k, then v, each with its heads side by side |
//! | y, dy | (rows · T) × width |
//! | P | rows × heads × T × T |
//! | scratch | rows × T × T |
//!
//! The six products are whole matrices although half of P is zero: at T = 64 the product kernel needs a
//! microsecond for each, less than any loop over the triangle. Sequences are shared out among the threads,
//! their heads follow each other: the heads of one sequence write to interleaved columns.
//!
//! Reference: Vaswani et al., arXiv 1706.03762; the layout of qkv is nanoGPT's.

use super::elementary::exp;
use super::parallel::{for_each_chunk, rows, rows_mut};
use super::sums::{dot, largest, sum};
use super::{check_len, rows_of};
use deo_linalg::{Accumulate, MatMut, MatRef, Real, Threads, matmul};

/// Attention of `heads` heads over sequences of `block` tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// The length of a sequence, T.
    pub block: usize,
    /// The number of heads; divides the width.
    pub heads: usize,
    /// Components of a row of y.
    pub width: usize,
}

/// Which third of a row of qkv.
#[derive(Clone, Copy)]
enum Part {
    Query,
    Key,
    Value,
}

impl Attention {
    /// The length of P for `rows` sequences.
    pub fn probabilities_len(&self, rows: usize) -> usize {
        rows * self.heads * self.block * self.block
    }

    /// The length of the scratch of backward for `rows` sequences.
    pub fn scratch_len(&self, rows: usize) -> usize {
        rows * self.block * self.block
    }

    /// y ← P v, and `p` ← P, which backward needs.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn forward<T: Real>(&self, threads: Threads, y: &mut [T], p: &mut [T], qkv: &[T]) {
        self.check(qkv, y, p);
        let (sequence, square) = (self.block * self.width, self.block * self.block);
        let views =
            (rows_mut(y, sequence), rows_mut(p, self.heads * square), rows(qkv, 3 * sequence));
        for_each_chunk(
            threads,
            1,
            views,
            #[inline(always)]
            |(y, p, qkv)| {
                let (y, p, qkv) = (y.flat(), p.flat(), qkv.flat());
                for (head, p) in p.chunks_exact_mut(square).enumerate() {
                    let [q, k, v] = [Part::Query, Part::Key, Part::Value]
                        .map(|part| self.part(qkv, head, part));
                    product(self.square_mut(p), self.scale(), q, k.t());
                    self.softmax(p);
                    product(self.head_mut(y, head), T::ONE, self.square(p), v);
                }
            },
        );
    }

    /// dqkv, given dy, qkv and P; `scratch` is overwritten.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn backward<T: Real>(
        &self,
        threads: Threads,
        dqkv: &mut [T],
        dy: &[T],
        qkv: &[T],
        p: &[T],
        scratch: &mut [T],
    ) {
        let count = self.check(qkv, dy, p);
        check_len("dqkv", dqkv, qkv.len());
        check_len("scratch", scratch, self.scratch_len(count));
        let (sequence, square) = (self.block * self.width, self.block * self.block);
        let views = (
            rows_mut(dqkv, 3 * sequence),
            rows(dy, sequence),
            rows(qkv, 3 * sequence),
            rows(p, self.heads * square),
            rows_mut(scratch, square),
        );
        for_each_chunk(
            threads,
            1,
            views,
            #[inline(always)]
            |(dqkv, dy, qkv, p, scratch)| {
                let (dqkv, dy, qkv, ds) = (dqkv.flat(), dy.flat(), qkv.flat(), scratch.flat());
                for (head, p) in p.flat().chunks_exact(square).enumerate() {
                    let [q, k, v] = [Part::Query, Part::Key, Part::Value]
                        .map(|part| self.part(qkv, head, part));
                    let dy = self.head(dy, head);
                    // y = P v
                    let dv = self.part_mut(dqkv, head, Part::Value);
                    product(dv, T::ONE, self.square(p).t(), dy);
                    product(self.square_mut(ds), T::ONE, dy, v.t());
                    // P = softmax(S)
                    self.softmax_backward(ds, p);
                    // S = q kᵀ/√d
                    let dq = self.part_mut(dqkv, head, Part::Query);
                    product(dq, self.scale(), self.square(ds), k);
                    let dk = self.part_mut(dqkv, head, Part::Key);
                    product(dk, self.scale(), self.square(ds).t(), q);
                }
            },
        );
    }

    /// P ← softmax(S) over the columns j ≤ i of row i, in place; S, P: T × T.
    #[inline(always)]
    fn softmax<T: Real>(&self, s: &mut [T]) {
        for (i, s) in s.chunks_exact_mut(self.block).enumerate() {
            let (past, future) = s.split_at_mut(i + 1);
            let greatest = largest(past);
            for s in past.iter_mut() {
                *s = exp(*s - greatest);
            }
            let inverse = T::ONE / sum(past);
            for s in past {
                *s *= inverse;
            }
            future.fill(T::ZERO);
        }
    }

    /// dS ← P ∘ (dP − rowsum(P ∘ dP)), where `ds` holds dP before; dS, P: T × T.
    #[inline(always)]
    fn softmax_backward<T: Real>(&self, ds: &mut [T], p: &[T]) {
        let rows = ds.chunks_exact_mut(self.block).zip(p.chunks_exact(self.block));
        for (i, (ds, p)) in rows.enumerate() {
            let (past, future) = ds.split_at_mut(i + 1);
            let p = &p[..=i];
            let along = dot(past, p);
            for (ds, p) in past.iter_mut().zip(p) {
                *ds = *p * (*ds - along);
            }
            future.fill(T::ZERO);
        }
    }

    /// 1/√d.
    fn scale<T: Real>(&self) -> T {
        T::from_f64((self.dimension() as f64).sqrt().recip())
    }

    /// d.
    fn dimension(&self) -> usize {
        self.width / self.heads
    }

    /// q, k or v of one head of one sequence, T × d.
    fn part<'a, T: Real>(&self, qkv: &'a [T], head: usize, part: Part) -> MatRef<'a, T> {
        let d = self.dimension();
        let data = &qkv[part as usize * self.width + head * d..];
        MatRef::strided(data, self.block, d, 3 * self.width, 1)
    }

    fn part_mut<'a, T: Real>(&self, qkv: &'a mut [T], head: usize, part: Part) -> MatMut<'a, T> {
        let d = self.dimension();
        let data = &mut qkv[part as usize * self.width + head * d..];
        MatMut::strided(data, self.block, d, 3 * self.width, 1)
    }

    /// One head's columns of y of one sequence, T × d.
    fn head<'a, T: Real>(&self, y: &'a [T], head: usize) -> MatRef<'a, T> {
        let d = self.dimension();
        MatRef::strided(&y[head * d..], self.block, d, self.width, 1)
    }

    fn head_mut<'a, T: Real>(&self, y: &'a mut [T], head: usize) -> MatMut<'a, T> {
        let d = self.dimension();
        MatMut::strided(&mut y[head * d..], self.block, d, self.width, 1)
    }

    /// T × T.
    fn square<'a, T: Real>(&self, s: &'a [T]) -> MatRef<'a, T> {
        MatRef::new(s, self.block, self.block)
    }

    fn square_mut<'a, T: Real>(&self, s: &'a mut [T]) -> MatMut<'a, T> {
        MatMut::new(s, self.block, self.block)
    }

    /// The number of sequences, after a check of the shapes.
    #[track_caller]
    fn check<T>(&self, qkv: &[T], y: &[T], p: &[T]) -> usize {
        assert!(
            self.heads > 0 && self.width.is_multiple_of(self.heads),
            "{} heads do not divide a width of {}",
            self.heads,
            self.width
        );
        let count = rows_of("y", y, self.block * self.width);
        check_len("qkv", qkv, 3 * y.len());
        check_len("P", p, self.probabilities_len(count));
        count
    }
}

/// C ← α A B on the calling thread: the sequences are shared out already.
fn product<T: Real>(c: MatMut<'_, T>, alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>) {
    matmul(Threads::One, alpha, a, b, Accumulate::Replace, c);
}
