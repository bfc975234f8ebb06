//! Y = X Wᵀ + b, PyTorch's `Linear`. The bias is added by a function of its own, which a net without biases leaves out.
//!
//! | shape | |
//! |---|---|
//! | X, dX | R × inputs |
//! | Y, dY | R × outputs |
//! | W, dW | outputs × inputs |
//! | b, db | outputs |

use super::parallel::{for_each, rows, rows_mut};
use super::{check_len, rows_of};
use deo_linalg::{Accumulate, MatMut, MatRef, Real, Threads, matmul};

/// A linear map from rows of `inputs` to rows of `outputs` components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linear {
    /// Components of a row of X.
    pub inputs: usize,
    /// Components of a row of Y.
    pub outputs: usize,
}

impl Linear {
    /// Y ← X Wᵀ.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn forward<T: Real>(&self, threads: Threads, y: &mut [T], x: &[T], w: &[T]) {
        let rows = self.rows(x, y, w);
        let y = MatMut::new(y, rows, self.outputs);
        matmul(threads, T::ONE, self.x(x, rows), self.w(w).t(), Accumulate::Replace, y);
    }

    /// Y ← Y + X Wᵀ, for a residual branch: its result is added to the stream Y.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn forward_add<T: Real>(&self, threads: Threads, y: &mut [T], x: &[T], w: &[T]) {
        let rows = self.rows(x, y, w);
        let y = MatMut::new(y, rows, self.outputs);
        matmul(threads, T::ONE, self.x(x, rows), self.w(w).t(), Accumulate::Add, y);
    }

    /// Y ← Y + b in every row.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn add_bias<T: Real>(&self, threads: Threads, y: &mut [T], b: &[T]) {
        check_len("b", b, self.outputs);
        rows_of("Y", y, self.outputs);
        for_each(
            threads,
            rows_mut(y, self.outputs),
            #[inline(always)]
            |y| {
                for y in y.iter() {
                    for (y, b) in y.iter_mut().zip(b) {
                        *y += *b;
                    }
                }
            },
        );
    }

    /// dX ← dY W.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn backward_input<T: Real>(&self, threads: Threads, dx: &mut [T], dy: &[T], w: &[T]) {
        // Y = X Wᵀ
        let rows = self.rows(dx, dy, w);
        let dx = MatMut::new(dx, rows, self.inputs);
        matmul(threads, T::ONE, self.y(dy, rows), self.w(w), Accumulate::Replace, dx);
    }

    /// dW ← dYᵀ X.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn backward_weight<T: Real>(&self, threads: Threads, dw: &mut [T], dy: &[T], x: &[T]) {
        // Y = X Wᵀ
        let rows = self.rows(x, dy, dw);
        let dw = MatMut::new(dw, self.outputs, self.inputs);
        let (dy, x) = (self.y(dy, rows), self.x(x, rows));
        matmul(threads, T::ONE, dy.t(), x, Accumulate::Replace, dw);
    }

    /// db ← the sum of the rows of dY.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn backward_bias<T: Real>(&self, threads: Threads, db: &mut [T], dy: &[T]) {
        // Y = Y + b in every row
        check_len("db", db, self.outputs);
        let width = self.outputs;
        rows_of("dY", dy, width);
        for_each(
            threads,
            (0..width, rows_mut(db, 1)),
            #[inline(always)]
            |(columns, db)| {
                let db = db.flat();
                db.fill(T::ZERO);
                for dy in rows(dy, width).iter() {
                    for (db, dy) in db.iter_mut().zip(&dy[columns.clone()]) {
                        *db += *dy;
                    }
                }
            },
        );
    }

    fn x<'a, T: Real>(&self, x: &'a [T], rows: usize) -> MatRef<'a, T> {
        MatRef::new(x, rows, self.inputs)
    }

    fn y<'a, T: Real>(&self, y: &'a [T], rows: usize) -> MatRef<'a, T> {
        MatRef::new(y, rows, self.outputs)
    }

    fn w<'a, T: Real>(&self, w: &'a [T]) -> MatRef<'a, T> {
        MatRef::new(w, self.outputs, self.inputs)
    }

    /// R, after a check of all three shapes.
    #[track_caller]
    fn rows<T>(&self, x: &[T], y: &[T], w: &[T]) -> usize {
        let rows = rows_of("X", x, self.inputs);
        check_len("Y", y, rows * self.outputs);
        check_len("W", w, self.outputs * self.inputs);
        rows
    }
}
