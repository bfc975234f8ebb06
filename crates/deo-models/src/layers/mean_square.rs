//! The mean squared error, f = 1/n Σ (y − t)² over all n components, dy = 2 (y − t)/n.
//!
//! The mean runs over rows *and* columns, PyTorch's `mse_loss`.

use super::check_len;
use super::parallel::{for_each_component, rows, rows_mut};
use deo_linalg::parallel::reduce;
use deo_linalg::{Real, Threads};

/// f, summed in `f64`; y, t of one length n.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn forward<T: Real>(threads: Threads, y: &[T], t: &[T]) -> f64 {
    check_len("t", t, y.len());
    let leaf = |(y, t): (&[T], &[T])| -> f64 {
        let square = |(y, t): (&T, &T)| (y.to_f64() - t.to_f64()).powi(2);
        y.iter().zip(t).map(square).sum()
    };
    reduce(threads, (y, t), &leaf, &|left, right| left + right) / y.len() as f64
}

/// dy ← 2 (y − t)/n, where `dy` holds y before; of one length n with t.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn backward_in_place<T: Real>(threads: Threads, dy: &mut [T], t: &[T]) {
    // f = 1/n Σ (y − t)²
    check_len("t", t, dy.len());
    let weight = T::from_f64(2.0 / dy.len() as f64);
    let views = (rows_mut(dy, 1), rows(t, 1));
    for_each_component(
        threads,
        views,
        #[inline(always)]
        |(dy, t)| {
            for (dy, t) in dy.flat().iter_mut().zip(t.flat()) {
                *dy = weight * (*dy - *t);
            }
        },
    );
}
