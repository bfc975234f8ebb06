//! Products of row-major matrices on slices, C ← α A B + β C.
//!
//! faer multiplies; this module cuts C into tiles, hands them to the pool and leaves each thread's vector
//! unit clean.

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
    let grid = Grid::new(m, n, k);
    tiles(
        threads,
        &grid,
        c.into_faer(),
        beta,
        alpha,
        a.as_faer(),
        b.as_faer(),
    );
}

/// The largest tile of C that is one call of faer.
struct Grid {
    rows: usize,
    cols: usize,
}

impl Grid {
    /// A function of the shape alone: see the bits of C above.
    fn new(m: usize, n: usize, k: usize) -> Self {
        let _ = k;
        Grid {
            rows: 96.max(m.div_ceil(8).next_multiple_of(4)),
            cols: n,
        }
    }
}

fn tiles<T: Real>(
    threads: Threads,
    grid: &Grid,
    c: faer::MatMut<'_, T>,
    beta: T,
    alpha: T,
    a: faer::MatRef<'_, T>,
    b: faer::MatRef<'_, T>,
) {
    if c.nrows() > grid.rows {
        let middle = c.nrows().div_ceil(grid.rows).div_ceil(2) * grid.rows;
        let (c0, c1) = c.split_at_row_mut(middle);
        let (a0, a1) = a.split_at_row(middle);
        threads.join(
            || tiles(threads, grid, c0, beta, alpha, a0, b),
            || tiles(threads, grid, c1, beta, alpha, a1, b),
        );
    } else if c.ncols() > grid.cols {
        let middle = c.ncols().div_ceil(grid.cols).div_ceil(2) * grid.cols;
        let (c0, c1) = c.split_at_col_mut(middle);
        let (b0, b1) = b.split_at_col(middle);
        threads.join(
            || tiles(threads, grid, c0, beta, alpha, a, b0),
            || tiles(threads, grid, c1, beta, alpha, a, b1),
        );
    } else {
        tile(c, beta, alpha, a, b);
    }
}

fn tile<T: Real>(
    mut c: faer::MatMut<'_, T>,
    beta: T,
    alpha: T,
    a: faer::MatRef<'_, T>,
    b: faer::MatRef<'_, T>,
) {
    if c.nrows() == 0 || c.ncols() == 0 {
        return;
    }
    let accumulate = beta != T::ZERO && !(a.ncols() == 0);
    if a.ncols() == 0 || (beta != T::ZERO && beta != T::ONE) {
        scale(c.as_mut(), beta);
    }
    if a.ncols() == 0 {
        return;
    }
    let accum = if accumulate {
        Accum::Add
    } else {
        Accum::Replace
    };
    product(c, accum, a, b, alpha, faer::Par::Seq);
    vzeroupper();
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
