//! Layer normalisation with a gain and without a bias.
//!
//! For every row x of C components, with m and v its mean and variance:
//!
//! ```text
//! s = 1/√(v + ε),   x̂ = s (x − m),   y = w ∘ x̂
//! ```
//!
//! and backwards, with n = w ∘ dy and ⟨·⟩ the mean over a row:
//!
//! ```text
//! dw = Σ_rows dy ∘ x̂,   dx = s (n − ⟨n⟩ − x̂ ⟨n ∘ x̂⟩)
//! ```
//!
//! The forward pass keeps x̂ and s, so x itself may be overwritten: the residual stream is one buffer for all
//! blocks.
//!
//! Reference: Ba, Kiros & Hinton, arXiv 1607.06450.

use super::parallel::{for_each, rows, rows_mut};
use super::sums::{dot, sum, sum_of};
use super::{check_len, rows_of};
use deo_linalg::{Real, Threads};

/// Layer normalisation of rows of `width` components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerNorm {
    /// Components of a row, C.
    pub width: usize,
}

/// What backward needs of the forward pass.
#[derive(Debug, Clone, Default)]
pub struct Normalised<T> {
    /// x̂, R × C.
    pub rows: Vec<T>,
    /// s, R.
    pub scale: Vec<T>,
}

impl<T: Real> Normalised<T> {
    /// Makes room for `rows` rows of `width` components.
    pub fn resize(&mut self, rows: usize, width: usize) {
        self.rows.resize(rows * width, T::ZERO);
        self.scale.resize(rows, T::ZERO);
    }
}

impl LayerNorm {
    /// ε, PyTorch's default.
    pub const EPSILON: f64 = 1e-5;

    /// y ← w ∘ x̂, and x̂ and s.
    ///
    /// y, x: R × C; w: C.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn forward<T: Real>(
        &self,
        threads: Threads,
        y: &mut [T],
        kept: &mut Normalised<T>,
        x: &[T],
        w: &[T],
    ) {
        self.check(x, y, w, kept);
        let width = self.width;
        let inverse = T::from_f64(1.0 / width as f64);
        let epsilon = T::from_f64(Self::EPSILON);
        let views = (
            rows_mut(y, width),
            rows_mut(&mut kept.rows, width),
            rows_mut(&mut kept.scale, 1),
            rows(x, width),
        );
        for_each(
            threads,
            views,
            #[inline(always)]
            |(y, hat, scale, x)| {
                let scales = scale.flat().iter_mut();
                for (((y, hat), scale), x) in y.iter().zip(hat.iter()).zip(scales).zip(x.iter()) {
                    let mean = sum(x) * inverse;
                    let variance = sum_of(x, x, |x, _| (x - mean) * (x - mean)) * inverse;
                    *scale = T::ONE / (variance + epsilon).sqrt();
                    for (((y, hat), x), w) in y.iter_mut().zip(hat).zip(x).zip(w) {
                        *hat = *scale * (*x - mean);
                        *y = *w * *hat;
                    }
                }
            },
        );
    }

    /// dw ← Σ_rows dy ∘ x̂.
    ///
    /// dw: C; dy: R × C.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn backward_gain<T: Real>(
        &self,
        threads: Threads,
        dw: &mut [T],
        dy: &[T],
        kept: &Normalised<T>,
    ) {
        // y = w ∘ x̂
        self.check(dy, dy, dw, kept);
        let width = self.width;
        for_each(
            threads,
            (0..width, rows_mut(dw, 1)),
            #[inline(always)]
            |(columns, dw)| {
                let dw = dw.flat();
                dw.fill(T::ZERO);
                for (dy, hat) in rows(dy, width).iter().zip(rows(&kept.rows, width).iter()) {
                    let (dy, hat) = (&dy[columns.clone()], &hat[columns.clone()]);
                    for ((dw, dy), hat) in dw.iter_mut().zip(dy).zip(hat) {
                        *dw += *dy * *hat;
                    }
                }
            },
        );
    }

    /// dx ← dx + s (n − ⟨n⟩ − x̂ ⟨n ∘ x̂⟩), added because x is read by the skip connection as well.
    ///
    /// dx, dy: R × C; w: C. On return dy holds n.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer.
    #[track_caller]
    pub fn backward_input_add<T: Real>(
        &self,
        threads: Threads,
        dx: &mut [T],
        dy: &mut [T],
        kept: &Normalised<T>,
        w: &[T],
    ) {
        self.check(dx, dy, w, kept);
        let width = self.width;
        let inverse = T::from_f64(1.0 / width as f64);
        let views = (
            rows_mut(dx, width),
            rows_mut(dy, width),
            rows(&kept.rows, width),
            rows(&kept.scale, 1),
        );
        for_each(
            threads,
            views,
            #[inline(always)]
            |(dx, dy, hat, scale)| {
                let scales = scale.flat();
                for (((dx, dy), hat), scale) in dx.iter().zip(dy.iter()).zip(hat.iter()).zip(scales)
                {
                    // y = w ∘ x̂
                    let n = dy;
                    for (n, w) in n.iter_mut().zip(w) {
                        *n *= *w;
                    }
                    // x̂ = s (x − m), where s and m depend on x
                    let mean = sum(n) * inverse;
                    let along = dot(n, hat) * inverse;
                    for ((dx, n), hat) in dx.iter_mut().zip(n.iter()).zip(hat) {
                        *dx += *scale * (*n - mean - *hat * along);
                    }
                }
            },
        );
    }

    #[track_caller]
    fn check<T: Real>(&self, x: &[T], y: &[T], w: &[T], kept: &Normalised<T>) {
        let rows = rows_of("x", x, self.width);
        check_len("y", y, rows * self.width);
        check_len("w", w, self.width);
        check_len("x̂", &kept.rows, rows * self.width);
        check_len("s", &kept.scale, rows);
    }
}
