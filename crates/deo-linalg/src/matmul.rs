//! Products of row-major matrices on slices, C ← α A B + β C.
//!
//! faer multiplies at the speed of the hardware. This module gives its product to slices, with bits that do
//! not depend on the number of threads and without the aftermath of its kernels:
//!
//! ```text
//! product(C, A, B) = faer's, on one thread                       if the product is small
//!                    product(upper C, upper A, B), product(lower C, lower A, B)
//!                 or product(left C, A, left B), product(right C, A, right B)
//! ```
//!
//! 1. *We split, not faer*, and by the shape alone: a kernel may bracket the sum over k by the size of its
//!    tile, so tiles that followed the number of threads could change bits. With nothing to wait for at a barrier it
//!    is also the faster split on a busy machine (`benches/matmul.rs`); on one thread the packing costs 1–5 %.
//! 2. Splitting rows packs B again for each part and splitting columns reads A again; which of them is
//!    cheaper, and down to what size, was measured, see `Split`.
//! 3. The sum over k is never split: it would need scratch, and C is rarely small where k is large. A product
//!    with fewer than 128 rows and 192 columns therefore runs on one thread, however long its sum is.
//! 4. Each tile ends with `vzeroupper`, whose module says why.

mod view;

pub use view::{MatMut, MatRef};

use crate::vzeroupper::vzeroupper;
use crate::{Real, Threads};
use faer::Accum;
use faer::linalg::matmul::matmul as product;

/// C ← α A B + β C for C of m × n, A of m × k, B of k × n.
///
/// With β = 0 the old C is never read, so it may hold anything, NaN included. A NaN or infinity in A or B
/// goes into C as IEEE arithmetic has it. The bits of C do not depend on `threads` nor on the size of the
/// pool.
///
/// # Panics
///
/// If the shapes do not fit.
///
/// # Examples
///
/// ```
/// use deo_linalg::{MatMut, MatRef, Threads, matmul};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 1.0, 1.0]);
/// let mut c = [0.0; 4];
/// let (a, b) = (MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2));
/// matmul(Threads::One, MatMut::new(&mut c, 2, 2), 0.0, 1.0, a, b.t());
/// assert_eq!(c, [1.0, 3.0, 3.0, 7.0]);
/// ```
#[track_caller]
pub fn matmul<T: Real>(
    threads: Threads,
    c: MatMut<'_, T>,
    beta: T,
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
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
    let (c, a, b) = (c.into_faer(), a.as_faer(), b.as_faer());
    // A column-major C is the product Bᵀ Aᵀ in row-major order, for which the split is measured.
    if c.col_stride().abs() > c.row_stride().abs() {
        let (c, a, b) = (c.transpose_mut(), b.transpose(), a.transpose());
        tiles(threads, Split::new(n, m, k), c, beta, alpha, a, b);
    } else {
        tiles(threads, Split::new(m, n, k), c, beta, alpha, a, b);
    }
}

/// Where to cut a product, a function of the shape alone.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// A product of at most this cost is not split.
    leaf: usize,
    /// Half of the smallest number of rows that is split.
    rows: usize,
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
    /// Leaves of a large product: more would pack more often, fewer would leave threads idle.
    const LEAVES: usize = 16;
    /// The width of the widest kernel below faer; narrower columns waste a part of it.
    const COLS: usize = 96;
    /// Rows from which on halving them costs less than 1 % in packing.
    const TALL: usize = 512;

    fn new(m: usize, n: usize, k: usize) -> Self {
        // Halving 256 rows costs 3 % of the speed on one thread and halving 128 costs 5 %: that is worth it
        // only where there is no other way to occupy a second thread.
        let rows = if m < 256 && n < 2 * Self::COLS { 64 } else { 128 };
        let leaf = Self::LEAF.max(Self::cost(m, n, k) / Self::LEAVES);
        Split { leaf, rows }
    }

    /// Multiplications, and eight for each number that has to come from memory.
    fn cost(m: usize, n: usize, k: usize) -> usize {
        let numbers = (m.saturating_mul(k))
            .saturating_add(k.saturating_mul(n))
            .saturating_add(m.saturating_mul(n));
        m.saturating_mul(n).saturating_mul(k).saturating_add(numbers.saturating_mul(8))
    }

    fn cut(self, m: usize, n: usize, k: usize) -> Option<Cut> {
        // Multiples of the height of the kernels.
        let half = || Some(Cut::Row((m / 2).next_multiple_of(8)));
        if Self::cost(m, n, k) <= self.leaf {
            None
        } else if m >= Self::TALL {
            half()
        } else if n >= 2 * Self::COLS {
            Some(Cut::Col(n.div_ceil(Self::COLS) / 2 * Self::COLS))
        } else if m >= 2 * self.rows {
            half()
        } else {
            None
        }
    }
}

fn tiles<T: Real>(
    threads: Threads,
    split: Split,
    c: faer::MatMut<'_, T>,
    beta: T,
    alpha: T,
    a: faer::MatRef<'_, T>,
    b: faer::MatRef<'_, T>,
) {
    match split.cut(c.nrows(), c.ncols(), a.ncols()) {
        None => tile(c, beta, alpha, a, b),
        Some(Cut::Row(middle)) => {
            let (c0, c1) = c.split_at_row_mut(middle);
            let (a0, a1) = a.split_at_row(middle);
            threads.join(
                || tiles(threads, split, c0, beta, alpha, a0, b),
                || tiles(threads, split, c1, beta, alpha, a1, b),
            );
        }
        Some(Cut::Col(middle)) => {
            let (c0, c1) = c.split_at_col_mut(middle);
            let (b0, b1) = b.split_at_col(middle);
            threads.join(
                || tiles(threads, split, c0, beta, alpha, a, b0),
                || tiles(threads, split, c1, beta, alpha, a, b1),
            );
        }
    }
}

/// One tile on the calling thread.
fn tile<T: Real>(
    mut c: faer::MatMut<'_, T>,
    beta: T,
    alpha: T,
    a: faer::MatRef<'_, T>,
    b: faer::MatRef<'_, T>,
) {
    // faer knows β = 0 and β = 1; with k = 0 there is no product, only β C.
    let empty = a.ncols() == 0;
    if empty || (beta != T::ZERO && beta != T::ONE) {
        scale(c.as_mut(), beta);
    }
    if !empty {
        let accumulate = if beta == T::ZERO { Accum::Replace } else { Accum::Add };
        product(c, accumulate, a, b, alpha, faer::Par::Seq);
        vzeroupper();
    }
}

/// C ← β C, where β = 0 does not read C.
fn scale<T: Real>(mut c: faer::MatMut<'_, T>, beta: T) {
    for i in 0..c.nrows() {
        for j in 0..c.ncols() {
            let c = &mut c[(i, j)];
            *c = if beta == T::ZERO { T::ZERO } else { beta * *c };
        }
    }
}

#[cfg(test)]
mod tests;
