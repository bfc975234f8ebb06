//! y ← a x + b y.

use super::same_length;
use crate::parallel::for_each;
use crate::simd::simd;
use crate::{Real, Threads};

/// y ← a x + b y, computed in `f64` and rounded once; with b = 0 the old y is never read.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn axpby<T: Real>(threads: Threads, a: f64, x: &[T], b: f64, y: &mut [T]) {
    same_length(x, y);
    for_each(threads, (x, y), &|(x, y)| {
        if b == 0.0 {
            scaled(a, x, y);
        } else {
            combined(a, x, b, y);
        }
    });
}

simd! {
    fn scaled<T: Real>(a: f64, x: &[T], y: &mut [T]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = T::from_f64(a * x.to_f64());
        }
    }
}

simd! {
    fn combined<T: Real>(a: f64, x: &[T], b: f64, y: &mut [T]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = T::from_f64(a * x.to_f64() + b * y.to_f64());
        }
    }
}
