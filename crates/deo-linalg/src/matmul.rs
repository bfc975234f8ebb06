//! Products of matrices on slices, C ← α A B or C ← C + α A B.
//!
//! faer multiplies at the speed of the hardware. This module takes its product to slices, makes the result the same on
//! any number of threads, and clears the state in which its kernels leave the processor:
//!
//! ```text
//! product(C, A, B) = product(left C, A, left B), product(right C, A, right B)       if B is wider than a cache
//!                    faer's, on one thread                       if the product is small, or there is one thread
//!                    product(left C, A, left B), product(right C, A, right B)
//!                 or product(upper C, upper A, B), product(lower C, lower A, B)
//! ```
//!
//! 1. *This module splits, not faer*, and by the shape alone: a kernel may bracket the sum over k by the size of its
//!    tile, so tiles that followed the number of threads could change bits. No part waits for another, so it is also
//!    the faster split on a busy machine (`benches/matmul.rs`).
//! 2. Splitting rows packs B again for each part and splitting columns reads A again. Which is cheaper, and down to
//!    what size, is a matter of measurement; the constants are in `Split`. On one thread only what is wider than the second-level
//!    cache is split, where that is known to leave the bits alone (`parts_have_the_bits_of_the_whole`).
//! 3. The sum over k is never split: it would need scratch, and C is rarely small where k is large. A product
//!    with fewer than 128 rows and 192 columns therefore runs on one thread, however long its sum is.
//! 4. An A by columns that are a multiple of 2 048 bytes apart is copied by rows first; `transpose` says why and when.
//! 5. Each tile ends with `vzeroupper`, without which ordinary loops run slower after faer's kernels; the module of
//!    that name has the details.
//!
//! The order of the arguments is that of BLAS's `gemm` (α, A, B, β, C), with [`Accumulate`] for β as in faer: its
//! kernels know no other β, which takes a pass over C before the product wherever it is written.

mod transpose;
mod view;

pub use view::{MatMut, MatRef};

use crate::vzeroupper::vzeroupper;
use crate::{Real, Threads};
use faer::Accum;
use faer::linalg::matmul::matmul as product;
use faer::reborrow::ReborrowMut;

/// What becomes of the old C in a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accumulate {
    /// C ← α A B, the β = 0 of BLAS. The old C is never read, so it may hold anything, NaN included.
    Replace,
    /// C ← C + α A B, the β = 1 of BLAS.
    Add,
}

/// C ← α A B or C ← C + α A B, for A of m × k, B of k × n and C of m × n; [`Accumulate`] says which.
///
/// Each operand may be row-major, column-major ([`MatRef::t`]) or have strides of its own. Any NaN or infinity in A or
/// B spreads to C as in IEEE arithmetic. α is a factor inside faer's kernels: neither α = 1 nor any other value costs a
/// pass of its own. For C ← α A B + β C with another β, multiply C by β first and then add.
///
/// Where A is the transpose of a matrix whose rows lie a multiple of 2 048 bytes apart, and the product is large, a copy of up to
/// 2 048 rows of A is allocated for the call.
///
/// The bits of C depend neither on `threads` nor on the size of the pool. With AVX2 and AVX-512 every number of a product of
/// more than 4 096 multiplications is the same chain of fused multiply-adds; smaller products, those with one row or
/// column, and processors without FMA can differ in the last bit.
///
/// # Panics
///
/// If the shapes do not fit.
///
/// # Examples
///
/// ```
/// use deo_linalg::{Accumulate, MatMut, MatRef, Threads, matmul};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 1.0, 1.0]);
/// let (a, b) = (MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2));
/// let mut c = [0.0; 4];
/// matmul(Threads::One, 1.0, a, b.t(), Accumulate::Replace, MatMut::new(&mut c, 2, 2));
/// assert_eq!(c, [1.0, 3.0, 3.0, 7.0]);
/// matmul(Threads::One, -1.0, a, b.t(), Accumulate::Add, MatMut::new(&mut c, 2, 2));
/// assert_eq!(c, [0.0; 4]);
/// ```
#[track_caller]
pub fn matmul<T: Real>(
    threads: Threads,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    accumulate: Accumulate,
    c: MatMut<'_, T>,
) {
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    assert!(
        a.rows() == m && b.rows() == k && b.cols() == n,
        "C is {m} × {n}, A is {} × {}, B is {} × {}",
        a.rows(),
        a.cols(),
        b.rows(),
        b.cols(),
    );
    if m == 0 || n == 0 {
        return;
    }
    // A column-major C is the product Bᵀ Aᵀ in row-major order, for which all that follows is measured.
    let (a, b, c) = if c.is_by_columns() { (b.t(), a.t(), c.t()) } else { (a, b, c) };
    let (m, n) = (c.rows(), c.cols());
    let whole = !threads.split() && m > 1 && n > 1 && parts_have_the_bits_of_the_whole();
    let split = if whole { Split::none::<T>(m, k) } else { Split::new::<T>(m, n, k) };
    let (b, mut c) = (b.as_faer(), c.into_faer());
    if !transpose::pays(&a, n) {
        return tiles(threads, split, alpha, a.as_faer(), b, accumulate, c);
    }
    let mut copy = vec![T::default(); transpose::PANEL.min(m) * k];
    for first in (0..m).step_by(transpose::PANEL) {
        let height = transpose::PANEL.min(m - first);
        let copy = &mut copy[..height * k];
        transpose::rows(threads, &a, first, copy);
        let panel = MatRef::new(copy, height, k);
        let c = c.rb_mut().subrows_mut(first, height);
        tiles(threads, split, alpha, panel.as_faer(), b, accumulate, c);
    }
}

/// Whether a part of C gets the bits that it has in the whole.
///
/// faer's kernels for AVX2 and AVX-512 bracket the sum over k in blocks of 512, whatever their tile; `tests/product_bits.rs`
/// compares them with that chain, bit for bit. On other processors it takes kernels that choose their blocks by the size of
/// the product.
fn parts_have_the_bits_of_the_whole() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        has!("avx512f") || (has!("avx2") && has!("fma"))
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Where to cut a product, a function of the shape alone.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// A product of at most this cost is not split.
    leaf: usize,
    /// Half of the smallest number of rows that is split.
    rows: usize,
    /// The most columns that stay together, on any number of threads.
    wide: usize,
}

/// Where a product is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Row(usize),
    Col(usize),
}

impl Split {
    /// Some 15 µs at 300 GFLOP/s, what it takes to wake a sleeping worker.
    const LEAF: usize = 1 << 21;
    /// A product becomes leaves of a sixth of its cost or less, eight as a rule: more would pack more often, fewer would
    /// leave threads idle.
    const LEAVES: usize = 6;
    /// And of this cost or less, some 7 ms at 300 GFLOP/s, which occupies many threads with a large product.
    const LARGEST: usize = 1 << 30;
    /// The width of the widest kernel below faer; narrower columns waste a part of it.
    const COLS: usize = 96;
    /// Bytes of B that are packed at once, for a second-level cache to hold them.
    const PACKED: usize = 768 << 10;
    /// Rows of B that faer packs at once.
    const DEPTH: usize = 512;

    /// Cut for the cache only.
    fn none<T>(m: usize, k: usize) -> Self {
        let column = k.clamp(1, Self::DEPTH) * size_of::<T>();
        // With up to 12 rows faer's kernels read B where it lies.
        let wide = if m > 12 { Self::PACKED / column } else { usize::MAX };
        Split { leaf: usize::MAX, rows: 0, wide }
    }

    fn new<T>(m: usize, n: usize, k: usize) -> Self {
        // Halving 256 rows costs 3 % of the speed on one thread and halving 128 costs 5 %: that is worth it
        // only where there is no other way to occupy a second thread.
        let rows = if m < 256 && n < 2 * Self::COLS { 64 } else { 128 };
        let leaf = (Self::cost(m, n, k) / Self::LEAVES).clamp(Self::LEAF, Self::LARGEST);
        Split { leaf, rows, ..Self::none::<T>(m, k) }
    }

    /// Multiplications, and eight for each number that has to come from memory.
    fn cost(m: usize, n: usize, k: usize) -> usize {
        let numbers = (m.saturating_mul(k))
            .saturating_add(k.saturating_mul(n))
            .saturating_add(m.saturating_mul(n));
        m.saturating_mul(n).saturating_mul(k).saturating_add(numbers.saturating_mul(8))
    }

    /// Halves of the rows pack B twice; halves of the columns take A from a cache once more for each kernel's width, as
    /// the whole does, so columns go first while both halves have two of these.
    fn cut(self, m: usize, n: usize, k: usize) -> Option<Cut> {
        let columns = Some(Cut::Col(n.div_ceil(Self::COLS) / 2 * Self::COLS));
        // Multiples of the height of the kernels.
        let half = Some(Cut::Row((m / 2).next_multiple_of(8)));
        if n > self.wide {
            columns
        } else if Self::cost(m, n, k) <= self.leaf {
            None
        } else if n >= 4 * Self::COLS {
            columns
        } else if m >= 256 {
            half
        } else if n >= 2 * Self::COLS {
            columns
        } else if m >= 2 * self.rows {
            half
        } else {
            None
        }
    }
}

fn tiles<T: Real>(
    threads: Threads,
    split: Split,
    alpha: T,
    a: faer::MatRef<'_, T>,
    b: faer::MatRef<'_, T>,
    accumulate: Accumulate,
    c: faer::MatMut<'_, T>,
) {
    match split.cut(c.nrows(), c.ncols(), a.ncols()) {
        None => tile(alpha, a, b, accumulate, c),
        Some(Cut::Row(middle)) => {
            let (c0, c1) = c.split_at_row_mut(middle);
            let (a0, a1) = a.split_at_row(middle);
            threads.join(
                || tiles(threads, split, alpha, a0, b, accumulate, c0),
                || tiles(threads, split, alpha, a1, b, accumulate, c1),
            );
        }
        Some(Cut::Col(middle)) => {
            let (c0, c1) = c.split_at_col_mut(middle);
            let (b0, b1) = b.split_at_col(middle);
            threads.join(
                || tiles(threads, split, alpha, a, b0, accumulate, c0),
                || tiles(threads, split, alpha, a, b1, accumulate, c1),
            );
        }
    }
}

/// One tile on the calling thread.
fn tile<T: Real>(
    alpha: T,
    a: faer::MatRef<'_, T>,
    b: faer::MatRef<'_, T>,
    accumulate: Accumulate,
    c: faer::MatMut<'_, T>,
) {
    let accumulate = match accumulate {
        Accumulate::Replace => Accum::Replace,
        Accumulate::Add => Accum::Add,
    };
    product(c, accumulate, a, b, alpha, faer::Par::Seq);
    vzeroupper();
}

#[cfg(test)]
mod tests;
